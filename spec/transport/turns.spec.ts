import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { Turns, type Waiting } from '../../lib/transport/turns.ts';

/** Turns whose loop turns when the test says so, and a log of who was served. */
function setUp() {
  const clock = new VirtualClock();
  const loops: (() => void)[] = [];
  const turns = new Turns(clock, (work) => loops.push(work));
  const log: string[] = [];
  /** One that has so many visits left, of 1 ms each. */
  const waiting = (name: string, visits: number): Waiting => {
    let left = visits;
    return {
      visit: () => {
        log.push(name);
        clock.advance(1);
        left -= 1;
        return left > 0;
      },
    };
  };
  const turn = (): string => {
    for (const loop of loops.splice(0)) loop();
    return log.splice(0).join('');
  };
  return { turns, loops, log, waiting, turn };
}

describe('Turns', () => {
  it('S-01 serves those that wait in rounds, for 5 ms a turn', () => {
    const { turns, waiting, turn } = setUp();
    for (const [name, visits] of [
      ['a', 9],
      ['b', 2],
      ['c', 4],
    ] as const) {
      turns.queue(waiting(name, visits));
    }
    expect([turn(), turn(), turn(), turn()]).toEqual(['abcab', 'cacac', 'aaaaa', '']);
  });

  it('S-01 serves none twice before the others, also when the time ends within a round', () => {
    const { turns, waiting, turn } = setUp();
    for (const name of 'abcdefgh') turns.queue(waiting(name, 3));
    expect([turn(), turn(), turn()]).toEqual(['abcde', 'fghab', 'cdefg']);
  });

  it('is open while there is time in this turn, and nobody waits', () => {
    const { turns, waiting, turn, log } = setUp();
    const served = Array.from({ length: 5 }, () => [turns.isOpen, turns.serve(waiting('x', 1))]);
    expect(served).toEqual(Array.from({ length: 5 }, () => [true, false]));
    expect(turns.isOpen).toBe(false);
    turns.queue(waiting('q', 1));
    log.length = 0;
    expect(turn()).toBe('q');
    expect([turns.isOpen, turns.endedCount]).toEqual([true, 1]);
  });

  it('has nothing left to do when nobody waits', () => {
    const { turns, loops, turn } = setUp();
    expect([turns.awaitEnd(), turns.awaitEnd(), loops.length]).toEqual([false, true, 1]);
    turn();
    expect([loops.length, turns.awaitEnd()]).toEqual([0, false]);
  });
});
