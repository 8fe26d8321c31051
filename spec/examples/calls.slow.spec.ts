import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, run } from './program.ts';

afterEach(endAll);

describe('examples/calls.ts', () => {
  it('prints one answer, some of many, and an error, and ends by itself', async () => {
    const program = run('calls.ts');
    expect(await program.ended).toBe(0);
    expect(program.output.split('\n')).toEqual([
      'the square of 12 is 144',
      ...['counts 50', 'counts 60', 'counts 70'],
      'the server stops counting',
      'too-large: 1001 is larger than 1000',
      '',
    ]);
  });
});
