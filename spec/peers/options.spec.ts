import { describe, expect, it } from '@jest/globals';
import { formatNodeAddress } from '../../lib/model/address.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { checkPeerOptions, toNodeAddress, type PeerOptions } from '../../lib/peers/options.ts';
import { at, codeOf, id, self } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

function problemsOf(options: PeerOptions, node = self): string[] {
  const problems: string[] = [];
  checkPeerOptions(node, options, problems);
  return problems;
}

describe('checkPeerOptions', () => {
  it('PM-01 accepts empty options and fills in the defaults', () => {
    const problems: string[] = [];
    expect(checkPeerOptions(self, {}, problems)).toEqual({
      banHosts: false,
      maxConnected: 32,
      maxInbound: 32,
      maxInboundPerHost: 16,
      maxOutbound: 32,
      wanted: 16,
      reserved: 16,
      maxUpgrading: 4,
      maxDialing: 8,
      maxPeers: 1000,
      retryMinMs: 250,
      retryMaxMs: 1_800_000,
      retryMaxPersistentMs: 300_000,
      retryJitterMs: 5000,
      disconnectCooldownMs: 2000,
      incompatibleMs: 3_600_000,
      addressExpiryMs: 604_800_000,
      banMs: 3_600_000,
      scoreHalfLifeMs: 3_600_000,
      disconnectScore: -50,
      banScore: -100,
      persistent: [],
      addresses: [],
      unconditional: new Set(),
      private: new Set(),
      rank: undefined,
    });
    expect(problems).toEqual([]);
  });

  it('PM-02 accepts a valid persistent address and rejects a malformed one', () => {
    expect(problemsOf({ persistent: [formatNodeAddress(at('a'))] })).toEqual([]);
    expect(problemsOf({ persistent: ['ws://nobody@host:1'] })).toEqual([
      expect.stringContaining('persistent: '),
    ]);
  });

  it('PM-03 accepts up to maxConnected persistent peers, counted as peers', () => {
    const persistent = [at('a'), at('b'), at('b', 'elsewhere')];
    expect(problemsOf({ persistent, maxConnected: 2 })).toEqual([]);
    expect(problemsOf({ persistent, maxConnected: 1 })).toEqual([
      'persistent must name at most maxConnected (1) peers, got 2',
    ]);
  });

  it('PM-04 rejects a maxPeers below maxConnected and accepts equal ones', () => {
    expect(problemsOf({ maxPeers: 4, maxConnected: 4 })).toEqual([]);
    expect(problemsOf({ maxPeers: 3, maxConnected: 4 })).toEqual([
      'maxPeers must be at least maxConnected (4), got 3',
    ]);
    expect(problemsOf({ maxConnected: 5000 })).toEqual([]);
  });

  it('PM-04 leaves room in maxPeers for peers that replace others', () => {
    expect(problemsOf({ maxPeers: 5, maxConnected: 4, maxUpgrading: 1 })).toEqual([]);
    expect(problemsOf({ maxPeers: 4, maxConnected: 4, maxUpgrading: 1 })).toEqual([
      'maxPeers must be at least maxConnected (4) and maxUpgrading (1) together, got 4',
    ]);
    const problems: string[] = [];
    const { maxUpgrading } = checkPeerOptions(self, { maxPeers: 6, maxConnected: 4 }, problems);
    expect([maxUpgrading, problems]).toEqual([2, []]);
  });

  it('PM-04 rejects a maxPeers below the default maxConnected', () => {
    expect(problemsOf({ maxPeers: 20 })).toEqual([
      'maxPeers must be at least maxConnected (32), got 20',
    ]);
  });

  it('PM-05 rejects a retryMaxMs without retries', () => {
    expect(problemsOf({ retryMinMs: 0, retryMaxMs: 9 })).toEqual([
      'retryMaxMs needs a retryMinMs above 0, got 9 with 0',
    ]);
    expect(problemsOf({ retryMinMs: 0 })).toEqual([]);
  });

  it('PM-06 accepts a retryMaxPersistentMs when other peers are not retried', () => {
    expect(problemsOf({ retryMinMs: 0, retryMaxPersistentMs: 9 })).toEqual([]);
  });

  it('B-12 rejects other limits above maxConnected', () => {
    expect(problemsOf({ maxInbound: 5, reserved: 6, maxConnected: 4 })).toEqual([
      'maxConnected must be at least maxInbound (5), got 4',
      'maxConnected must be at least reserved (6), got 4',
    ]);
    expect(problemsOf({ reserved: 0, maxUpgrading: 0 })).toEqual([]);
  });

  it('rejects scores that are invalid or in the wrong order', () => {
    expect(problemsOf({ disconnectScore: 0, banScore: -1.5 })).toEqual([
      'disconnectScore must be an integer from -32767 to -1, got 0',
      'banScore must be an integer from -32767 to -1, got -1.5',
    ]);
    expect(problemsOf({ disconnectScore: -200 })).toEqual([
      'disconnectScore must be at least banScore (-100), got -200',
    ]);
  });

  it('accepts the ids of unconditional and private peers and rejects anything else', () => {
    expect(problemsOf({ unconditional: [id('a')], private: [id('b')] })).toEqual([]);
    expect(
      problemsOf({ unconditional: [uncheckedNodeId('someone')], private: 'all' as never }),
    ).toEqual([
      'unconditional has "someone", not a node ID',
      'private must be an array of node IDs, got "all"',
    ]);
    expect(problemsOf({ rank: 1 as never })).toEqual(['rank must be a function, got 1']);
  });

  it('PM-05 rejects a retryMaxMs below retryMinMs and accepts equal ones', () => {
    expect(problemsOf({ retryMinMs: 9, retryMaxMs: 9 })).toEqual([]);
    expect(problemsOf({ retryMinMs: 9, retryMaxMs: 8 })).toEqual([
      'retryMaxMs must be at least retryMinMs (9), got 8',
    ]);
    expect(problemsOf({ retryMinMs: 86_400_000 })).toEqual([]);
  });

  it('PM-06 rejects a retryMaxPersistentMs below retryMinMs and accepts equal ones', () => {
    expect(problemsOf({ retryMinMs: 9, retryMaxPersistentMs: 9 })).toEqual([]);
    expect(problemsOf({ retryMinMs: 9, retryMaxPersistentMs: 8 })).toEqual([
      'retryMaxPersistentMs must be at least retryMinMs (9), got 8',
    ]);
    expect(problemsOf({ retryMinMs: 0, retryMaxPersistentMs: 0 })).toHaveLength(1);
  });

  it('B-12 rejects a maxOutbound above maxConnected', () => {
    expect(problemsOf({ maxOutbound: 4, maxConnected: 4 })).toEqual([]);
    expect(problemsOf({ maxOutbound: 5, maxConnected: 4 })).toEqual([
      'maxConnected must be at least maxOutbound (5), got 4',
    ]);
  });

  it('PM-07 rejects an empty own id', () => {
    expect(problemsOf({}, uncheckedNodeId(''))).toHaveLength(1);
  });

  it('lists every invalid option with its value', () => {
    const problems = problemsOf({
      maxConnected: 0,
      maxDialing: 1.5,
      retryJitterMs: -1,
      banMs: NaN,
      addresses: [at('0'), 'garbage'],
    });
    for (const part of [
      'maxConnected must be an integer from 1 to 1000000, got 0',
      'maxDialing must be an integer from 1 to 1000000, got 1.5',
      'retryJitterMs must be a time of 0 ms or more, got -1',
      'banMs must be a time of 0 ms or more, got NaN',
      'addresses names this node itself',
      'addresses: ',
    ]) {
      expect(problems).toContainEqual(expect.stringContaining(part));
    }
    // These follow from maxConnected, and nobody has given them.
    expect(problems.filter((problem) => /maxInbound|maxOutbound/.test(problem))).toEqual([]);
  });
});

describe('toNodeAddress', () => {
  it('converts equal addresses to one form', () => {
    const object = { protocol: 'ws', id: id('a'), host: 'Example', port: 1 };
    expect(toNodeAddress(object)).toEqual(toNodeAddress(`WS://${id('A')}@example:1`));
  });

  it('rejects anything but an address', () => {
    expect(codeOf(() => toNodeAddress('garbage'))).toBe('RXMESH_ADDRESS_INVALID');
    const x = uncheckedNodeId('x');
    expect(codeOf(() => toNodeAddress({ protocol: 'ws', id: x }))).toBe('RXMESH_ADDRESS_INVALID');
  });
});

trackLeaks();
