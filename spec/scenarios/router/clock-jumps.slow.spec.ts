import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY, merge, switchMap } from 'rxjs';
import { afterTurn } from '../../../lib/flow/clock.ts';
import { block, raw, type Channel, type RouterLike } from '../../../lib/index.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { pipeTo } from '../../../operators/index.ts';
import { MachineClock } from '../../support/machine-clock.ts';
import { makeRouter } from '../../support/maker.ts';
import { identityOf } from '../../support/mock-node.ts';
import { runs } from '../../support/runs.ts';

const hour = 3_600_000;
const bytes = new Uint8Array(1_000);

/** A time in milliseconds, and how far the clock is moved then. */
interface Jump {
  readonly atMs: number;
  readonly byMs: number;
}

/**
 * Two nodes on one machine, 5 ms apart. The second keeps dialing the first. It sends endlessly on a
 * channel with a rate limit, and broadcasts on one that evicts slow peers, where the first takes a
 * message every 200 ms.
 */
class Pair {
  readonly clock = new MachineClock();
  readonly network: MemoryNetwork;
  readonly routers: readonly [listener: RouterLike, dialer: RouterLike];
  /** The second node's log: `up 40`, `RXMESH_PEER_TIMEOUT 900`. */
  readonly log: string[] = [];
  rated = 0;
  slow = 0;
  readonly #ids = [1, 2].map((seed) => identityOf(seed).id);
  #jumps: readonly Jump[] = [];

  constructor() {
    const { clock } = this;
    this.network = new MemoryNetwork({ clock, latencyMs: 5, protection: 'trusted' });
    const [listener, dialer] = [this.#router(1), this.#router(2)];
    this.routers = [listener, dialer];
    const [rated] = this.#channels(listener);
    const [ratedOut, slowOut] = this.#channels(dialer);
    rated.in$.subscribe(() => (this.rated += 1));
    const sent$ = merge(
      pipeTo(ratedOut)(endless({ to: listener.id, message: bytes })),
      pipeTo(slowOut)(endless({ broadcast: true as const, message: bytes })),
    );
    dialer.events$.subscribe((event) => {
      const atMs = this.clock.passedMs;
      if (event.type === 'peer-up') this.log.push(`up ${atMs}`);
      if (event.type === 'peer-down') this.log.push(`${event.error?.code} ${atMs}`);
    });
    // Without a recipient each message is dropped immediately, so the source would never pause.
    dialer.peers$
      .pipe(
        afterTurn(this.clock),
        switchMap(({ status }) => (status === 'up' ? sent$ : EMPTY)),
      )
      .subscribe();
    for (const router of this.routers) void router.start();
    this.advance(100);
  }

  /** Schedules clock jumps. */
  jump(jumps: readonly Jump[]): void {
    this.#jumps = [...jumps].sort((a, b) => a.atMs - b.atMs);
  }

  /** Advances time, with the scheduled clock jumps. */
  advance(ms: number): void {
    const endMs = this.clock.passedMs + ms;
    for (const { atMs, byMs } of this.#jumps.filter((jump) => jump.atMs <= endMs)) {
      this.clock.advance(Math.max(0, atMs - this.clock.passedMs));
      this.clock.set(byMs);
    }
    this.#jumps = this.#jumps.filter((jump) => jump.atMs > endMs);
    this.clock.advance(endMs - this.clock.passedMs);
  }

  partition(): void {
    this.network.partition(...this.#ids.map((id) => [id]));
  }

  stop(): void {
    for (const router of this.routers) void router.stop();
    this.clock.advance(10_000);
  }

  #router(seed: number): RouterLike {
    const identity = identityOf(seed);
    return makeRouter({
      identity,
      network: 'demo',
      clock: this.clock,
      random: () => 0,
      transports: [this.network.transport(identity.id)],
      keepAlive: { intervalMs: 300, timeoutMs: 1_500 },
      peers: {
        persistent: seed === 2 ? [`memory:${identityOf(1).id}`] : [],
        retryMinMs: 200,
        retryMaxPersistentMs: 1_000,
        disconnectCooldownMs: 300,
      },
    });
  }

  #channels(router: RouterLike): readonly [Channel<Uint8Array>, Channel<Uint8Array>] {
    const outbound = block(64, { messagesPerSecond: 50 });
    const rated = router.openChannel({ id: 1, codec: raw(), outbound });
    const slow = router.openChannel({
      id: 2,
      codec: raw(),
      inbound: block(1, { messagesPerSecond: 5 }),
      outbound: block(1),
      slowPeer: { evictAfterMs: 500 },
    });
    slow.in$.subscribe(() => (this.slow += 1));
    return [rated, slow];
  }
}

