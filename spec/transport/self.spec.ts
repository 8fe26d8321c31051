import { describe, expect, it } from '@jest/globals';
import { validateNodeInfo } from '../../lib/model/node-info.ts';
import { selfOf } from '../../lib/transport/self.ts';
import { identityOf } from '../support/mock-node.ts';

const identity = identityOf(1);

describe('selfOf', () => {
  it.each(['127.0.0.1:4000', 'ws://127.0.0.1:4000/p2p', `ws://127.0.0.1:4000/${'a'.repeat(230)}`])(
    'tells where the node listens: %p',
    (address) => {
      const { nodeInfo } = selfOf({ identity, network: 'demo', addresses: [address] });
      expect(nodeInfo.addresses).toEqual([address]);
      expect(nodeInfo.listenAddress).toBe(address);
      expect(() => validateNodeInfo(nodeInfo)).not.toThrow();
    },
  );

  it.each([`ws://127.0.0.1:4000/${'a'.repeat(240)}`, 'not an address'])(
    'leaves out what would make every peer refuse it: %p',
    (address) => {
      const { nodeInfo } = selfOf({ identity, network: 'demo', addresses: [address] });
      expect(nodeInfo).toMatchObject({ listenAddress: '', addresses: [] });
      expect(() => validateNodeInfo(nodeInfo)).not.toThrow();
    },
  );

  it.each([
    ...['0.0.0.0:4000', '[::]:4000', 'ws://0.0.0.0:4000', 'wss://[::]:4000/p2p', 'ws://[::0]'],
    ...['[fe80::1%25eth0]:4000', 'ws://[fe80::1%eth0]:4000', '[::ffff:0.0.0.0]:4000'],
    ...['[fe80::1]:4000', '255.255.255.255:4000', `memory:${identityOf(2).id}`],
  ])('L-39 does not tell what nobody else can dial: %s', (address) => {
    const { nodeInfo } = selfOf({ identity, network: 'demo', addresses: [address] });
    expect(nodeInfo).toMatchObject({ listenAddress: '', addresses: [] });
  });

  it.each(['[fd00::1]:4000', 'mesh.test:4000', `memory:${identity.id}`])(
    'L-39 tells what others may: %s',
    (address) => {
      const { nodeInfo } = selfOf({ identity, network: 'demo', addresses: [address] });
      expect(nodeInfo.addresses).toEqual([address]);
    },
  );

  it('tells the first 8 addresses, and the first of them as its listen address', () => {
    const addresses = Array.from({ length: 9 }, (_, n) => `192.0.2.${n}:4000`);
    const { nodeInfo } = selfOf({ identity, network: 'demo', addresses: ['[::]:1', ...addresses] });
    expect(nodeInfo.addresses).toEqual(addresses.slice(0, 8));
    expect(nodeInfo.listenAddress).toBe(addresses[0]);
    expect(() => validateNodeInfo(nodeInfo)).not.toThrow();
  });

  it('leaves out channels when there are more than a node info may name', () => {
    const channels = Array.from({ length: 17 }, (_, id) => id);
    expect(selfOf({ identity, network: 'demo', channels }).nodeInfo.channels).toEqual([]);
    const few = channels.slice(1);
    expect(selfOf({ identity, network: 'demo', channels: few }).nodeInfo.channels).toEqual(few);
  });
});
