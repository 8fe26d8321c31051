import { describe, expect, it } from '@jest/globals';
import { Root, Type, Field } from 'rxmesh/protobufjs';
import { fromHex, toHex } from '../../../lib/model/hex.ts';
import { RxmeshError } from '../../../lib/model/error.ts';
import * as comet from '../../../transports/comet/index.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof RxmeshError ? error.code : String(error);
  }
}

describe('the channels of the reactors', () => {
  it('have the ids of CometBFT', () => {
    const { peerExchange, consensusState, consensusData, consensusVotes, voteSetBits } = comet;
    const { mempool, evidence, blockSync, snapshots, snapshotChunks } = comet;
    const ids = [peerExchange, consensusState, consensusData, consensusVotes, voteSetBits].map(
      ({ id }) => id,
    );
    expect(ids).toEqual([0, 0x20, 0x21, 0x22, 0x23]);
    expect([mempool, evidence, blockSync, snapshots, snapshotChunks].map(({ id }) => id)).toEqual([
      0x30, 0x38, 0x40, 0x60, 0x61,
    ]);
  });

  it('read and write a new round step, with a round of -1', () => {
    const { codec } = comet.consensusState;
    const step = {
      kind: 'newRoundStep' as const,
      height: 300,
      round: 0,
      step: 1,
      secondsSinceStartTime: 2,
      lastCommitRound: -1,
    };
    const hex = `0a1208ac021801200228${'ff'.repeat(9)}01`;
    expect(toHex(codec.encode(step))).toBe(hex);
    expect(codec.decode(bytes(hex))).toEqual(step);
  });

  it('read and write a vote', () => {
    const { codec } = comet.consensusVotes;
    const vote: comet.Vote = {
      type: 2,
      height: 5,
      round: 0,
      blockId: {
        hash: Uint8Array.of(1, 2),
        partSetHeader: { total: 1, hash: Uint8Array.of(3) },
      },
      timestamp: { seconds: 1_700_000_000, nanos: 7 },
      validatorAddress: Uint8Array.of(9),
      validatorIndex: 3,
      signature: Uint8Array.of(8),
      extension: new Uint8Array(),
      extensionSignature: new Uint8Array(),
    };
    const hex =
      '32250a23' +
      '0802' +
      '1005' +
      '220b' +
      '0a020102' +
      '12050801' +
      '1201032a08' +
      '0880e2cfaa06' +
      '1007' +
      '320109' +
      '3803' +
      '420108';
    expect(toHex(codec.encode({ kind: 'vote', vote }))).toBe(hex);
    expect(codec.decode(bytes(hex))).toEqual({ kind: 'vote', vote });
  });

  it('agree with protobufjs about bit arrays, which have words of 64 bits', () => {
    const { codec } = comet.consensusData;
    const bits = new Type('Bits').add(new Field('bits', 1, 'int64'));
    bits.add(new Field('elems', 2, 'uint64', 'repeated', undefined, { packed: true }));
    const pol = new Type('Pol').add(new Field('height', 1, 'int64')).add(bits);
    pol.add(new Field('round', 2, 'int32')).add(new Field('bits', 3, 'Bits'));
    const root = new Root().add(new Type('M').add(pol).add(new Field('pol', 4, 'Pol')));
    const type = root.lookupType('M');
    const elems = [0x1234, 0x20000000000000];
    const encoded = type
      .encode({ pol: { height: 5, round: 1, bits: { bits: 70, elems } } })
      .finish();
    const message = {
      kind: 'proposalPol' as const,
      height: 5,
      proposalPolRound: 1,
      proposalPol: { bits: 70, elems: elems.map(BigInt) },
    };
    expect(codec.decode(new Uint8Array(encoded))).toEqual(message);
    expect(toHex(codec.encode(message))).toBe(toHex(new Uint8Array(encoded)));
    const full = { ...message, proposalPol: { bits: 64, elems: [2n ** 64n - 1n] } };
    expect(codec.decode(codec.encode(full))).toEqual(full);
  });

  it('B-34 read and write peer exchange, transactions and block sync', () => {
    const addrs = [{ id: 'ab'.repeat(20), ip: '203.0.113.7', port: 26_656 }];
    const pex = comet.peerExchange.codec;
    expect(toHex(pex.encode({ kind: 'pexRequest' }))).toBe('0a00');
    expect(pex.decode(bytes('0a00'))).toEqual({ kind: 'pexRequest' });
    const told = { kind: 'pexAddrs' as const, addrs };
    expect(pex.decode(pex.encode(told))).toEqual(told);
    const txs = {
      kind: 'txs' as const,
      txs: [Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2)],
    };
    // An empty transaction is a list value, so it is written.
    expect(toHex(comet.mempool.codec.encode(txs))).toBe('0a080a0101' + '0a00' + '0a0102');
    expect(comet.mempool.codec.decode(comet.mempool.codec.encode(txs))).toEqual(txs);
    const request = { kind: 'blockRequest' as const, height: 2 ** 53 - 1 };
    expect(comet.blockSync.codec.decode(comet.blockSync.codec.encode(request))).toEqual(request);
  });

  it('ignore fields they do not know, and of several members take the last', () => {
    const { codec } = comet.blockSync;
    expect(codec.decode(bytes('0a020801' + '78012a04080710032a00'))).toEqual({
      kind: 'statusResponse',
      height: 0,
      base: 0,
    });
  });

  it('refuse what is malformed, unknown, too large or too much', () => {
    const { codec } = comet.consensusState;
    expect(codeOf(() => codec.decode(bytes('0a05')))).toBe('RXMESH_DECODE_FAILED');
    expect(codeOf(() => codec.decode(bytes('5a00')))).toBe('RXMESH_DECODE_FAILED');
    expect(codeOf(() => codec.decode(new Uint8Array()))).toBe('RXMESH_DECODE_FAILED');
    expect(codeOf(() => codec.decode(bytes('0a0908ffffffffffffff7f')))).toBe(
      'RXMESH_DECODE_FAILED',
    );
    const many = new Uint8Array(2 * 131_073 + 5);
    many.fill(0x0a);
    for (let at = 0; at < many.length; at += 2) many[at + 1] = 0;
    const head = bytes('0a82801000'.slice(0, 8));
    const txs = Uint8Array.from([...head, ...many.subarray(0, 2 * 131_073)]);
    expect(codeOf(() => comet.mempool.codec.decode(txs))).toBe('RXMESH_DECODE_FAILED');
    const wrong: { kind: string } = { kind: 'nothing' };
    expect(codeOf(() => codec.encode(wrong as never))).toBe('RXMESH_ENCODE_FAILED');
  });
});

