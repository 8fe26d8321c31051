import { trackLeaks } from '../../support/leaks.ts';
import { conforms, tcp } from './conforms.ts';

const memory = (port: number): string => `/memory/${port}`;

conforms([
  { name: 'tcp', place: tcp, sameKey: true },
  { name: 'memory', place: memory, sameKey: false },
]);

trackLeaks();