function* endless<T>(value: T): Generator<T> {
  for (;;) yield value;
}

const byMs = fc.constantFrom(-hour, hour, -1, 7_000);
const jumps = fc.array(fc.record({ atMs: fc.nat(20_000), byMs }), { minLength: 1, maxLength: 3 });

/** The second example moves the clock just after a slow peer has taken a message. */
const known = [[{ atMs: 20_000, byMs: -hour }], [{ atMs: 14_831, byMs: hour }]];
const options = { numRuns: runs(7), examples: known.map((given): [Jump[]] => [given]) };

describe("L-10 a node's clock is set back or forward", () => {
  it('every rate holds without a clock change', () => {
    const pair = new Pair();
    pair.advance(20_000);
    expect(pair.log).toEqual([expect.stringMatching(/^up/)]);
    expect(pair.rated / 20).toBeGreaterThan(49);
    expect(pair.slow / 20).toBeGreaterThan(4.9);
    pair.stop();
    expect(pair.clock.timers).toBe(0);
  });

  it('every peer keeps its connection and every channel its rate', () => {
    fc.assert(
      fc.property(jumps, (given) => {
        const pair = new Pair();
        pair.jump(given);
        pair.advance(20_000);
        expect(pair.log).toEqual([expect.stringMatching(/^up/)]);
        // A jump may refill the token bucket, or restart its wait.
        expect(pair.rated).toBeGreaterThanOrEqual(20 * 50 - 10);
        expect(pair.rated).toBeLessThanOrEqual((20 + 1 + given.length) * 50 + 10);
        expect(pair.slow).toBeGreaterThanOrEqual(20 * 5 - 10);
        expect(pair.slow).toBeLessThanOrEqual((20 + 1 + given.length) * 5 + 10);
        const [peer] = pair.routers[1].snapshot().peers;
        expect(peer?.roundTripMs).toBe(10);
        pair.stop();
        expect(pair.clock.timers).toBe(0);
      }),
      options,
    );
  });

  it('a persistent peer that returns is reached', () => {
    fc.assert(
      fc.property(jumps, (given) => {
        const pair = new Pair();
        pair.jump(given);
        pair.partition();
        pair.advance(21_000);
        pair.network.heal();
        // One wait of a second, doubled if the clock changes during it, and one more wait.
        pair.advance(3_000);
        expect(pair.log.map((entry) => entry.split(' ')[0])).toEqual([
          'up',
          'RXMESH_CONNECTION_FAILED',
          'up',
        ]);
        pair.stop();
        expect(pair.clock.timers).toBe(0);
      }),
      options,
    );
  });

  it.each([-hour, hour])('a ban ends on time (clock set by %i ms)', (setMs) => {
    const pair = new Pair();
    const { clock } = pair;
    const [listener, dialer] = pair.routers;
    const ban = { peer: listener.id, severity: 'ban' as const, reason: new Error('bad') };
    dialer.openChannel({ id: 9, codec: raw() }).reports.next(ban);
    const minutes = (count: number): void => clock.advance(count * 60_000);
    minutes(30);
    clock.set(setMs);
    // A jump forward looks like sleep, and bans keep running during sleep.
    minutes(setMs > 0 ? 1 : 29);
    const ups = pair.log.filter((entry) => entry.startsWith('up'));
    expect(ups).toHaveLength(setMs > 0 ? 2 : 1);
    minutes(2);
    expect(pair.log.filter((entry) => entry.startsWith('up'))).toHaveLength(2);
    pair.stop();
  });
});
