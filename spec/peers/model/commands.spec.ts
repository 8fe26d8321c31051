import { describe, it } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { checkSequences } from './commands.ts';

describe('the life of peers', () => {
  it('matches the model in a hundred sequences of events', () => {
    checkSequences(100, 60);
  });
});

trackLeaks();
