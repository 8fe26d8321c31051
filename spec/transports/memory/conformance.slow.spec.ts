import { trackLeaks } from '../../support/leaks.ts';
import { conforms } from './conforms.ts';

conforms([
  { protection: 'encrypted' },
  { protection: 'trusted' },
  { protection: 'proven', latencyMs: 2 },
]);

trackLeaks();
