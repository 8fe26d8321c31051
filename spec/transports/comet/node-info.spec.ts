import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import type { NodeInfo } from '../../../lib/model/node-info.ts';
import { announcedInfo } from '../../../transports/comet/node-info.ts';
import { selfA } from './support.ts';

const local: Endpoint = { protocol: 'tcp', ip: '192.0.2.7', port: 50_000 };

function announcedAs(endpoints: readonly Endpoint[], changes: Partial<NodeInfo> = {}): NodeInfo {
  return announcedInfo({ ...selfA.nodeInfo, ...changes }, { p2pVersion: 9, endpoints }, local);
}

describe('the node info on CometBFT’s wire', () => {
  it.each<[string, readonly Endpoint[], Partial<NodeInfo>, string]>([
    ['of a node that only dials', [], {}, 'tcp://127.0.0.1:0'],
    [
      'of a node that listens on an address',
      [{ protocol: 'tcp', ip: '192.0.2.9', port: 26_656 }],
      {},
      'tcp://192.0.2.9:26656',
    ],
    [
      'of a node that listens everywhere: where this connection ends',
      [{ protocol: 'tcp', ip: '0.0.0.0', port: 26_656 }],
      {},
      'tcp://192.0.2.7:26656',
    ],
    [
      'that the application has set',
      [{ protocol: 'tcp', ip: '192.0.2.9', port: 26_656 }],
      { addresses: ['wss://node.test/p2p', 'tcp://node.test:1'] },
      'tcp://node.test:1',
    ],
  ])('has the listen address %s', (_what, endpoints, changes, address) => {
    expect(announcedAs(endpoints, changes).listenAddress).toBe(address);
  });

  it('has the version of this wire, and no fields that CometBFT does not know', () => {
    const { protocolVersion, features } = announcedAs([], { features: ['pex'] });
    expect([protocolVersion.p2p, features]).toEqual([9, []]);
  });
});
