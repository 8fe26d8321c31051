/**
 * Makes package.json what is published, while npm packs, and puts it back afterwards:
 *
 *     node scripts/published-manifest.mjs [--restore]
 *
 * The condition `source` leads to TypeScript sources, which the tarball does not hold. Projects use
 * that condition for packages of their own, and would look for rxmesh's sources, too.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const file = join(root, 'package.json');
const backup = join(root, 'node_modules', '.cache', 'package.json');

/** Without what only the repository has. */
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

/** Only where npm has left what was packed: package.json may have been edited since. */
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
