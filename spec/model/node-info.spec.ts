import { describe, expect, it } from '@jest/globals';
import { formatNodeAddress } from '../../lib/model/address.ts';
import { parseNodeId } from '../../lib/model/id.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import {
  addressesIn,
  checkCompatible,
  formatListenAddress,
  type NodeInfo,
  validateNodeInfo,
} from '../../lib/model/node-info.ts';

const id = parseNodeId('045f5600654182cfeaccfe6cb19f0642e8a59898');
const info: NodeInfo = {
  protocolVersion: { p2p: 8, block: 11, app: 0 },
  nodeId: id,
  listenAddress: '0.0.0.0:26656',
  network: 'testing',
  version: '1.2.3-rc0.0',
  channels: [1, 2],
  moniker: 'hey its me',
  other: { txIndex: 'on', rpcAddress: '0.0.0.0:26657' },
  features: [],
  addresses: [],
};
const range = (length: number) => Array.from({ length }, (_, i) => i);
const faulty = (fault: string) =>
  expect.objectContaining({
    code: 'RXMESH_NODE_INFO_INVALID',
    message: expect.stringContaining(fault),
  });
const accepts = (part: Partial<NodeInfo>) => {
  expect(() => validateNodeInfo({ ...info, ...part })).not.toThrow();
};
const refuses = (part: Partial<NodeInfo>, fault: string) => {
  expect(() => validateNodeInfo({ ...info, ...part })).toThrow(faulty(fault));
};

const nonAscii = '¢§µ';
const [tab, space] = ['\t', ' '];

describe('node info', () => {
  it('NI-01 that is empty is invalid', () => {
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
    expect(() => validateNodeInfo(empty)).toThrow(faulty('nodeId'));
    expect(() => validateNodeInfo({ ...empty, nodeId: id })).toThrow(faulty('moniker'));
    accepts({ ...empty, nodeId: id, moniker: 'x' });
  });

  it('NI-01 with 16 channels is valid', () => {
    accepts({ channels: range(16) });
  });

  it('NI-02 has at most 16 channels, each once, each a uint16', () => {
    accepts({ channels: range(5) });
    accepts({ channels: [0, 0xffff] });
    refuses({ channels: range(17) }, 'channels: 17');
    refuses({ channels: [...range(5), 4] }, 'channels: 4 comes twice');
    for (const channel of [-1, 0x1_0000, 1.5, NaN]) {
      refuses({ channels: [channel] }, `channels: ${channel}`);
    }
  });

  it.each([
    '',
    '0.0.0.0:26656',
    '[::]:26656',
    'localhost:0',
    'tcp://0.0.0.0:26656',
    'wss://example.org/path',
    `memory:${id}`,
  ])('NI-03 has listen address %j', (listenAddress) => {
    accepts({ listenAddress });
  });

  it.each([
    'not-an-address',
    '0.0.0.0',
    ':26656',
    '0.0.0.0:65536',
    '0.0.0.0:26656/path',
    `${id}@0.0.0.0:26656`,
    'tcp://:26656',
    'tcp://foo@0.0.0.0:26656',
    'memory:foo',
    `memory:${'f'.repeat(40)}`,
    `localhost${nonAscii}:26656`,
    `${'a.'.repeat(125)}example:26656`,
  ])('NI-03 has not listen address %j', (listenAddress) => {
    refuses({ listenAddress }, 'listenAddress');
  });

  it('NI-04 has a version in ASCII, or none', () => {
    accepts({ version: '' });
    for (const version of [nonAscii, tab, space, '   ', '1\n']) refuses({ version }, 'version');
  });

  it('NI-05 has a moniker in ASCII', () => {
    accepts({ moniker: 'hey its me' });
    for (const moniker of ['', nonAscii, tab, space]) refuses({ moniker }, 'moniker');
  });

  it('NI-06 has its transactions indexed or not', () => {
    for (const txIndex of ['', 'on', 'off']) accepts({ other: { txIndex, rpcAddress: '' } });
    for (const txIndex of [nonAscii, tab, space, 'On', 'maybe']) {
      refuses({ other: { txIndex, rpcAddress: '' } }, 'other.txIndex');
    }
  });

  it('NI-07 has an RPC address in ASCII, or none', () => {
    for (const rpcAddress of ['', '0.0.0.0:26657']) accepts({ other: { txIndex: '', rpcAddress } });
    for (const rpcAddress of [nonAscii, tab, space]) {
      refuses({ other: { txIndex: '', rpcAddress } }, 'other.rpcAddress');
    }
  });

  it('has texts of at most 256 bytes', () => {
    const [fits, long] = ['a'.repeat(256), 'a'.repeat(257)];
    accepts({ network: fits, version: fits, moniker: fits, features: [fits] });
    refuses({ network: long }, 'network');
    refuses({ version: long }, 'version');
    refuses({ moniker: long }, 'moniker');
    refuses({ features: [long] }, 'features');
    refuses({ other: { txIndex: '', rpcAddress: long } }, 'other.rpcAddress');
    refuses({ network: nonAscii }, 'network');
  });

  it('has at most 16 features, each with a name', () => {
    accepts({ features: range(16).map(String) });
    refuses({ features: range(17).map(String) }, 'features: 17');
    refuses({ features: ['one', ''] }, 'features');
    refuses({ features: [nonAscii] }, 'features');
  });

  it('has at most 8 addresses of its own, written like the listen address', () => {
    accepts({ addresses: range(8).map((n) => `ws://192.0.2.${n}:1`) });
    refuses({ addresses: range(9).map((n) => `ws://192.0.2.${n}:1`) }, 'addresses: 9');
    for (const wrong of ['', 'nonsense', `memory:${'f'.repeat(40)}`, `ws://${id}@host`, nonAscii]) {
      refuses({ addresses: ['host:1', wrong] }, 'addresses');
    }
    refuses({ addresses: [`ws://host/${'a'.repeat(247)}`] }, 'addresses');
  });

  it('has addresses, each once, and the listen address as the first', () => {
    const addresses = ['wss://b.test/p2p', '192.0.2.1:1', 'ws://192.0.2.1:1', `memory:${id}`];
    const found = addressesIn({ ...info, listenAddress: '192.0.2.1:1', addresses });
    expect(found.map(formatNodeAddress)).toEqual([
      `ws://${id}@192.0.2.1:1`,
      `wss://${id}@b.test/p2p`,
      `memory:${id}`,
    ]);
    expect(found.map(formatListenAddress)).toEqual([
      'ws://192.0.2.1:1',
      'wss://b.test/p2p',
      `memory:${id}`,
    ]);
  });

  it.each([-1, 0.5, NaN, 2 ** 53])('has no protocol version %d', (version) => {
    for (const name of ['p2p', 'block', 'app']) {
      refuses(
        { protocolVersion: { ...info.protocolVersion, [name]: version } },
        `protocolVersion.${name}`,
      );
    }
  });

  it('is refused with the id of who sent it', () => {
    expect(() => validateNodeInfo({ ...info, moniker: '' })).toThrow(
      expect.objectContaining({ peer: id }),
    );
    refuses({ nodeId: uncheckedNodeId(id.toUpperCase()) }, 'nodeId');
  });
});

