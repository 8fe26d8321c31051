/** A worker of the fuzzer whose targets break what no process can catch in itself, or hide it. */
import type { Random } from '../../scripts/fuzz/random.ts';
import { serve } from '../../scripts/fuzz/serve.ts';
import type { Target } from '../../scripts/fuzz/target.ts';
import { isOut } from './maze.ts';

/** Hangs, ends the process, or leaves a rejection behind. */
function breakdown(name: string): string {
  if (name.startsWith('hangs')) for (;;) continue;
  if (name.startsWith('ends')) process.exit(3);
  void Promise.reject(new Error('stray'));
  return 'ok';
}

const target = (name: string): Target => ({
  name,
  share: 1,
  generate: (random: Random) => random.bytes(name.includes('maze') ? 8 : 2),
  check: (input) => {
    if (!name.includes('maze')) return (input[0] ?? 0) > 1 ? 'ok' : breakdown(name);
    if (!isOut(input)) return 'lost';
    if (name === 'maze') throw new Error('planted');
    return breakdown(name);
  },
});

await serve(target, (url) => url.endsWith('/maze.ts'));
