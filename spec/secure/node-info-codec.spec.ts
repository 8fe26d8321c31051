import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import { decodeNodeInfo, encodeNodeInfo } from '../../lib/secure/node-info-codec.ts';

const somebody = uncheckedNodeId('somebody');
const info: NodeInfo = {
  protocolVersion: { p2p: 8, block: 11, app: 300 },
  nodeId: uncheckedNodeId('id'),
  listenAddress: 'l',
  network: 'n',
  version: 'v',
  channels: [0x10, 0x1234],
  moniker: 'm',
  other: { txIndex: 'on', rpcAddress: 'r' },
  features: ['f', 'gh'],
  addresses: ['a:1', 'ws://b'],
};
const infoHex =
  '0a070808100b18ac02' + // versions
  '12026964' +
  '1a016c' +
  '22016e' +
  '2a0176' +
  '320310b424' + // channels, packed
  '3a016d' +
  '42070a026f6e120172' +
  '4a0166' +
  '4a026768' +
  '5203613a31' +
  '520677733a2f2f62';
const empty: NodeInfo = {
  protocolVersion: { p2p: 0, block: 0, app: 0 },
  nodeId: uncheckedNodeId(''),
  listenAddress: '',
  network: '',
  version: '',
  channels: [],
  moniker: '',
  other: { txIndex: '', rpcAddress: '' },
  features: [],
  addresses: [],
};

function decode(hex: string): NodeInfo {
  return decodeNodeInfo(fromHex(hex) ?? new Uint8Array(), somebody);
}

const failed = expect.objectContaining({
  code: 'RXMESH_HANDSHAKE_FAILED',
  peer: somebody,
});

describe('encodeNodeInfo', () => {
  it('writes protobuf, with the numbers of CometBFT where it has the field', () =>
    expect(toHex(encodeNodeInfo(info))).toBe(infoHex));

  it('writes a channel that is too large as it is, so that the other side refuses it', () => {
    const channels = [7 + 2 ** 32, Number.MAX_SAFE_INTEGER];
    const bytes = encodeNodeInfo({ ...info, channels });
    expect(decodeNodeInfo(bytes, info.nodeId).channels).toEqual(channels);
  });

  it('is a plain array of bytes', () => expect(encodeNodeInfo(info).constructor).toBe(Uint8Array));

  it('refuses more than 10,240 bytes', () =>
    expect(() => encodeNodeInfo({ ...info, moniker: 'm'.repeat(10_240) })).toThrow(
      expect.objectContaining({ code: 'RXMESH_NODE_INFO_INVALID' }),
    ));
});

describe('decodeNodeInfo', () => {
  it('reads what was written', () => expect(decode(infoHex)).toEqual(info));

  it('takes what is missing for zero or empty', () => expect(decode('')).toEqual(empty));

  it('skips unknown fields of every wire type', () => {
    const unknown = '5801' + '590102030405060708' + '5a021234' + '5d01020304';
    expect(decode(unknown + infoHex + '58ffffffffffffffffff01')).toEqual(info);
  });

  it('reads channels that are not packed', () =>
    expect(decode('301030b424')).toEqual({ ...empty, channels: [0x10, 0x1234] }));

  it('reads numbers up to 2^53 - 1', () => {
    const app = Number.MAX_SAFE_INTEGER;
    const large = { ...info, protocolVersion: { p2p: 0, block: 2 ** 40, app } };
    expect(decodeNodeInfo(encodeNodeInfo(large), somebody)).toEqual(large);
  });

  it.each([
    ['cut off', infoHex.slice(0, -2)],
    ['a length behind the end', '12ff01'],
    ['a number above 2^53', '0a0a08ffffffffffffffffff01'],
    ['a varint without end', '30ffffffffffffffffffffff'],
    ['text that is not UTF-8', '3a01ff'],
    ['field number zero', '0000'],
    ['an unknown wire type', '57'],
    ['the end of a group without its start', '5c'],
    ['a group', '5b08015c'],
    ['S-05 a field of a wrong type', '1001'],
    ['S-05 a field of a wrong type in a version', '0a050d00000000'],
    ['S-05 a field of a wrong type in `other`', '42020801'],
    ['S-05 a tag that is too long', '9200' + '0161'],
    ['S-05 a length that is too long', '12' + '8100' + '61'],
    ['S-05 a length of a message that is too long', '0a' + '8200' + '0801'],
    ['S-05 a number that is too long', '0a03' + '088100'],
    ['S-05 a channel that is too long', '3002' + '308200'],
    ['S-05 a packed channel that is too long', '3203' + '018200'],
    ['S-05 an unknown number that is too long', '588100'],
    ['S-05 an address that is a number', '5001'],
    ['a field number above 2^29 - 1', '8080808010' + '01'],
    ['10,000 open groups', '5b'.repeat(10_000)],
    ['more than 10,240 bytes', '3a0100'.repeat(3_414)],
  ])('refuses %s', (_, hex) => expect(() => decode(hex)).toThrow(failed));

  it('answers any garbage with a value or its one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          expect(decodeNodeInfo(bytes, somebody).channels).toBeInstanceOf(Array);
        } catch (thrown) {
          expect(thrown).toEqual(failed);
        }
      }),
    );
  });
});
