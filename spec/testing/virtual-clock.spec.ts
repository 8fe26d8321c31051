import { describe, expect, it, jest } from '@jest/globals';
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

  it('runs its timers and the work of its scheduler in the order of their times', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = new VirtualClock(scheduler);
    const log: string[] = [];
    const note = (name: string) => (): void => void log.push(`${name} at ${clock.now()}`);
    for (const ms of [1, 2, 4, 6]) clock.schedule(note('timer'), ms);
    for (const ms of [3, 4]) scheduler.schedule(note('action'), ms);
    clock.schedule(() => clock.schedule(note('timer of a timer'), 1.5), 2);
    clock.advance(5);
    expect(log).toEqual([
      'timer at 1',
      'timer at 2',
      'action at 3',
      'timer of a timer at 3.5',
      'action at 4',
      'timer at 4',
    ]);
    expect([clock.now(), clock.dueTimesMs]).toEqual([5, [6]]);
  });

  it('goes from timer to timer without an action of the scheduler for each', () => {
    const scheduler = new VirtualTimeScheduler();
    const actions = jest.spyOn(scheduler, 'schedule');
    const clock = new VirtualClock(scheduler);
    let fired = 0;
    const again = (): void => {
      fired += 1;
      clock.schedule(again, 1);
    };
    clock.schedule(again, 1);
    clock.advance(1_000);
    // One for the first timer, and one for that which is due after the end.
    expect([fired, actions.mock.calls.length]).toEqual([1_000, 2]);
  });

  it('lets time pass from within a timer', () => {
    const clock = new VirtualClock();
    const log: number[] = [];
    clock.schedule(() => {
      clock.schedule(() => log.push(clock.now()), 3);
      clock.advance(4);
      log.push(clock.now());
    }, 1);
    clock.schedule(() => log.push(clock.now()), 7);
    clock.advance(10);
    expect(log).toEqual([4, 5, 7]);
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

  it('keeps its timers when something else in the scheduler throws', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = new VirtualClock(scheduler);
    const log: number[] = [];
    const mistake = (): never => {
      throw new Error('a mistake');
    };
    for (const ms of [2, 4]) clock.schedule(() => log.push(clock.now()), ms);
    scheduler.schedule(mistake, 1);
    expect(() => clock.advance(5)).toThrow('a mistake');
    expect(clock.advanceUntil(() => log.length === 1, 5)).toBe(true);
    scheduler.schedule(mistake, 1);
    expect(() => clock.advance(5)).toThrow('a mistake');
    clock.schedule(() => log.push(clock.now()), 10);
    clock.advance(20);
    expect(log).toEqual([2, 4, 13]);
  });
});
