import { trackLeaks } from '../../support/leaks.ts';
import { conforms, tcp } from './conforms.ts';

// The other places: conformance.slow.spec.ts.
conforms([{ name: 'tcp', place: tcp, sameKey: false }]);

trackLeaks();
