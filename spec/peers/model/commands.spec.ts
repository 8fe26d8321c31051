import { describe, it } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { checkSequences } from './commands.ts';

describe('the life of peers', () => {
  it('goes as the model says, in some hundred sequences of events', () => {
    checkSequences(300, 60);
  });
});

trackLeaks();
