import { describe, it } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { checkSequences } from './commands.ts';

describe('the life of peers', () => {
  it('matches the model in 300 sequences of events', () => {
    checkSequences(300, 60);
  });
});

trackLeaks();
