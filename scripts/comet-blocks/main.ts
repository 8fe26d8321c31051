/**
 * How fast a CometBFT node answers us on its channel of block sync, and what that costs both: a
 * validator on loopback, its rate limits lifted, and a node of ours in a process of its own. Asked
 * are a height that the chain does not have (an answer of some bytes), and blocks of about 1 KiB
 * and 64 KiB, over and over.
 *
 *     npm run comet-blocks
 *     npm run comet-blocks -- --version v1.0.1 --seconds 10 --rounds 5
 *
 * Needs Linux and Go, like `npm run test:interop`, with which it shares the installed CometBFT.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../command-line.ts';
import { assertGo, installComet } from '../interop/install.ts';
import { Validator } from '../interop/validator.ts';
import { blockOf } from './block-of.ts';
import { processorMs } from './processor-ms.ts';
import type { Answers, Task } from './task.ts';

const {
  numbers: { seconds, rounds },
  values: { version },
} = commandLine({
  usage: `npm run comet-blocks -- [options]

  --version v0.38.26   the release of CometBFT
  --seconds 4          for how long to ask each time
  --rounds 3           how often to measure each size`,
  numbers: { seconds: 4, rounds: 3 },
  options: { version: { type: 'string', default: 'v0.38.26' } },
});

/** Asks in a process of its own, so that its processor time is that of our side alone. */
async function answers(task: Task): Promise<Answers> {
  const child = fork(fileURLToPath(new URL('asking.ts', import.meta.url)), [JSON.stringify(task)]);
  const [answer] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof answer !== 'object') throw new Error('the process that asks has failed');
  return answer as Answers;
}

/** The middle one. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** With three digits, or as a whole number. */
function shown(value: number): string {
  return value < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en');
}

function row(cells: readonly (string | number)[]): string {
  const texts = cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell));
  return texts.map((text, column) => (column === 0 ? text.padEnd(16) : text.padStart(20))).join('');
}

async function measure(validator: Validator): Promise<void> {
  const heights = [
    { what: 'no block', height: 1_000_000_000 },
    { what: 'block of 1 KiB', height: await blockOf(validator, 300) },
    { what: 'block of 64 KiB', height: await blockOf(validator, 64_800) },
  ];
  const { chainId: network, address, pid } = validator;
  console.log(row(['', 'bytes', 'answers/s', 'MB/s', 'our CPU, µs', "CometBFT's CPU, µs"]));
  for (const { what, height } of heights) {
    const found: { answers: Answers; theirsUs: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const beforeMs = processorMs(pid);
      const its = await answers({ network, address, height, seconds });
      if (its.count === 0) throw new Error(`no answer about ${what}`);
      const theirsMs = processorMs(pid) - beforeMs;
      found.push({ answers: its, theirsUs: (theirsMs * 1_000) / its.count });
    }
    const perSecond = median(found.map(({ answers: { count, ms } }) => (count * 1_000) / ms));
    const bytes = median(found.map(({ answers: { bytes: all, count } }) => all / count));
    const oursUs = median(found.map(({ answers: { cpuMs, count } }) => (cpuMs * 1_000) / count));
    const theirsUs = median(found.map((each) => each.theirsUs));
    const numbers = [bytes, perSecond, (bytes * perSecond) / 1e6, oursUs, theirsUs];
    console.log(row([what, ...numbers]));
  }
}

try {
  assertGo();
  const validator = await Validator.create(await installComet(version), {
    flush_throttle_timeout: '10ms',
  });
  try {
    await validator.start();
    await measure(validator);
  } finally {
    await validator.dispose();
  }
} catch (error) {
  console.error(`comet-blocks: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
