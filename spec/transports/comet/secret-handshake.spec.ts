import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fromHex, toHex } from '../../../lib/model/hex.ts';
import { Identity } from '../../../lib/model/identity.ts';
import { RxmeshError } from '../../../lib/model/error.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { SecretHandshake } from '../../../transports/comet/secret-handshake.ts';
import { SocketPair, type Tamper } from '../../support/frame-socket-pair.ts';
import { seeds } from '../../support/secure.ts';
import { linkOf, type Outcome, selfA, selfB, selfWith, shake } from './support.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/secret-connection-vectors.json', import.meta.url), 'utf8'),
) as {
  b: { ephemeralPublic: string };
  aFirstWireBytes: string;
  aFirstSealedFrameSha256: string;
  aFirstSealedFrameHead64: string;
  aFirstSealedFrameTag: string;
};

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array();
}

/** Runs both sides. */
function handshakes(
  tamper: { fromDialer?: Tamper; fromListener?: Tamper } = {},
  self = { dialer: selfA, listener: selfB },
): { dialer: Outcome; listener: Outcome; pair: SocketPair } {
  const [pair, clock] = [new SocketPair(), new VirtualClock()];
  Object.assign(pair, tamper);
  const expected = selfB.identity.id;
  const dialer = shake(pair.dialer, self.dialer, clock, { expected });
  const listener = shake(pair.listener, self.listener, clock);
  pair.settle();
  return { dialer, listener, pair };
}

/** Passes on the nth frame changed, and all others as they are. */
function nth(at: number, change: (frame: Uint8Array) => readonly Uint8Array[]): Tamper {
  let count = 0;
  return (frame) => (count++ === at ? change(frame) : [frame]);
}

function codeOf({ error }: Outcome): string {
  return error instanceof RxmeshError ? error.code : String(error);
}

const split: Tamper = (frame) => {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < frame.length; at += 7) pieces.push(frame.slice(at, at + 7));
  return pieces;
};

