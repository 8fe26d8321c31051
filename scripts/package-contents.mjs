/**
 * Checks the contents of the installed package: its documents have no dead links, and it contains
 * no sources.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const isSource = (path) => /\.ts$/.test(path) && !/\.d\.ts$/.test(path);

/** Relative links of a Markdown file, without their anchors. */
const linksOf = (text) =>
  [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** @throws if a link is dead, or there are sources or source maps */
export function checkContents(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const faults = [];
  for (const file of files) {
    const path = relative(directory, file);
    if (path.endsWith('.map')) faults.push(`${path}: maps lead to sources, which are not packed`);
    if (isSource(path) && !path.startsWith('examples')) faults.push(`${path}: a source is packed`);
    if (!path.endsWith('.md')) continue;
    for (const target of linksOf(readFileSync(file, 'utf8'))) {
      if (!existsSync(join(dirname(file), target))) faults.push(`${path}: ${target} is not packed`);
    }
  }
  if (faults.length > 0)
    throw new Error(`the package is not as it should be:\n${faults.join('\n')}`);
}
