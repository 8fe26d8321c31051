import { describe, expect, it } from '@jest/globals';
import { validateNodeInfo } from '../../lib/model/node-info.ts';
import { selfOf } from '../../lib/transport/self.ts';
import { identityOf } from '../support/mock-node.ts';

const identity = identityOf(1);

describe('selfOf', () => {
  it.each([
    '',
    '127.0.0.1:4000',
    'ws://127.0.0.1:4000/p2p',
    `ws://127.0.0.1:4000/${'a'.repeat(230)}`,
  ])('tells where the node listens: %p', (listenAddress) => {
    const { nodeInfo } = selfOf({ identity, network: 'demo', listenAddress });
    expect(nodeInfo.listenAddress).toBe(listenAddress);
    expect(() => validateNodeInfo(nodeInfo)).not.toThrow();
  });

  it.each([`ws://127.0.0.1:4000/${'a'.repeat(240)}`, 'not an address'])(
    'leaves out what would make every peer refuse it: %p',
    (listenAddress) => {
      const { nodeInfo } = selfOf({ identity, network: 'demo', listenAddress });
      expect(nodeInfo.listenAddress).toBe('');
      expect(() => validateNodeInfo(nodeInfo)).not.toThrow();
    },
  );

  it.each([
    ...['0.0.0.0:4000', '[::]:4000', 'ws://0.0.0.0:4000', 'wss://[::]:4000/p2p', 'ws://[::0]'],
    ...['[fe80::1%25eth0]:4000', 'ws://[fe80::1%eth0]:4000', '[::ffff:0.0.0.0]:4000'],
  ])('L-39 does not tell what nobody else can dial: %s', (listenAddress) => {
    expect(selfOf({ identity, network: 'demo', listenAddress }).nodeInfo.listenAddress).toBe('');
  });

  it.each(['[fe80::1]:4000', 'mesh.test:4000', `memory:${identity.id}`])(
    'L-39 tells what others may: %s',
    (listenAddress) => {
      const { nodeInfo } = selfOf({ identity, network: 'demo', listenAddress });
      expect(nodeInfo.listenAddress).toBe(listenAddress);
    },
  );

  it('leaves out channels when there are more than a node info may name', () => {
    const channels = Array.from({ length: 17 }, (_, id) => id);
    expect(selfOf({ identity, network: 'demo', channels }).nodeInfo.channels).toEqual([]);
    const few = channels.slice(1);
    expect(selfOf({ identity, network: 'demo', channels: few }).nodeInfo.channels).toEqual(few);
  });
});