describe('the secret handshake', () => {
  it('writes the bytes of the vector', () => {
    const handshake = new SecretHandshake({
      self: selfA,
      direction: 'inbound',
      ephemeralSeed: seeds.a.ephemeral,
    });
    expect(toHex(handshake.first)).toBe(vectors.aFirstWireBytes);
    const { send = new Uint8Array() } = handshake.take(bytes(`220a20${vectors.b.ephemeralPublic}`));
    expect(send).toHaveLength(1044);
    expect(toHex(send.subarray(0, 64))).toBe(vectors.aFirstSealedFrameHead64);
    expect(toHex(send.subarray(1028))).toBe(vectors.aFirstSealedFrameTag);
    expect(createHash('sha256').update(send).digest('hex')).toBe(vectors.aFirstSealedFrameSha256);
  });

  it.each([['whole', undefined] as const, ['in pieces of 7 bytes', split] as const])(
    'SC-01 completes both ways, %s',
    (_how, tamper) => {
      const cut = tamper && { fromDialer: tamper, fromListener: tamper };
      const { dialer, listener } = handshakes(cut);
      expect(linkOf(dialer).publicKey).toEqual(selfB.identity.publicKey);
      expect(linkOf(listener).publicKey).toEqual(selfA.identity.publicKey);
      expect(linkOf(listener).nodeInfo).toEqual({
        ...selfA.nodeInfo,
        protocolVersion: { p2p: 8, block: 11, app: 0 },
        listenAddress: 'tcp://127.0.0.1:0',
      });
    },
  );

  it('a dialer reveals itself only when the listener has proved to be the one it dialed', () => {
    const { pair, dialer, listener } = handshakes(
      {},
      { dialer: selfA, listener: selfWith(new Uint8Array(32).fill(9)) },
    );
    expect(codeOf(dialer)).toBe('RXMESH_IDENTITY_MISMATCH');
    expect(pair.dialer.sent.map(({ length }) => length)).toEqual([35]);
    expect(codeOf(listener)).toBe('RXMESH_CONNECTION_CLOSED');
  });

  it('SC-04 a peer that withholds its key, or its proof, ends as a closed connection', () => {
    for (const frame of [0, 1]) {
      const [pair, clock] = [new SocketPair(), new VirtualClock()];
      const outcome = shake(pair.listener, selfB, clock);
      const peer = new SecretHandshake({ self: selfA, direction: 'outbound' });
      if (frame === 1) pair.dialer.send(peer.first);
      pair.settle();
      pair.dialer.close();
      pair.settle();
      expect(codeOf(outcome)).toBe('RXMESH_CONNECTION_CLOSED');
    }
  });

  it.each([
    ['begins otherwise', () => [Uint8Array.of(0x16, 3, 1)]],
    ['sends a key of low order', (key: Uint8Array) => [key.map((byte, at) => (at < 3 ? byte : 0))]],
  ])('SC-04 a peer that %s fails the handshake', (_what, change) => {
    const { dialer, listener } = handshakes({ fromDialer: nth(0, change) });
    expect(codeOf(listener)).toBe('RXMESH_HANDSHAKE_FAILED');
    expect(codeOf(dialer)).toBe('RXMESH_CONNECTION_CLOSED');
  });

  it('SC-04 a proof that was changed on the way does not open', () => {
    const flip = (frame: Uint8Array): Uint8Array[] => [frame.map((byte, at) => byte ^ +(at === 9))];
    const { listener } = handshakes({ fromDialer: nth(1, flip) });
    expect(codeOf(listener)).toBe('RXMESH_RECORD_INVALID');
  });

  it('SC-04 a peer with the proof of another connection fails the handshake', () => {
    // The evil peer relays the proof of a, made for another key exchange, in its own records.
    const evil = selfWith(seeds.a.identity);
    const forged = Object.create(evil.identity) as Identity;
    Object.defineProperty(forged, Symbol.for('rxmesh.handshakeSigner'), {
      value: () => new Uint8Array(64).fill(7),
    });
    const dialer = { identity: forged, nodeInfo: evil.nodeInfo };
    const { listener } = handshakes({}, { dialer, listener: selfB });
    expect(codeOf(listener)).toBe('RXMESH_HANDSHAKE_FAILED');
    expect(String(listener.error)).toContain('has not proved that it owns its key');
  });

  it.each([
    [
      'of another node',
      { nodeId: selfB.identity.id },
      'RXMESH_IDENTITY_MISMATCH',
      'says otherwise',
    ],
    ['without a moniker', { moniker: '' }, 'RXMESH_HANDSHAKE_FAILED', 'is not valid'],
    ['that breaks a rule', { channels: [1, 1] }, 'RXMESH_HANDSHAKE_FAILED', 'is not valid'],
  ])('SC-04 a peer with a node info %s fails the handshake', (_what, changes, code, text) => {
    const dialer = selfWith(seeds.a.identity, changes);
    const { listener } = handshakes({}, { dialer, listener: selfB });
    expect(codeOf(listener)).toBe(code);
    expect(listener.error).toMatchObject({ peer: selfA.identity.id });
    expect(String(listener.error)).toContain(text);
  });

  it('a node that reaches itself says so', () => {
    const { listener } = handshakes({}, { dialer: selfB, listener: selfB });
    expect(codeOf(listener)).toBe('RXMESH_CONNECTION_CLOSED');
    const [pair, clock] = [new SocketPair(), new VirtualClock()];
    const own = shake(pair.dialer, selfA, clock);
    shake(pair.listener, selfA, clock);
    pair.settle();
    expect(codeOf(own)).toBe('RXMESH_SELF_CONNECTION');
  });

  it('a peer that echoes our key fails the handshake', () => {
    const [pair, clock] = [new SocketPair(), new VirtualClock()];
    const outcome = shake(pair.dialer, selfA, clock);
    pair.dialer.arrive(pair.dialer.sent[0] ?? new Uint8Array());
    expect(String(outcome.error)).toContain('the other side sent our own key back');
  });

  it('a node without a channel below 0x80 says what to do', () => {
    const bare = selfWith(seeds.a.identity, { channels: [0x80, 0x1234] });
    const { dialer } = handshakes({}, { dialer: bare, listener: selfB });
    expect(codeOf(dialer)).toBe('RXMESH_HANDSHAKE_FAILED');
    expect(String(dialer.error)).toContain('open channels with ids below 0x80');
  });

  it('channels from 0x80 on are not announced', () => {
    const self = selfWith(seeds.a.identity, { channels: [0x7f, 0x80, 0x1234] });
    const { listener } = handshakes({}, { dialer: self, listener: selfB });
    expect(linkOf(listener).nodeInfo.channels).toEqual([0x7f]);
  });
});
