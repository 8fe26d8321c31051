import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../lib/flow/clock.ts';
import { forwardClock } from '../../lib/flow/forward-clock.ts';
import { MachineClock } from '../support/machine-clock.ts';

const hour = 3_600_000;

describe('L-10 forwardClock', () => {
  it('reports the time of its clock', () => {
    const machine = new MachineClock();
    const clock = forwardClock(machine);
    machine.set(hour);
    machine.advance(0.1 + 0.2);
    expect([clock.now(), clock.now()]).toEqual([machine.now(), machine.now()]);
  });

  it('continues from where it was when its clock is set back', () => {
    const machine = new MachineClock();
    const clock = forwardClock(machine);
    machine.advance(1_000);
    expect(clock.now()).toBe(1_000);
    machine.set(-hour);
    expect(clock.now()).toBe(1_000);
    machine.advance(20);
    expect(clock.now()).toBe(1_020);
    machine.set(hour);
    expect(clock.now()).toBe(hour + 1_020);
  });

  it('starts at 0 with a clock that is below 0', () => {
    const machine = new MachineClock();
    machine.set(-hour);
    const clock = forwardClock(machine);
    expect(clock.now()).toBe(0);
    machine.advance(5);
    expect(clock.now()).toBe(5);
  });

  it('stands still while its clock returns NaN, and continues afterwards', () => {
    const times = [5, NaN, NaN, 7];
    const clock = forwardClock({ ...systemClock, now: () => times.shift() ?? NaN });
    expect([clock.now(), clock.now(), clock.now(), clock.now()]).toEqual([5, 5, 5, 7]);
  });

  it('never goes back, and loses only the time around each change of its clock', () => {
    const step = fc.record({
      passMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
      setMs: fc.constantFrom(0, 0, 0, -hour, hour, -0.1),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const machine = new MachineClock();
        const clock = forwardClock(machine);
        let lastMs = clock.now();
        for (const { passMs, setMs } of steps) {
          machine.advance(passMs);
          machine.set(setMs);
          const nowMs = clock.now();
          expect(nowMs).toBeGreaterThanOrEqual(lastMs);
          if (setMs >= 0) expect(nowMs - lastMs).toBeCloseTo(passMs + setMs, 3);
          lastMs = nowMs;
        }
      }),
    );
  });

  it('schedules on its clock', () => {
    const machine = new MachineClock();
    const clock = forwardClock(machine);
    const log: string[] = [];
    clock.schedule(() => log.push(`schedule ${clock.now()}`), 5);
    clock.afterTurn(() => log.push('afterTurn'));
    clock.schedule(() => log.push('cancelled'), 5).unsubscribe();
    machine.advance(10);
    expect(log).toEqual(['afterTurn', 'schedule 5']);
  });

  it('wraps a clock once, and never the system clock', () => {
    const clock = forwardClock(new MachineClock());
    expect(forwardClock(clock)).toBe(clock);
    expect(forwardClock(systemClock)).toBe(systemClock);
  });
});
