import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, run } from './program.ts';

afterEach(endAll);

describe('examples/by-hand.ts', () => {
  it('brings two nodes together, delivers a message, and ends by itself', async () => {
    const byHand = run('by-hand.ts');
    expect(await byHand.ended).toBe(0);
    expect(byHand.output).toBe('ann hears hello\n');
  });
});