describe('compatibility', () => {
  const theirId = parseNodeId('f'.repeat(40));
  const theirs: NodeInfo = { ...info, nodeId: theirId };
  const fits = (ours: Partial<NodeInfo>, other: Partial<NodeInfo>) => {
    expect(() => checkCompatible({ ...info, ...ours }, { ...theirs, ...other })).not.toThrow();
    expect(() => checkCompatible({ ...theirs, ...other }, { ...info, ...ours })).not.toThrow();
  };
  const differs = (other: Partial<NodeInfo>, ...faults: readonly string[]) => {
    for (const fault of faults) {
      const incompatible = { code: 'RXMESH_INCOMPATIBLE', message: expect.stringContaining(fault) };
      expect(() => checkCompatible(info, { ...theirs, ...other })).toThrow(
        expect.objectContaining({ ...incompatible, peer: theirId }),
      );
      expect(() => checkCompatible({ ...theirs, ...other }, info)).toThrow(
        expect.objectContaining({ ...incompatible, peer: id }),
      );
    }
  };

  it('NI-08 needs the same block version and network, and a common channel', () => {
    fits({}, {});
    fits({ channels: [1] }, { channels: [2, 1] });
    fits({}, { protocolVersion: { p2p: 1, block: 11, app: 9 }, version: '', moniker: 'x' });
  });

  it('NI-08 does not look at channels that one side has not told', () => {
    fits({ channels: [] }, { channels: [1] });
    fits({ channels: [] }, { channels: [] });
  });

  it('NI-08 says what differs', () => {
    differs(
      { protocolVersion: { ...info.protocolVersion, block: 12 } },
      'block version',
      '11',
      '12',
    );
    differs({ network: 'other' }, '"other"', '"testing"');
    differs({ channels: [3, 4] }, '3, 4', '1, 2');
  });
});
