/**
 * Checks that every relative link in Markdown and HTML files points to an existing file and anchor.
 * Links with a scheme are skipped, so no network is needed.
 *
 *     node scripts/check-links.mjs           every Markdown file of the repository, and site/
 *     node scripts/check-links.mjs FILE...
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const anchors = new Map();

const given = process.argv.slice(2);
const files = given.length > 0 ? given : [...markdownFiles(), ...htmlFiles('site')];
const broken = files.flatMap((file) => linksIn(file).flatMap((link) => fault(file, link)));
for (const line of broken) console.error(line);
console.log(`${files.length} files, ${broken.length} broken links`);
if (broken.length > 0) process.exitCode = 1;

/** All Markdown files that Git tracks or would track. */
function markdownFiles() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  return execFileSync('git', args, { encoding: 'utf8' }).trim().split('\n');
}

function htmlFiles(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true })
    .filter((file) => file.endsWith('.html'))
    .map((file) => join(directory, file));
}

/** The targets of relative links. */
function linksIn(file) {
  const text = readFileSync(file, 'utf8');
  const pattern = isMarkup(file) ? /\s(?:href|src)="([^"]+)"/g : /\]\(([^)\s]+)\)/g;
  const prose = isMarkup(file) ? text : text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const links = [...prose.matchAll(pattern)].map(([, link]) => link.replaceAll('&amp;', '&'));
  return links.filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
}

function fault(file, link) {
  const [path, anchor = ''] = link.split('#');
  const linked = path === '' ? file : join(dirname(file), decodeURI(path));
  if (!existsSync(linked)) return [`${file}: ${link}: there is no ${linked}`];
  if (anchor === '' || statSync(linked).isDirectory()) return [];
  return anchorsOf(linked).has(decodeURIComponent(anchor))
    ? []
    : [`${file}: ${link}: ${linked} has no such anchor`];
}

function anchorsOf(file) {
  if (!anchors.has(file)) anchors.set(file, new Set(anchorsIn(file)));
  return anchors.get(file);
}

function anchorsIn(file) {
  const text = readFileSync(file, 'utf8');
  if (isMarkup(file)) return [...text.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => id);
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
}

/** Derives the anchor of a heading as GitHub does. */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

function isMarkup(file) {
  return /\.(?:html|svg)$/.test(file);
}
