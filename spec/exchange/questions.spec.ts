import { describe, expect, it } from '@jest/globals';
import type { NodeId } from '../../lib/index.ts';
import { firstPauseMs, shortestPauseMs } from '../../lib/exchange/pauses.ts';
import { Questions } from '../../lib/exchange/questions.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { fakeId } from '../support/fake-link-end.ts';

describe('questions for addresses', () => {
  it('come soon to the first eight peers, and within 10 s to the others', () => {
    const clock = new VirtualClock();
    const node = { peers: { learn: () => false } };
    const asked: NodeId[] = [];
    const questions = new Questions(node, () => undefined, {
      pauses: { firstPauseMs, shortestPauseMs },
      clock,
      random: () => 0.5,
      isFull: () => false,
    });
    const talks = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'a'].map((digit) => {
      return questions.to(fakeId(digit)).subscribe(({ to }) => asked.push(to));
    });
    clock.advance(500);
    expect(asked).toEqual(['1', '2', '3', '4', '5', '6', '7', '8'].map(fakeId));
    clock.advance(4_499);
    expect(asked).not.toContain(fakeId('9'));
    clock.advance(1);
    expect(asked).toContain(fakeId('9'));
    for (const talk of talks) talk.unsubscribe();
    expect(clock.dueTimesMs).toEqual([]);
  });
});
