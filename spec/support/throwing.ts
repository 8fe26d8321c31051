import { type Clock, dateOf } from '../../lib/flow/clock.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';

/** What the callbacks of `once` throw. */
export const mistake: Error = new Error('a mistake of the application');

/** A callback that throws `mistake` on its first call and answers later ones. */
export function once<A extends readonly unknown[], R>(
  answer: (...args: A) => R,
): (...args: A) => R {
  let isArmed = true;
  return (...args) => {
    if (!isArmed) return answer(...args);
    isArmed = false;
    throw mistake;
  };
}

/** The same for a callback that throws for one value. */
export function onceFor<R>(trigger: number, answer: (value: number) => R): (value: number) => R {
  return (value) => {
    if (value === trigger) throw mistake;
    return answer(value);
  };
}

/** A clock of which one function throws once. */
export function throwingClock(name: keyof Clock, clock: Clock = new VirtualClock()): Clock {
  const sound = {
    now: () => clock.now(),
    date: () => dateOf(clock),
    schedule: (work: () => void, delayMs: number) => clock.schedule(work, delayMs),
    afterTurn: (work: () => void) => clock.afterTurn(work),
  };
  switch (name) {
    case 'now':
      return { ...sound, now: once(sound.now) };
    case 'date':
      return { ...sound, date: once(sound.date) };
    case 'schedule':
      return { ...sound, schedule: once(sound.schedule) };
    case 'afterTurn':
      return { ...sound, afterTurn: once(sound.afterTurn) };
  }
}
