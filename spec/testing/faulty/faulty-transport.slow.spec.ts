import { describe } from '@jest/globals';
import { itBreaks } from './two-routers.ts';

describe('two routers on a faulty line', () => {
  itBreaks(10, [1, 2, 3, 4, 5]);
});
