import { isDeepStrictEqual } from 'node:util';
import { formatNodeAddress } from '../../../lib/model/address.ts';
import { Identity } from '../../../lib/model/identity.ts';
import { addressesIn, type NodeInfo, validateNodeInfo } from '../../../lib/model/node-info.ts';
import { decodeNodeInfo, encodeNodeInfo } from '../../../lib/secure/node-info-codec.ts';
import { selfA, selfB } from '../../../spec/support/secure.ts';
import { bytesOf, joined, varint } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, type Target } from '../target.ts';

const listenAddresses = [
  '',
  'host:1',
  '[::1]:70000',
  'tcp://0.0.0.0:26656',
  'memory:',
  'ws://[fe80::1%25eth0]:80/a?b#c',
  '://x',
  'ws://$&@h',
] as const;

/** The bytes of a node info, usually well formed, then mutated. */
export function nodeInfoBytes(random: Random): Uint8Array {
  const listenAddress = random.pick(listenAddresses);
  const channels = random.list(0, random.once(9) ? 20 : 4, () => random.below(70_000));
  const addresses = random.list(0, random.once(9) ? 10 : 3, () => random.pick(listenAddresses));
  const { nodeInfo } = random.pick([selfA, selfB]);
  const info: NodeInfo = { ...nodeInfo, listenAddress, channels, addresses };
  const bytes = encodeNodeInfo(info);
  if (random.once(3)) return bytes;
  // Repeat a field, or add an unknown one.
  const value = random.once(2)
    ? bytesOf(random.pick(['', 'on', ' ', '\u00fc', '\ufeff']))
    : varint(random.number());
  const tag = varint(random.below(90), random.once(20) ? 1 : 0);
  const field = joined([tag, varint(value.length), value]);
  return mutate(joined([bytes, field]), random, encodeNodeInfo(selfB.nodeInfo));
}

const peer = Identity.fromSeed(new Uint8Array(32)).id;

/** The node info that a peer sends, after its signature has been verified. */
export const nodeInfos: Target = {
  name: 'node-infos',
  share: 10,
  generate: nodeInfoBytes,
  check(input) {
    const decoded = attempt(() => decodeNodeInfo(input, peer), ['RXMESH_HANDSHAKE_FAILED']);
    if ('code' in decoded) return decoded.code;
    const info = decoded.value;
    const encoded = attempt(() => encodeNodeInfo(info), ['RXMESH_NODE_INFO_INVALID']);
    if ('code' in encoded) return `${encoded.code} when written`;
    const isSame = isDeepStrictEqual(decodeNodeInfo(encoded.value, peer), info);
    expectThat(isSame, 'a node info is written as another');
    const valid = attempt(() => validateNodeInfo(info), ['RXMESH_NODE_INFO_INVALID']);
    if ('code' in valid) return valid.code;
    const addresses = addressesIn(info);
    for (const address of addresses) {
      const text = formatNodeAddress(address);
      expectThat(address.id === info.nodeId, `the address ${text} is of another node`);
    }
    return addresses.length === 0 ? 'value without address' : 'value';
  },
};
