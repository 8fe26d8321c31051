import { describe, expect, it } from '@jest/globals';
import { VirtualTimeScheduler } from 'rxjs';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';

describe('VirtualClock', () => {
  it('runs work scheduled for now after what the scheduler had for now already', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = new VirtualClock(scheduler);
    const log: string[] = [];
    clock.schedule(() => {
      log.push('first');
      clock.afterTurn(() => log.push('after the turn'));
    }, 5);
    scheduler.schedule(() => log.push('of the scheduler'), 5);
    clock.schedule(() => log.push('second'), 5);
    clock.advance(5);
    expect(log).toEqual(['first', 'second', 'of the scheduler', 'after the turn']);
  });

  it('has one action in its scheduler, for its first timer, and none without timers', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = new VirtualClock(scheduler);
    const pending = (): readonly number[] =>
      scheduler.actions.filter(({ closed }) => !closed).map(({ delay }) => delay);
    const timers = [7, 3, 5].map((ms) => clock.schedule(() => undefined, ms));
    expect(pending()).toEqual([3]);
    for (const timer of timers) timer.unsubscribe();
    expect([pending(), clock.dueTimesMs]).toEqual([[], []]);
  });

  it('loses what was scheduled when work throws, and works again', () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    clock.schedule(() => {
      throw new Error('a mistake');
    }, 1);
    clock.schedule(() => log.push('lost'), 2);
    expect(() => clock.advance(5)).toThrow('a mistake');
    expect(clock.dueTimesMs).toEqual([]);
    clock.schedule(() => log.push('later'), 1);
    clock.advance(10);
    expect(log).toEqual(['later']);
  });
});
