import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * The script of the inspector's page (`lib/inspect/page`), with everything that it needs in it, and
 * the names of the packages that this includes.
 *
 * @returns {Promise<{ script: string, packages: string[] }>}
 */
export async function bundleInspector() {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'lib', 'inspect', 'page', 'main.tsx')],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    conditions: ['source'],
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  return { script: outputFiles[0].text, packages };
}
