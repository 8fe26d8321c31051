import { trackLeaks } from '../../support/leaks.ts';
import { conforms } from './conforms.ts';

// The other networks: conformance.slow.spec.ts.
conforms([{ protection: 'proven' }]);

trackLeaks();
