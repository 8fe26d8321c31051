/**
 * Kills a process (`SIGKILL`) while it learns peers and writes them to its store, a hundred times,
 * and checks what the next process finds:
 *
 *     npm run kills
 *     npm run kills -- --kills 10
 *
 * Exits with code 1 if a peer is lost that was learned more than `--most` milliseconds before the
 * kill, if a peer is forgotten that had been found before, or if the store reports anything.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../command-line.ts';
import { lives } from './lives.ts';

const { numbers } = commandLine({
  usage: `npm run kills -- [options]

  --kills 100   how often to kill
  --most 1500   how long before a kill a peer may have been learned and lost, in milliseconds`,
  // A second, and what a busy machine takes to write.
  numbers: { kills: 100, most: 1_500 },
});

const directory = await mkdtemp(join(tmpdir(), 'rxmesh-kills-'));
const total = { kills: 0, learned: 0, found: 0, forgotten: 0, lostMs: 0 };
const events: string[] = [];
try {
  for await (const life of lives(directory, () => 2_000 * Math.random())) {
    total.kills += 1;
    total.learned += life.learned;
    total.found = life.found;
    total.forgotten += life.forgotten;
    total.lostMs = Math.max(total.lostMs, life.lostMs);
    events.push(...life.events);
    console.log(`kill ${total.kills}: ${life.found} found, ${life.lostMs} ms lost`);
    if (total.kills >= numbers.kills) break;
  }
} finally {
  await rm(directory, { recursive: true });
}
console.log(
  `${total.kills} kills: ${total.learned} peers learned, ${total.found} found at the end, ` +
    `${total.forgotten} forgotten; the oldest lost was learned ${total.lostMs} ms before a kill`,
);
for (const event of events) console.log(event);
if (total.lostMs > numbers.most || total.forgotten > 0 || events.length > 0) {
  process.exitCode = 1;
}
