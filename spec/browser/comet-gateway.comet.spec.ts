/** The gateway of a CometBFT network as a process, with real validators; its page in Chromium. */
import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { assertGo, installComet } from '../../scripts/interop/install.ts';
import { endAll, run } from '../examples/program.ts';
import { launch } from './chromium.ts';

beforeAll(async () => {
  assertGo();
  await installComet('v0.38.26');
}, 900_000);

afterEach(endAll);

it('comet-gateway carries the precommits of four validators to a page', async () => {
  const gateway = run('comet-gateway.ts', '--local');
  const browser = await launch();
  try {
    const url = /open (\S+)/.exec(await gateway.prints(/open \S+/))?.[1] ?? '';
    const tab = await browser.newPage();
    const errors: string[] = [];
    tab.on('pageerror', ({ message }) => errors.push(message));
    await tab.goto(url);
    await tab.waitForFunction(() => document.querySelectorAll('li').length >= 8);
    const lines = (await tab.innerText('#precommits')).trim().split('\n');
    const precommits = lines.map((line) => {
      const [, height, validator, block] =
        /^height (\d+), round \d+: ([0-9A-F]{8}) for ([0-9A-F]{8})$/.exec(line) ?? [];
      return { height, validator, block };
    });
    // Whoever commits at a height commits to the same block, and nobody is shown twice.
    const blocks = new Map(precommits.map(({ height, block }) => [height, block]));
    for (const { height, block } of precommits) expect(block).toBe(blocks.get(height));
    const names = precommits.map(({ height, validator }) => `${height} ${validator}`);
    expect(new Set(names).size).toBe(lines.length);
    expect(new Set(precommits.map(({ validator }) => validator)).size).toBe(4);
    expect(precommits.every(({ height }) => height !== undefined)).toBe(true);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
  await gateway.prints(/comet-news: [0-9a-f]{8} is down/);
  gateway.kill('SIGINT');
  expect(await gateway.ended).toBe(0);
});
