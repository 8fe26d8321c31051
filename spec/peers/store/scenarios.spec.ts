import { describe, expect, it } from '@jest/globals';
import { parseNodeAddress } from '../../../lib/model/address.ts';
import type { PeerManagerOptions } from '../../../lib/peers/peer-manager-options.ts';
import { simulatedStore } from '../../../lib/testing/index.ts';
import { at, Bench, failure, id, VirtualTime } from '../fixture.ts';

const day = 86_400_000;
const year = 365 * day;

/** A node that runs, is killed and runs again: one store, and for each run a clock from zero. */
class Node {
  readonly #store = simulatedStore();
  #run: Bench | undefined;
  /** What the date differs from the present run's clock. */
  #dateMs = 1_700_000_000_000;

  /** Runs it again after `offMs`. The run before has written what it had to. */
  run(options: Partial<PeerManagerOptions> = {}, offMs = 0): Bench {
    if (this.#run !== undefined) {
      this.#run.time.advance(1_000);
      this.#dateMs += this.#run.time.clock.now() + offMs;
    }
    const time = new VirtualTime();
    const clock = { ...time.clock, date: () => this.#dateMs + time.clock.now() };
    const run = new Bench({ store: this.#store, ...options, clock }, time);
    run.manager.load().subscribe();
    this.#run = run;
    return run;
  }

  /** Sets the date. */
  setDate(byMs: number): void {
    this.#dateMs += byMs;
  }
}

const scores = (run: Bench): Record<string, number> =>
  Object.fromEntries(run.manager.peers().map(({ id: peer, score }) => [peer.slice(0, 1), score]));

const bad = { severity: 'penalize', reason: failure() } as const;

/** Lets the peer be dialed once, and fail. */
function fail(run: Bench, digit: string): void {
  const [address] = run.dials.splice(0);
  if (address?.id !== id(digit)) throw new Error(`${digit} is not dialed`);
  run.manager.dialFailed(address, failure());
}

describe('a node that is started again with its store', () => {
  it('PM-08, PM-09: addresses survive; persistence and rank are configuration', () => {
    const node = new Node();
    const addresses = ['a', 'b', 'c'].flatMap((digit) => [
      parseNodeAddress(`ws://${id(digit)}@host-${digit}:1000/path`),
      parseNodeAddress(`memory:${id(digit)}`),
    ]);
    const [persistent] = addresses;
    if (persistent === undefined) throw new Error('no address');
    const first = node.run({
      persistent: [persistent],
      addresses,
      rank: ({ id: peer }) => (peer === id('b') ? 1 : 0),
    });
    expect(scores(first)).toEqual({ a: 32_767, b: 0, c: 0 });
    expect(first.known()).toEqual(['a', 'b', 'c']);
    const [, , another] = addresses;
    const second = node.run({
      persistent: another === undefined ? [] : [another],
      rank: ({ id: peer }) => (peer === id('c') ? 1 : 0),
    });
    expect(scores(second)).toEqual({ a: 0, b: 32_767, c: 0 });
    expect(second.known()).toEqual(['b', 'c', 'a']);
    for (const digit of ['a', 'b', 'c']) {
      const of = addresses.filter((address) => address.id === id(digit));
      expect(new Set(second.manager.addresses(id(digit)))).toEqual(new Set(of));
    }
    expect(second.manager.peers().map(({ isChosen }) => isChosen)).toEqual([true, false, false]);
  });

  it('PM-10: a stored peer that has our own ID is removed', () => {
    const node = new Node();
    node.run().add(at('a'), at('b'));
    const other = node.run({ self: id('a') });
    expect(other.known()).toEqual(['b']);
    expect(node.run().known()).toEqual(['b']);
  });

  it('PM-14: a peer that was forgotten for a better one stays forgotten', () => {
    const node = new Node();
    const limits = { maxPeers: 2, maxConnected: 1, maxUpgrading: 0 };
    const first = node.run(limits).add(at('a'), at('b'));
    first.manager.report({ peer: id('a'), ...bad });
    first.add(at('c'));
    expect(node.run(limits).known().sort()).toEqual(['b', 'c']);
  });

  it('keeps the best when it may know fewer than before', () => {
    const node = new Node();
    const first = node.run().add(...['a', 'b', 'c', 'd'].map((digit) => at(digit)));
    for (const digit of ['a', 'c']) first.manager.report({ peer: id(digit), ...bad });
    const limits = { maxPeers: 2, maxConnected: 1, maxUpgrading: 0 };
    expect(node.run(limits).known().sort()).toEqual(['b', 'd']);
    expect(node.run().known().sort()).toEqual(['b', 'd']);
  });

  it('PM-41: remembers an unknown peer that it accepted, and when it was last up', () => {
    const node = new Node();
    const first = node.run();
    first.time.advance(200);
    first.accept('a');
    first.time.advance(5_000);
    first.manager.disconnected(id('a'), 'inbound');
    expect(first.manager.peers()).toMatchObject([{ lastSeenMs: 5_200 }]);
    first.time.advance(300);
    const second = node.run({}, 10_000);
    expect(second.manager.peers()).toMatchObject([{ status: 'down', lastSeenMs: -11_300 }]);
  });

  it('a peer that was up when the node was killed was last up when that was written', () => {
    const node = new Node();
    node.run().accept('a');
    expect(node.run({}, 500).manager.peers()).toMatchObject([{ lastSeenMs: -500 }]);
  });

  it.each([
    ['up, and then the dial failed', true, false],
    ['the dial failed, and then up', false, true],
  ])('B-10: remembers how the last dial ended: %s', (_, first, last) => {
    const node = new Node();
    const run = node.run({ retryMinMs: 100, disconnectCooldownMs: 0 }).dial().add(at('a'));
    for (const isGood of [first, last]) {
      run.time.advance(1_000);
      if (isGood) {
        run.manager.dialed(at('a'));
        run.manager.ready(id('a'), 'outbound');
        run.manager.disconnected(id('a'), 'outbound');
        run.dials.splice(0, 1);
      } else fail(run, 'a');
    }
    const known = node.run({}, 7_000).manager.peers();
    expect(known).toMatchObject([{ lastDial: { atMs: -8_000, isGood: last } }]);
  });

  it('a peer that the application removed stays removed, also while it is still connected', () => {
    const node = new Node();
    const first = node.run().add(at('a'), at('b')).accept('b');
    first.time.advance(1_000);
    for (const digit of ['a', 'b']) first.manager.remove(id(digit));
    expect(first.known()).toEqual(['b']);
    expect(node.run().known()).toEqual([]);
  });

  it('peers that were only heard of still count for the host that told about them', () => {
    const node = new Node();
    const limits = { maxPeers: 32, maxConnected: 8 };
    const heard = (run: Bench, digits: string): boolean[] =>
      Array.from(digits, (digit) => run.manager.learn(at(digit), id('f')));
    const first = node.run(limits).accept('f');
    expect(heard(first, '123')).toEqual([true, true, false]);
    const second = node.run(limits).accept('f');
    expect(heard(second, '345')).toEqual([false, false, false]);
    expect(second.known().sort()).toEqual(['1', '2', 'f']);
  });

  it('B-10: a peer that was never dialed stays so', () => {
    const node = new Node();
    node.run().add(at('a'));
    expect(node.run().manager.peers()[0]?.lastDial).toBeUndefined();
  });

  it('B-08: behaviour counts less the longer the node was off', () => {
    const node = new Node();
    const options = { scoreHalfLifeMs: 60_000 };
    const first = node.run(options).add(at('a'));
    for (let n = 0; n < 4; n += 1) first.manager.report({ peer: id('a'), ...bad });
    expect(scores(first)).toEqual({ a: -40 });
    expect(scores(node.run(options, 59_000))).toEqual({ a: -20 });
    expect(scores(node.run(options, 59_000))).toEqual({ a: -10 });
    expect(scores(node.run({ scoreHalfLifeMs: 0 }, year))).toEqual({ a: -40 });
  });

  it('dials everyone at once, those that failed less first, and begins their back-off anew', () => {
    const node = new Node();
    const options = { retryMinMs: 1_000, maxDialing: 1 };
    const first = node.run(options).dial().add(at('a'));
    for (let n = 0; n < 5; n += 1) {
      fail(first, 'a');
      first.time.advance(60_000);
    }
    first.stopDialing();
    first.add(at('b'));
    const second = node.run(options).dial();
    expect(second.newDials()).toEqual(['b@host-b']);
    second.manager.dialFailed(at('b'), failure());
    expect(second.newDials()).toEqual(['a@host-a']);
    second.manager.dialFailed(at('a'), failure());
    second.time.advance(999);
    expect(second.newDials()).toEqual([]);
    second.time.advance(1);
    expect(second.newDials()).toEqual(['b@host-b']);
  });

  it('an address expires after the time in which it failed while the node was on', () => {
    const node = new Node();
    const options = { retryMinMs: 1_000, retryMaxMs: 1_000, addressExpiryMs: 60_000 };
    const first = node.run(options).dial().add(at('a'));
    for (let n = 0; n < 15; n += 1) {
      fail(first, 'a');
      first.time.advance(1_000);
    }
    const second = node.run(options, 30 * day).dial();
    fail(second, 'a');
    expect(second.known()).toEqual(['a']);
    second.time.advance(44_000);
    fail(second, 'a');
    expect(second.known()).toEqual(['a']);
    second.time.advance(2_000);
    fail(second, 'a');
    expect(second.known()).toEqual([]);
    expect(node.run(options).known()).toEqual([]);
  });

  it('a success is remembered: the failures before it do not count', () => {
    const node = new Node();
    const first = node.run({ retryMinMs: 1 }).dial().add(at('a'));
    fail(first, 'a');
    first.time.advance(1);
    first.manager.dialed(at('a'));
    first.manager.ready(id('a'), 'outbound');
    expect(scores(node.run())).toEqual({ a: 0 });
  });

  it('bans by ID and by range survive, for the time that is left', () => {
    const node = new Node();
    const first = node.run().add(at('a'));
    first.manager.ban({ id: id('a'), forMs: 100_000 });
    first.manager.ban({ ip: '203.0.113.0/24', forMs: 50_000 });
    first.manager.ban({ ip: '2001:db8::1', forMs: 5_000 });
    const second = node.run({}, 9_000).dial();
    expect(second.manager.bans()).toEqual([
      { id: id('a'), forMs: 90_000 },
      { ip: '203.0.113.0/24', forMs: 40_000 },
    ]);
    expect(second.manager.isIpBanned('203.0.113.9')).toBe(true);
    expect(() => second.manager.accepted(id('a'))).toThrow(/banned/);
    second.time.advance(89_999);
    expect(second.newDials()).toEqual([]);
    second.time.advance(1);
    expect(second.newDials()).toEqual(['a@host-a']);
    expect(node.run().manager.bans()).toEqual([]);
  });

  it('a date that was set back by years makes no ban longer, and nobody worse', () => {
    const node = new Node();
    const options = { scoreHalfLifeMs: 60_000 };
    const first = node.run(options).dial().add(at('a'));
    fail(first, 'a');
    first.manager.ban({ id: id('b'), forMs: 10_000 });
    first.manager.report({ peer: id('a'), ...bad });
    const second = node.run(options, -10 * year).dial();
    expect(second.manager.bans()).toEqual([{ id: id('b'), forMs: 9_000 }]);
    expect(scores(second)).toEqual({ a: -11 });
    expect(second.newDials()).toEqual(['a@host-a']);
    expect(second.manager.peers()).toMatchObject([{ lastDial: { isGood: false } }]);
  });

  it('a date that was set forward by years ends bans and forgives, and no address expires', () => {
    const node = new Node();
    const first = node.run({ retryMinMs: 1, retryMaxMs: 1 }).dial().add(at('a'));
    first.manager.ban({ id: id('b'), forMs: 10_000 });
    for (let n = 0; n < 20; n += 1) {
      fail(first, 'a');
      first.time.advance(10_000);
    }
    const second = node.run({}, 50 * year).dial();
    expect([second.manager.bans(), scores(second)]).toEqual([[], { a: 0 }]);
    fail(second, 'a');
    expect(second.known()).toEqual(['a']);
  });

  it('what a peer announced is replaced by its next list, also after a restart', () => {
    const node = new Node();
    const first = node.run().add(at('a', 'named')).accept('a');
    first.manager.announced(id('a'), [at('a', 'old'), at('a', 'kept')]);
    const second = node.run().add(at('a', 'named')).accept('a');
    second.manager.announced(id('a'), [at('a', 'kept'), at('a', 'new')]);
    const hosts = second.manager.addresses(id('a')).map(({ host }) => host);
    expect(hosts.sort()).toEqual(['kept', 'named', 'new']);
  });

  it('a date that is set while the node runs changes nothing in it', () => {
    const node = new Node();
    const first = node.run({ scoreHalfLifeMs: 60_000 }).add(at('a'));
    first.manager.ban({ id: id('b'), forMs: 10_000 });
    first.manager.report({ peer: id('a'), ...bad });
    node.setDate(-50 * year);
    expect([first.manager.bans(), scores(first)]).toEqual([
      [{ id: id('b'), forMs: 10_000 }],
      { a: -10 },
    ]);
    const second = node.run({ scoreHalfLifeMs: 60_000 });
    expect(second.manager.bans()).toEqual([{ id: id('b'), forMs: 9_000 }]);
  });
});
