import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Measure } from '../frame/measure.ts';
import { alternate } from '../frame/rounds.ts';
import { failuresOf } from '../sides/race.ts';

/** The modules to import, in order. Complete setups have everything a program needs to connect. */
const imports: Readonly<Record<string, readonly string[]>> = {
  rxjs: ['rxjs'],
  rxmesh: ['rxmesh'],
  'rxmesh/operators': ['rxmesh/operators'],
  'rxmesh/…/memory': ['rxmesh/transports/memory'],
  'rxmesh/…/websocket': ['rxmesh/transports/websocket'],
  'rxmesh/testing': ['rxmesh/testing'],
  'rxmesh and WebSocket': ['rxmesh', 'rxmesh/transports/websocket'],
  libp2p: ['libp2p', '@libp2p/tcp', '@chainsafe/libp2p-noise', '@chainsafe/libp2p-yamux'],
  'secret-stream': ['@hyperswarm/secret-stream'],
  rsocket: ['rsocket-core', 'rsocket-tcp-client'],
};

/** An import that takes longer has failed. */
const withinMs = 30_000;

/** How long a program waits for its imports. */
export const importTime: Measure = {
  name: 'import-time',
  title: 'Time to import',
  about:
    'From the `import` until the modules are there, in a process that is started anew each time; the files are ' +
    'in the cache of the system. `rxjs` is part of what rxmesh imports. `rxmesh and WebSocket`, `libp2p` (with tcp, ' +
    'Noise and Yamux) and `rsocket` (with its tcp client) are what a program needs to connect.',
  charted: 'ms',
  lowerIsBetter: true,
  async run(effort) {
    const of = 'import';
    const entrants = new Map(
      Object.entries(imports)
        .filter(([name]) => effort.isWanted(of, name))
        .map(([name, specifiers]) => [name, () => timeOf(specifiers)]),
    );
    // The first round only fills the file cache.
    await alternate(entrants, { ...effort, rounds: 1 });
    const { figures, failed } = await alternate(entrants, effort);
    const series = [...figures].map(([contestant, each]) => ({
      case: of,
      contestant,
      quantity: 'ms',
      rounds: each,
    }));
    return { series, failures: failuresOf(of, failed) };
  },
};

async function timeOf(specifiers: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL('../sides/import-time.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...specifiers], {
    timeout: withinMs,
  });
  return Number(stdout);
}
