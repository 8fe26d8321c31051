/**
 * Bundles entry points from `dist` for browsers, without polyfills for Node. Fails on imports of
 * Node modules, on code that a content security policy would block, and on modules of entry points
 * that stand above: a program without the inspector has not a byte of it. Prints the bundle sizes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = ['.', './transports/websocket'];

/** The package alone, and with its dependencies. */
const variants = { alone: ['rxjs', 'protobufjs', '@noble/*'], 'with dependencies': [] };

/** What stands on the public face, and has entry points of its own. */
const above = /^dist\/lib\/(?:calls|cli|deliveries|frames|gossip|inspect|metrics|testing)\//;

const isNode = (path) => path.startsWith('node:') || builtinModules.includes(path);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

async function weigh(entry, external) {
  const file = join(root, manifest.exports[entry].default);
  if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`);
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    external,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const survivors = imports.map(({ path }) => path).filter(isNode);
  if (survivors.length > 0) throw new Error(`imports of Node survive: ${survivors.join(', ')}`);
  const strays = Object.keys(metafile.inputs).filter((path) => above.test(path));
  if (strays.length > 0) throw new Error(`it has what nobody asked for: ${strays.join(', ')}`);
  const [{ contents, text }] = outputFiles;
  const evaluation = /(?<![.\w$])(?:Function|eval)\(/.exec(text);
  if (evaluation !== null) {
    const around = text.slice(Math.max(0, evaluation.index - 40), evaluation.index + 40);
    throw new Error(`evaluates code, which content security policies forbid: ${around}`);
  }
  return { min: kilobytes(contents.length), 'min+gzip': kilobytes(gzipSync(contents).length) };
}

const table = {};
for (const entry of entries) {
  for (const [variant, external] of Object.entries(variants)) {
    const name = `${manifest.name}${entry.slice(1)}, ${variant}`;
    try {
      table[name] = await weigh(entry, external);
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
console.table(table);
