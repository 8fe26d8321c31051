/** A worker of the fuzzer whose one target breaks what no process can catch in itself. */
import { serve } from '../../scripts/fuzz/serve.ts';

await serve((name) => ({
  name,
  share: 1,
  generate: (random) => random.bytes(2),
  check: (input) => {
    if ((input[0] ?? 0) > 1) return 'ok';
    if (name === 'hangs') for (;;) continue;
    if (name === 'ends') process.exit(3);
    void Promise.reject(new Error('stray'));
    return 'ok';
  },
}));
