/**
 * Replaces package.json with the published version while npm packs, and restores it afterwards:
 *
 *     node scripts/published-manifest.mjs [--restore]
 *
 * The condition `source` points to TypeScript sources, which are not in the tarball. Projects that
 * use the same condition for their own packages would try to resolve rxmesh's sources too.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const file = join(root, 'package.json');
const backup = join(root, 'node_modules', '.cache', 'package.json');

/** The manifest without the parts that only work in the repository. */
function published(manifest) {
  const withoutSources = (target) =>
    typeof target === 'string'
      ? target
      : Object.fromEntries(
          Object.entries(target)
            .filter(([condition]) => condition !== 'source')
            .map(([condition, each]) => [condition, withoutSources(each)]),
        );
  const { exports, imports, ...rest } = manifest;
  return { ...rest, exports: withoutSources(exports), imports: withoutSources(imports) };
}

const textOf = (manifest) => `${JSON.stringify(manifest, null, 2)}\n`;

/** Restores package.json only if it is still the packed version: it may have been edited since. */
function restore() {
  if (!existsSync(backup)) return;
  const original = readFileSync(backup, 'utf8');
  const packed = textOf(published(JSON.parse(original)));
  if (readFileSync(file, 'utf8') === packed) writeFileSync(file, original);
  rmSync(backup);
}

restore();
if (!process.argv.includes('--restore')) {
  const original = readFileSync(file, 'utf8');
  mkdirSync(dirname(backup), { recursive: true });
  writeFileSync(backup, original);
  writeFileSync(file, textOf(published(JSON.parse(original))));
}
