/**
 * Post-processes the output of tsc in `dist`:
 *
 * - In declarations, `#platform/...` becomes a relative path, because older module resolution
 *   (`moduleResolution: node10`) does not support `imports`.
 * - `dist/cjs` gets the library as CommonJS, for loaders that cannot `require()` an ES module, such
 *   as Jest's. There is one file for Node and one for browsers, so that code shared by the entry
 *   points exists only once. Dependencies that are only ES modules (@noble/...) are bundled.
 * - The page of the inspector becomes a module with its script and style as texts, and what draws
 *   an overlay a module with Preact in it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build, transform } from 'esbuild';
import { bundleInspector, bundleOverlay } from './bundle-inspector.mjs';
import { nodeOnly } from './node-only.mjs';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const dist = join(root, 'dist');

const posix = (path) => path.replaceAll(sep, '/');

/** The import specifier from one file in `dist` to another. */
function specifier(from, to) {
  const path = posix(relative(dirname(from), to));
  return path.startsWith('.') ? path : `./${path}`;
}

function relativeImports() {
  const declarations = readdirSync(dist, { recursive: true }).filter((name) =>
    name.endsWith('.d.ts'),
  );
  for (const name of declarations) {
    const file = join(dist, name);
    const text = readFileSync(file, 'utf8');
    // Both platforms export the same types; the browser's do not need Node's types.
    const mended = text.replaceAll(/(?<=(?:from |import\()')#[^']+/g, (alias) => {
      const target = manifest.imports[alias];
      return specifier(file, join(root, target.default.default ?? target.default));
    });
    if (mended !== text) writeFileSync(file, mended);
  }
}

/** The entry points, with their names in the bundle, such as `transports/memory`. */
const entries = Object.entries(manifest.exports)
  .filter(([, target]) => target.require !== undefined)
  .map(([key, target]) => ({ name: key.slice(2) || manifest.name, target }));

/** The ES modules keep the comments; without them, the bundles are half the size. */
const withoutComments = {
  name: 'without-comments',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { minifyWhitespace: true });
      return { contents: code };
    });
  },
};

/** What people see of the inspector, as CommonJS: loaded when it is asked for. */
const apart = {
  '#inspect-page': 'inspect-page.cjs',
  '#inspect-overlay': 'inspect-overlay-view.cjs',
};
const pagesApart = {
  name: 'pages-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^#inspect-/ }, ({ path }) => ({
      path: `./${apart[path]}`,
      external: true,
    }));
  },
};

/** @returns {Promise<string[]>} the bundled packages */
async function bundle(platform, outfile) {
  const contents = entries
    .filter(({ name }) => platform === 'node' || !nodeOnly.includes(name))
    .map(({ name, target }) => `export * as ${JSON.stringify(name)} from '${target.default}';`)
    .join('\n');
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    outfile: join(root, outfile),
    bundle: true,
    format: 'cjs',
    platform: platform === 'node' ? 'node' : 'browser',
    target: 'es2022',
    // Not bundled: dependencies that are CommonJS themselves, above all those that users also
    // import.
    external: ['rxjs', 'protobufjs', 'ws', '@chainsafe/*'],
    plugins: [withoutComments, pagesApart],
    // Jest's `require` loads it, and its `import` needs a flag.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
    metafile: true,
  });
  return Object.keys(metafile.inputs).flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
}

/** Writes one small file per entry point, and its types. */
function facades() {
  for (const { name, target } of entries) {
    const file = join(root, target.require.default);
    const part = `require('#cjs')[${JSON.stringify(name)}]`;
    const refusal = `rxmesh/${name} needs Node: it cannot run in a browser`;
    const checked = `${part} ?? (() => { throw new Error('${refusal}'); })()`;
    writeFileSync(file, `module.exports = ${nodeOnly.includes(name) ? checked : part};\n`);
    const types = join(root, target.require.types);
    const from = specifier(types, join(root, target.default));
    // The types are those of the ES module. TypeScript complains that it cannot be required
    // (TS1479), but only the types are used from here.
    writeFileSync(types, `// @ts-ignore TS1479\nexport * from '${from}';\n`);
  }
}

/** Replaces the module that bundles the page from its sources, which the package does not have. */
async function inspectorPage() {
  const { script, packages } = await bundleInspector();
  const css = readFileSync(join(root, 'lib', 'inspect', 'page', 'style.css'), 'utf8');
  const { code: style } = await transform(css, { loader: 'css', minify: true });
  const page = JSON.stringify({ script, style });
  const code = `const page = ${page};\nexport const inspectorPage = () => Promise.resolve(page);\n`;
  writeFileSync(join(root, manifest.imports['#inspect-page'].default), code);
  // A file of its own, as it is a third of all the rest, and few need it.
  writeFileSync(
    join(dist, 'cjs', apart['#inspect-page']),
    code.replace('export const ', 'exports.'),
  );
  writeFileSync(join(dist, 'lib', 'inspect', 'LICENSES.txt'), licencesOf(packages));
}

/** What draws an overlay. Its packages are among those of the page. */
async function inspectorOverlay() {
  const [esm, cjs] = await Promise.all([bundleOverlay('esm'), bundleOverlay('cjs')]);
  const file = join(root, manifest.imports['#inspect-overlay'].default);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, esm.script);
  writeFileSync(join(dist, 'cjs', apart['#inspect-overlay']), cjs.script);
}

/** The licences of packages that are part of a file in `dist`. */
function licencesOf(packages) {
  const texts = [...new Set(packages)].sort().map((name) => {
    const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md']
      .map((each) => join(root, 'node_modules', name, each))
      .find((each) => existsSync(each));
    if (file === undefined) throw new Error(`${name} has no licence file`);
    return `${name}\n\n${readFileSync(file, 'utf8')}`;
  });
  return texts.join('\n');
}

relativeImports();
mkdirSync(join(dist, 'cjs'), { recursive: true });
await inspectorPage();
await inspectorOverlay();
const { node, default: web } = manifest.imports['#cjs'];
const bundled = (await Promise.all([bundle('node', node), bundle('web', web)])).flat();
writeFileSync(join(dist, 'cjs', 'LICENSES.txt'), licencesOf(bundled));
facades();
