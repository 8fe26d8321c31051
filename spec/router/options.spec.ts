import { describe, expect, it } from '@jest/globals';
import { checkedOptions, type RouterOptions } from '../../lib/router/options.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';
import { identityOf } from '../support/mock-node.ts';

const identity = identityOf(1);
const needed: RouterOptions = {
  identity,
  network: 'demo',
  transports: [new MemoryNetwork().transport(identity.id)],
};

describe('checkedOptions', () => {
  it('takes undefined for an option that was left out, in groups too', () => {
    const nothing = {
      ...{ moniker: undefined, version: undefined, discipline: undefined, clock: undefined },
      ...{ random: undefined, peers: undefined, peerExchange: undefined, advertise: undefined },
      admit: undefined,
      protocolVersion: { block: undefined },
      timeouts: { resolveMs: undefined, dialMs: undefined, drainMs: undefined },
      limits: { handshakes: undefined, connectionsPerSecondPerHost: undefined },
      keepAlive: { intervalMs: undefined, timeoutMs: undefined },
    };
    const given: object = { ...needed, ...nothing };
    expect(checkedOptions(given as RouterOptions)).toEqual(checkedOptions(needed));
  });

  it('keeps what is given, and derives the rest from it', () => {
    const { limits, timeouts, keepAlive, protocolVersion } = checkedOptions({
      ...needed,
      protocolVersion: { block: 3, app: 0 },
      timeouts: { dialMs: 0 },
      limits: { connectionsPerSecond: 5 },
      keepAlive: { intervalMs: 60_000 },
    });
    expect(protocolVersion).toEqual({ block: 3, app: 0 });
    expect(timeouts).toMatchObject({ dialMs: 0, resolveMs: 5_000 });
    expect(limits).toMatchObject({ connectionsPerSecond: 5, connectionsPerSecondPerHost: 3 });
    expect(keepAlive).toEqual({ intervalMs: 60_000, timeoutMs: 60_000 });
  });

  it('names every fault in one error', () => {
    const given: object = {
      ...needed,
      network: '',
      timeouts: { dialMs: -1 },
      limits: [],
      keepAlive: { intervalMs: 5, timeoutMs: 4 },
      peers: { maxConnected: 0, banHosts: 1, wnted: 4 },
      peerExchange: { channel: 70_000, dialect: { channel: 0 }, seed: 1 },
      admit: { peer: true, timeoutMs: -1, alow: [] },
    };
    expect(() => checkedOptions(given as RouterOptions)).toThrow(
      [
        'createRouter: network must be 1 to 256 printable ASCII characters, and not only spaces, got ""',
        'timeouts.dialMs must be an integer from 0 to 2147483647, got -1',
        'limits must be an object, got an array',
        'keepAlive.timeoutMs must be at least intervalMs (5), got 4',
        'peerExchange.channel must be an integer from 0 to 65535, got 70000',
        'peerExchange.dialect must be a dialect, such as cometDialect, got an object',
        'peerExchange.seed must be true or false, got 1',
        'there is no option admit.alow (did you mean admit.allow?)',
        'admit.peer must be a function, got true',
        'admit.timeoutMs must be an integer from 0 to 2147483647, got -1',
        'there is no option peers.wnted (did you mean peers.wanted?)',
        'peers.maxConnected must be an integer from 1 to 1000000, got 0',
        'peers.banHosts must be true or false, got 1',
      ].join('; '),
    );
  });
});