describe('what a message of a peer may become', () => {
  /** Encodes a field of a message: its number, and its bytes. */
  const field = (number: number, bytes: Uint8Array): Uint8Array => {
    const { length } = bytes;
    const varint = [(length & 0x7f) | 0x80, ((length >>> 7) & 0x7f) | 0x80, length >>> 14];
    return Buffer.concat([Uint8Array.of(number * 8 + 2, ...varint), bytes]);
  };
  const repeat = (bytes: Uint8Array | readonly number[], count: number): Uint8Array =>
    Buffer.alloc(bytes.length * count, Uint8Array.from(bytes));

  it('is bounded in all its parts together', () => {
    // Evidence of two votes with 2,000 unknown fields each, which are elements, too.
    const vote = repeat([0x78, 1], 2_000);
    const one = field(1, field(1, Buffer.concat([field(1, vote), field(2, vote)])));
    const few = repeat(one, 32);
    expect(comet.evidence.codec.decode(few).evidence).toHaveLength(32);
    const many = repeat(one, 33);
    expect(() => comet.evidence.codec.decode(many)).toThrow('more than 131072 elements');
  });

  it('is bounded in a list of words', () => {
    const bits = (count: number): Uint8Array => field(9, field(5, field(2, repeat([1], count))));
    expect(() => comet.voteSetBits.codec.decode(bits(131_000))).not.toThrow();
    expect(() => comet.voteSetBits.codec.decode(bits(131_072))).toThrow(
      'more than 131072 elements',
    );
  });

  it.each([
    ['is too long', Uint8Array.of(...repeat([0x80], 10), 1), 'cannot decode'],
    ['is cut off', Uint8Array.of(0x80), 'cannot decode'],
  ])('has no word that %s', (_what, word, text) => {
    const encoded = field(9, field(5, field(2, word)));
    expect(() => comet.voteSetBits.codec.decode(encoded)).toThrow(text);
  });
});
