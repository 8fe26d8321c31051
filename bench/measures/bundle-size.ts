import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Failure, Measure, Series } from '../frame/measure.ts';
import { reasonOf } from '../frame/rounds.ts';

/** The entry modules to bundle, as source text. */
const sources: Readonly<Record<string, string>> = {
  rxmesh: everythingOf('rxmesh'),
  'rxmesh/operators': everythingOf('rxmesh/operators'),
  'rxmesh/transports/memory': everythingOf('rxmesh/transports/memory'),
  'rxmesh/transports/websocket': everythingOf('rxmesh/transports/websocket'),
  'rxmesh/testing': everythingOf('rxmesh/testing'),
  'rxmesh and its WebSocket': everythingOf('rxmesh', 'rxmesh/transports/websocket'),
  'a program with both':
    "export { block, createRouter, Identity, protobuf } from 'rxmesh';" +
    "export { webSocket } from 'rxmesh/transports/websocket';",
};

/** Packages left out of the bundle, by contestant. */
const variants = { rxmesh: ['rxjs', 'protobufjs'], 'rxmesh and libraries': [] };

/** How much code a page has to load. */
export const bundleSize: Measure = {
  name: 'bundle-size',
  title: 'Size of a bundle for browsers',
  about:
    'Entry points, each bundled and minified by esbuild for browsers, with everything that they export. `rxmesh` is ' +
    'without rxjs and protobufjs, but with the cryptography that it brings; `rxmesh and libraries` is with all. The ' +
    'last case has only what a small program takes. 1 kB is 1,000 bytes; gzip at level 9, brotli at 11.',
  charted: 'gzip, kB',
  lowerIsBetter: true,
  async run({ isWanted }) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const [of, source] of Object.entries(sources)) {
      for (const [contestant, external] of Object.entries(variants)) {
        if (!isWanted(of, contestant)) continue;
        try {
          const sizes = await weigh(source, external);
          for (const [quantity, bytes] of Object.entries(sizes)) {
            series.push({ case: of, contestant, quantity, rounds: [bytes / 1000] });
          }
        } catch (error) {
          failures.push({ case: of, contestant, reason: reasonOf(error) });
        }
      }
    }
    return { series, failures };
  },
};

function everythingOf(...entries: readonly string[]): string {
  return entries.map((entry) => `export * from '${entry}';`).join('\n');
}

/** @throws {Error} if it cannot be bundled, such as when it imports a module of Node */
async function weigh(source: string, external: readonly string[]): Promise<Record<string, number>> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    external: [...external],
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error('esbuild gave no bundle');
  const { contents } = bundle;
  return {
    'gzip, kB': gzipSync(contents, { level: 9 }).length,
    'brotli, kB': brotliCompressSync(contents, {
      params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
    }).length,
    'min, kB': contents.length,
  };
}
