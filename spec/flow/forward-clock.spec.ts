import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../lib/flow/clock.ts';
import { forwardClock } from '../../lib/flow/forward-clock.ts';
import { MachineClock } from '../support/machine-clock.ts';

const hour = 3_600_000;

describe('L-10 forwardClock', () => {
  it('tells the time of its clock', () => {
    const machine = new MachineClock();
    const clock = forwardClock(machine);
    machine.set(hour);
    machine.advance(0.1 + 0.2);
    expect([clock.now(), clock.now()]).toEqual([machine.now(), machine.now()]);
  });

  it('goes on from where it was when its clock is set back', () => {
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

  it('begins at 0 with a clock that is below that', () => {
    const machine = new MachineClock();
    machine.set(-hour);
    const clock = forwardClock(machine);
    expect(clock.now()).toBe(0);
    machine.advance(5);
    expect(clock.now()).toBe(5);
  });

  it('stands still while its clock tells no number, and goes on behind that', () => {
    const times = [5, NaN, NaN, 7];
    const clock = forwardClock({ ...systemClock, now: () => times.shift() ?? NaN });
    expect([clock.now(), clock.now(), clock.now(), clock.now()]).toEqual([5, 5, 5, 7]);
  });

  it('never goes back, and loses no time but that in which its clock was set', () => {
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

  it('schedules by its clock', () => {
    const machine = new MachineClock();
    const clock = forwardClock(machine);
    const log: string[] = [];
    clock.schedule(() => log.push(`schedule ${clock.now()}`), 5);
    clock.afterTurn(() => log.push('afterTurn'));
    clock.schedule(() => log.push('cancelled'), 5).unsubscribe();
    machine.advance(10);
    expect(log).toEqual(['afterTurn', 'schedule 5']);
  });

  it('is put around a clock once, and never around the one of the system', () => {
    const clock = forwardClock(new MachineClock());
    expect(forwardClock(clock)).toBe(clock);
    expect(forwardClock(systemClock)).toBe(systemClock);
  });
});
