/**
 * Runs the packed library in its users' environments: versions of Node, test runners, bundlers and
 * compilers, each in a separate project outside the repository. Prints a table of the results.
 *
 *     node scripts/matrix/main.mjs [--tarball FILE] [part of a row's name ...]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { install } from '../bare-project.mjs';
import { provideNode } from '../node-versions.mjs';
import { pack } from '../pack.mjs';
import { kits, rows } from './rows.mjs';

const root = join(import.meta.dirname, '..', '..');
const timeoutMs = 120_000;
/** Number of concurrent rows, low enough that they do not slow each other down. */
const atOnce = 2;

const { values, positionals } = parseArgs({
  options: { tarball: { type: 'string' } },
  allowPositionals: true,
});
const asked = rows.filter(
  ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
if (asked.length === 0) throw new Error(`no row has a name with ${positionals.join(' or ')}`);

/** @returns {Promise<{ status: number | null, text: string }>} the exit code and the output */
function run(command, args, cwd) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part) => (text += part));
    }
    child.on('error', failed).on('close', (status) => done({ status, text }));
  });
}

async function check(row, kit, index) {
  const directory = join(kit, `row-${index}`);
  mkdirSync(directory);
  for (const [name, text] of Object.entries(row.files)) writeFileSync(join(directory, name), text);
  const node = row.node === undefined ? process.execPath : join(provideNode(row.node), 'node');
  const located = (word) => word.replace(/^~/, join(kit, 'node_modules'));
  let output = '';
  for (const words of row.runs) {
    const { status, text } = await run(node, words.map(located), directory);
    if (status !== 0) return `${words.join(' ')} ended with ${status}\n${text}`;
    output = text;
  }
  if (row.prints !== undefined && output.trim() !== row.prints) return `printed ${output}`;
  return undefined;
}

const temporary = mkdtempSync(join(tmpdir(), 'matrix-'));
try {
  const { tarball: given } = values;
  const tarball = given === undefined ? pack(root, temporary) : resolve(given);
  for (const name of new Set(asked.map(({ kit }) => kit))) {
    mkdirSync(join(temporary, name));
    install(join(temporary, name), tarball, kits[name]);
  }
  const table = {};
  const waiting = [...asked.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, row] = next;
      const from = performance.now();
      const fault = await check(row, join(temporary, row.kit), index);
      const seconds = Number(((performance.now() - from) / 1_000).toFixed(1));
      table[row.name] = { result: fault === undefined ? 'ok' : 'FAILED', seconds };
      if (fault === undefined) continue;
      console.error(`\n${row.name}: ${fault}`);
      process.exitCode = 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  console.table(Object.fromEntries(asked.map(({ name }) => [name, table[name]])));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
