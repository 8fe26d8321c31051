/**
 * Delivers 100,000 numbers from one process to another, and kills (`SIGKILL`) either of them a
 * hundred times meanwhile:
 *
 *     npm run delivery-kills
 *     npm run delivery-kills -- --kills 10 --deliveries 10000
 *
 * Exits with code 1 unless each number was handled exactly once and in order.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../command-line.ts';
import { killWhileDelivering } from './rounds.ts';

const { numbers } = commandLine({
  usage: `npm run delivery-kills -- [options]

  --kills 100           how often to kill one side or the other
  --deliveries 100000   how many numbers to deliver`,
  numbers: { kills: 100, deliveries: 100_000 },
});
const { deliveries: total } = numbers;

const directory = await mkdtemp(join(tmpdir(), 'rxmesh-delivery-kills-'));
try {
  let count = 0;
  const startMs = performance.now();
  const outcome = await killWhileDelivering(directory, total, numbers.kills, (side, n) => {
    count += 1;
    console.log(`kill ${count}: the ${side}, after ${n}`);
  });
  const { kills, last, left, problems } = outcome;
  for (const problem of problems) console.log(problem);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  console.log(
    `${total} deliveries, ${kills.sender} kills of the sender and ${kills.receiver} of the receiver ` +
      `in ${seconds} s: the last handled is ${last}, ${left} are left, ${problems.length} problems`,
  );
  if (last !== total - 1 || left > 0 || problems.length > 0) process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true });
}
