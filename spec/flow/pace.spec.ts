import { describe, expect, it } from '@jest/globals';
import { paceOf } from '../../lib/flow/pace.ts';
import { block, type LaneBounds } from '../../lib/flow/strategy.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';

/** The times at which messages of these sizes pass, one after the other at full pace. */
function passages(bounds: LaneBounds, sizes: readonly number[]): number[] {
  const clock = new VirtualClock();
  const atMs: number[] = [];
  const waiting = [...sizes];
  const pass = (): void => {
    while (pace?.open === true && waiting.length > 0) {
      atMs.push(clock.now());
      pace.spend(waiting.shift() ?? 0);
    }
  };
  const pace = paceOf(block(1, bounds), clock, pass);
  pass();
  clock.advance(60_000);
  expect(clock.dueTimesMs).toEqual([]);
  return atMs;
}

describe('Pace', () => {
  it('is undefined without a rate', () => {
    expect(paceOf(block(1, { bytes: 5 }), new VirtualClock(), () => undefined)).toBeUndefined();
  });

  it('passes the messages of one second at once, then one at a time', () => {
    expect(passages({ messagesPerSecond: 4 }, [1, 1, 1, 1, 1, 1])).toEqual([0, 0, 0, 0, 250, 500]);
  });

  it('passes a message of any size, then pauses until it is paid off', () => {
    expect(passages({ bytesPerSecond: 1000 }, [900, 3000, 10, 10])).toEqual([0, 0, 2901, 2911]);
  });

  it('follows the slower of two rates', () => {
    expect(passages({ messagesPerSecond: 2, bytesPerSecond: 100 }, [1, 1, 1, 200, 1])).toEqual([
      0, 0, 500, 1000, 2010,
    ]);
  });

  it('accepts a rate below one per second', () => {
    expect(passages({ messagesPerSecond: 0.5 }, [1, 1, 1])).toEqual([0, 2000, 4000]);
  });

  it('calls nobody and leaves no timer once stopped', () => {
    const clock = new VirtualClock();
    let resumed = 0;
    const pace = paceOf(block(1, { messagesPerSecond: 1 }), clock, () => (resumed += 1));
    pace?.spend(1);
    expect(pace?.open).toBe(false);
    pace?.stop();
    pace?.spend(5);
    expect(clock.dueTimesMs).toEqual([]);
    clock.advance(10_000);
    expect(resumed).toBe(0);
  });
});
