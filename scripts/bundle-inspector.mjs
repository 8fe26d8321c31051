import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * The script of the inspector's page (`lib/inspect/page`), with everything that it needs in it, and
 * the names of the packages that this includes.
 *
 * @returns {Promise<{ script: string, packages: string[] }>}
 */
export function bundleInspector() {
  return bundle('main.tsx', 'iife');
}

/**
 * The same for what draws an overlay, as a module. It is given everything else, so no second copy
 * of rxmesh gets into the page.
 *
 * @param {'esm' | 'cjs'} format
 * @returns {Promise<{ script: string, packages: string[] }>}
 */
export function bundleOverlay(format) {
  return bundle('overlay.tsx', format);
}

async function bundle(entry, format) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'lib', 'inspect', 'page', entry)],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    conditions: ['source'],
    format,
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    plugins: [styles],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  return { script: outputFiles[0].text, packages };
}

/** An imported style sheet is a text. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: code, loader: 'text' };
    });
  },
};
