import { describe, expect, it } from '@jest/globals';
import { filter } from 'rxjs';
import { type Channel, createRouter, json, type RouterOptions } from '../../lib/index.ts';
import {
  type AccountedChannel,
  type Invariants,
  simulate,
  watchInvariants,
} from '../../lib/testing/index.ts';
import { trackLeaks } from '../support/leaks.ts';
import { world } from './world.ts';

/** The message of the error, without the excerpts of the log. */
function problems(invariants: Invariants): string[] {
  try {
    invariants.finish();
  } catch (thrown) {
    const lines = thrown instanceof Error ? thrown.message.split('\n') : [String(thrown)];
    return lines.filter((line) => !line.startsWith('    '));
  }
  return [];
}

describe('the invariants of a simulation', () => {
  it('order: finds messages that come late, or twice', () => {
    const { net, invariants, ledger } = world();
    net.start();
    for (const n of [1, 3, 2, 3]) ledger.send(0, 1, { n });
    expect(problems(invariants)).toEqual([
      'seed 1: 2 invariants did not hold',
      expect.stringMatching(/^order, after \d+ ms, nodes 0 and 1: message 2 came after 3$/),
      expect.stringMatching(/^order, after \d+ ms, nodes 0 and 1: message 3 came after 3$/),
    ]);
  });

  it('accounts: finds a message that is neither delivered nor reported, and one too many', () => {
    const { net, invariants, chat, ledger } = world({ nodes: 2, seed: 9 }, [2]);
    net.start();
    for (const n of [1, 2, 3]) ledger.send(0, 'all', { n });
    chat(1).out.next({ broadcast: true, message: { n: 1 } });
    expect(problems(invariants)).toEqual([
      'seed 9: 2 invariants did not hold',
      expect.stringMatching(
        /nodes 0 and 1: 3 sent, 2 delivered, 0 reported as dropped, at most 0 lost with a connection$/,
      ),
      expect.stringMatching(/nodes 1 and 0: 0 sent, 1 delivered, 0 reported as dropped, /),
    ]);
  });

  it.each([
    [[], [1]],
    [[4], [1, 2]],
  ])(
    'accounts: a cut excuses what was on its way, and nothing later: %j is lost later',
    (later, lost) => {
      const peers = { disconnectCooldownMs: 100 };
      const { net, invariants, ledger } = world({ nodes: 2, options: () => ({ peers }) }, later);
      net.start();
      ledger.send(0, 1, { n: 1 });
      net.advance(1);
      net.sever(0, 1);
      net.settle();
      for (const n of [2, 3, 4]) ledger.send(0, 1, { n });
      const found = problems(invariants);
      expect(found.length > 0).toBe(later.length > 0);
      const { sent, delivered, told } = ledger.totals();
      expect(sent - delivered - told).toBe(lost.length);
    },
  );

  it('accounts: a message that is refused, and reported, is missing at all its recipients', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const invariants = watchInvariants(net);
    const codec = json<{ n: number; more?: unknown }>();
    const chat = net.openChannels({ id: 1, codec, messageBytesMax: 100 });
    const ledger = invariants.ledger(chat, ({ n }) => n);
    net.start();
    ledger.send(0, 'all', { n: 1, more: 'x'.repeat(100) });
    ledger.send(0, 'all', { n: 2 });
    ledger.send(0, 1, { n: 3, more: 1n });
    expect(problems(invariants)).toEqual([]);
    expect(ledger.totals()).toEqual({ sent: 5, delivered: 2, told: 3, lost: 0 });
  });

  it('accounts: a refusal excuses no message of another time', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const invariants = watchInvariants(net);
    const chat = net.openChannels({ id: 1, codec: json<unknown>() });
    const heard = ({ id, out, in$ }: Channel<unknown>): AccountedChannel<unknown> => ({
      id,
      out,
      in$: in$.pipe(filter((): boolean => false)),
    });
    const ledger = invariants.ledger(
      (node) => heard(chat(node)),
      () => 1,
    );
    net.start();
    ledger.send(0, 1, 1);
    net.advance(10);
    // This one never was in the accounts.
    chat(0).out.next({ to: net.node(1).id, message: 1n });
    expect(problems(invariants)).toEqual([
      'seed 1: 1 invariant did not hold',
      expect.stringMatching(/1 sent, 0 delivered, 0 reported as dropped, /),
    ]);
  });

  it('agreement: finds a connection that stays half-open', () => {
    const { net, invariants } = world({ nodes: 2 });
    net.start();
    net.crash(1, { silently: true });
    invariants.check();
    net.advance(10_000);
    invariants.check();
    expect(invariants.broken).toEqual([]);
    net.advance(1);
    invariants.check();
    invariants.check();
    expect(invariants.broken).toMatchObject([{ invariant: 'agreement', nodes: [0, 1] }]);
    net.stop();
  });

  it('limits: finds a node with more peers than its options allow', () => {
    const { net, invariants } = world({
      nodes: 6,
      options: () => ({ peers: { maxConnected: 2, maxUpgrading: 1, reserved: 0 } }),
      makeRouter: (options: RouterOptions) =>
        createRouter({
          ...options,
          peers: { ...options.peers, maxConnected: 32, maxUpgrading: 0, reserved: 0 },
        }),
    });
    net.start();
    const [first] = invariants.broken;
    expect(first).toMatchObject({
      invariant: 'limits',
      text: '4 peers are connected, but maxConnected is 2, and maxUpgrading 1',
    });
    expect(first?.log.at(-1)).toMatch(/ ms {2}node \d {2}peer .* is up/);
    net.stop();
  });

  it.each([
    ['holds more messages than its capacity', { depth: 10_000 }],
    ['is empty and holds bytes', { depth: 0, depthBytes: 1 }],
    ['holds messages of less than no bytes', { depth: 1, depthBytes: -1 }],
  ])('lanes: finds one that %s', (_, wrong) => {
    const { net, invariants } = world({
      nodes: 2,
      makeRouter: (options: RouterOptions) => {
        const router = createRouter(options);
        const snapshot = router.snapshot.bind(router);
        router.snapshot = () => {
          const { peers, ...rest } = snapshot();
          const wrongly = peers.map((peer) => ({
            ...peer,
            channels: peer.channels.map((port) => ({
              ...port,
              outbound: { ...port.outbound, ...wrong },
            })),
          }));
          return { ...rest, peers: wrongly };
        };
        return router;
      },
    });
    net.start();
    invariants.check();
    expect(invariants.broken).toMatchObject([
      { invariant: 'lanes', nodes: [0, 1], text: expect.stringContaining('in the outbound lane') },
      { invariant: 'lanes', nodes: [1, 0] },
    ]);
    net.stop();
  });

  it('stop: finds a timer that is left', () => {
    const { net, invariants } = world();
    net.start();
    const forgotten = net.clock.schedule(() => undefined, 3_600_000);
    expect(problems(invariants)).toEqual([
      'seed 1: 1 invariant did not hold',
      expect.stringMatching(/^stop, after \d+ ms, nodes : timers are still pending/),
    ]);
    forgotten.unsubscribe();
  });
});

trackLeaks();
