import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * The script of the inspector's page (`inspector/`), with everything that it needs in it.
 *
 * @returns {Promise<string>}
 */
export async function bundleInspector() {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'inspector', 'main.tsx')],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    conditions: ['source'],
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}
