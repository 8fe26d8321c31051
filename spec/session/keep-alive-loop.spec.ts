import { describe, expect, it } from '@jest/globals';
import { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { KeepAlive, type KeepAliveSettings } from '../../lib/session/keep-alive.ts';
import { MachineClock } from '../support/machine-clock.ts';

/**
 * An event loop as platforms have them: each turn runs the due timers once, then reads what has
 * arrived. While it is blocked, time passes and nothing runs.
 */
class Loop implements Clock {
  #nowMs = 0;
  #timers: { readonly dueAtMs: number; readonly work: () => void }[] = [];
  readonly unread: (() => void)[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(work: () => void, delayMs: number): Subscription {
    const timer = { dueAtMs: this.#nowMs + Math.max(1, delayMs), work };
    this.#timers.push(timer);
    return new Subscription(() => (this.#timers = this.#timers.filter((each) => each !== timer)));
  }

  afterTurn(): Subscription {
    throw new Error('nothing here ends with a turn');
  }

  /** A handler blocks the loop. */
  block(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs one turn per millisecond. */
  turn(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs;) {
      this.#nowMs += 1;
      for (const timer of this.#timers.filter(({ dueAtMs }) => dueAtMs <= this.#nowMs)) {
        // An earlier timer may have cancelled it.
        if (!this.#timers.includes(timer)) continue;
        this.#timers = this.#timers.filter((each) => each !== timer);
        timer.work();
      }
      for (const read of this.unread.splice(0)) read();
    }
  }
}

/**
 * A peer kept alive in such a loop. `silences` are the times at which it was given up, and
 * `afterMs` how long it had been silent.
 */
function keptInLoop(
  answers: boolean,
  settings: KeepAliveSettings = { intervalMs: 20, timeoutMs: 60 },
) {
  const loop = new Loop();
  const silences: number[] = [];
  const afterMs: number[] = [];
  const peer = { answers };
  const keepAlive = new KeepAlive({
    settings,
    clock: loop,
    ping: (onPing) => {
      onPing();
      if (!peer.answers) return;
      loop.unread.push(() => {
        keepAlive.onAnyPong();
        keepAlive.pong();
        keepAlive.onRecord();
      });
    },
    onTimeout: (ms) => {
      silences.push(loop.now());
      afterMs.push(ms);
      keepAlive.stop();
    },
  });
  keepAlive.start();
  return { loop, silences, afterMs, peer, keepAlive };
}

describe('an event loop that was blocked', () => {
  const kept = keptInLoop;

  it('costs no peer its connection, however long and often', () => {
    const { loop, silences } = kept(true);
    for (let times = 0; times < 20; times += 1) {
      loop.block(1_000);
      loop.turn(times % 3);
    }
    expect(silences).toEqual([]);
  });

  it('L-11 costs none even if it seems to have slept again and again', () => {
    const { loop, silences } = kept(true);
    for (let times = 0; times < 60; times += 1) {
      loop.block(5_000 + 1_000 * (times % 7));
      loop.turn(times % 3);
    }
    expect(silences).toEqual([]);
  });

  it('L-11 does not hide a dead peer even if it seems to sleep all the time', () => {
    const { loop, silences } = kept(false);
    for (let times = 0; times < 4; times += 1) {
      loop.block(60_000);
      loop.turn(2);
    }
    expect(silences).toHaveLength(1);
  });

  it('costs none even if the last tick is late and the record is still unread', () => {
    const { loop, silences, keepAlive } = kept(false);
    loop.turn(75);
    loop.block(1_000);
    // It has arrived meanwhile, and is read after the timers of the next turn.
    loop.unread.push(() => keepAlive.onRecord());
    loop.turn(60);
    expect(silences).toEqual([]);
    loop.turn(25);
    expect(silences).toHaveLength(1);
  });

  it('costs no peer that is being probed', () => {
    const { loop, silences, keepAlive } = kept(false);
    keepAlive.probe();
    loop.block(10_000);
    loop.unread.push(() => keepAlive.onRecord());
    loop.turn(10);
    expect(silences).toEqual([]);
  });

  it('does not hide a dead peer', () => {
    const { loop, silences } = kept(false);
    for (let times = 0; times < 4; times += 1) {
      loop.block(1_000);
      loop.turn(2);
    }
    expect(silences).toEqual([loop.now()]);
  });
});

describe('L-11 a machine that has slept', () => {
  const hour = 3_600_000;
  const usual = { intervalMs: 10_000, timeoutMs: 30_000 };

  /** A peer that was up for `beforeMs` before this machine slept. */
  function asleep(beforeMs: number, settings: KeepAliveSettings = usual) {
    const kept = keptInLoop(true, settings);
    kept.loop.turn(beforeMs);
    return { ...kept, wokeAtMs: beforeMs + hour, sleep: () => kept.loop.block(hour) };
  }

  const moments = [0, 1, 4_999, 5_001, 9_999, 10_000, 10_001, 25_000];

  it.each(moments)('keeps a peer that answers (asleep after %i ms)', (beforeMs) => {
    const { loop, silences, sleep } = asleep(beforeMs);
    for (let times = 0; times < 5; times += 1) {
      sleep();
      loop.turn(7_000);
    }
    loop.turn(60_000);
    expect(silences).toEqual([]);
  });

  it.each(moments)('gives up a dead peer 5 s after waking (asleep after %i ms)', (beforeMs) => {
    const { loop, silences, afterMs, peer, sleep, wokeAtMs } = asleep(beforeMs);
    peer.answers = false;
    sleep();
    loop.turn(4_999);
    expect(silences).toEqual([]);
    loop.turn(10);
    expect(silences).toHaveLength(1);
    expect(silences[0]).toBeLessThanOrEqual(wokeAtMs + 5_005);
    expect(afterMs).toEqual([5_000]);
  });

  it('gives it up after one interval if that is shorter', () => {
    const { loop, silences, afterMs, peer, sleep } = asleep(1_000, {
      intervalMs: 300,
      timeoutMs: 1_500,
    });
    peer.answers = false;
    sleep();
    loop.turn(299);
    expect(silences).toEqual([]);
    loop.turn(10);
    expect([silences.length, afterMs]).toEqual([1, [300]]);
  });

  it('gives a peer that much time even if one more silent interval would have been its last', () => {
    const { loop, silences, peer, keepAlive, sleep } = asleep(9_000, {
      intervalMs: 10_000,
      timeoutMs: 10_000,
    });
    peer.answers = false;
    loop.turn(6_000);
    sleep();
    loop.turn(4_900);
    keepAlive.onRecord();
    peer.answers = true;
    keepAlive.onAnyPong();
    keepAlive.pong();
    loop.turn(60_000);
    expect(silences).toEqual([]);
  });

  it('does not count what had arrived before as a sign of life', () => {
    const { loop, silences, peer, keepAlive, sleep } = asleep(3_000);
    peer.answers = false;
    loop.unread.push(() => keepAlive.onRecord());
    sleep();
    loop.turn(5_010);
    expect(silences).toHaveLength(1);
  });

  it('probes again even if the peer has just answered a probe', () => {
    const { loop, silences, peer, keepAlive, sleep } = asleep(9_000);
    keepAlive.probe();
    loop.turn(10);
    peer.answers = false;
    sleep();
    loop.turn(5_010);
    expect(silences).toHaveLength(1);
  });

  it('does not count the sleep as a round trip', () => {
    const { loop, peer, keepAlive, sleep } = asleep(9_000);
    peer.answers = false;
    loop.turn(2_000);
    sleep();
    loop.turn(40);
    keepAlive.onAnyPong();
    keepAlive.pong();
    expect(keepAlive.roundTripMs).toBeLessThanOrEqual(40);
  });

  it('detects a dead peer in the usual time if its clock stood still', () => {
    // Nothing is late, so the machine does not know that it slept.
    const { loop, silences, afterMs, peer } = asleep(25_000);
    peer.answers = false;
    loop.turn(20_000);
    expect(silences).toEqual([]);
    loop.turn(20_010);
    expect([silences.length, afterMs]).toEqual([1, [30_000]]);
  });

  it('probes at the next tick if its clock jumped and no timer is late', () => {
    const clock = new MachineClock();
    const timeouts: number[] = [];
    const keepAlive = new KeepAlive({
      settings: usual,
      clock,
      ping: (onPing) => onPing(),
      onTimeout: (ms) => {
        timeouts.push(ms);
        keepAlive.stop();
      },
    });
    keepAlive.start();
    clock.advance(2_000);
    clock.set(hour);
    clock.advance(12_999);
    expect(timeouts).toEqual([]);
    clock.advance(1);
    expect([timeouts, clock.timers]).toEqual([[5_000], 0]);
  });

  it('sends no extra pings for slightly late ticks', () => {
    const loop = new Loop();
    let pings = 0;
    const keepAlive = new KeepAlive({
      settings: { intervalMs: 1_000, timeoutMs: 3_000 },
      clock: loop,
      ping: (onPing) => {
        onPing();
        pings += 1;
        loop.unread.push(() => keepAlive.pong());
        loop.unread.push(() => keepAlive.onRecord());
      },
      onTimeout: () => undefined,
    });
    keepAlive.start();
    for (let times = 0; times < 10; times += 1) {
      loop.block(5_000);
      loop.turn(5);
    }
    expect(pings).toBe(10);
    keepAlive.stop();
  });
});
