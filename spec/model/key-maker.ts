/**
 * A process of `identity-processes.slow.spec.ts`: says that it is ready, and creates a key when it
 * is told where.
 */
import process from 'node:process';
import { Identity } from '../../lib/model/identity.ts';

process.once('message', (file) => {
  void Identity.loadOrCreate(String(file)).then(({ id }) => process.send?.(id));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
