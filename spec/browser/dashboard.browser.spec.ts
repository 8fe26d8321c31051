/** The dashboard as a process, with its producers; its page in Chromium. */
import { mkdirSync } from 'node:fs';
import { afterEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { endAll, run } from '../examples/program.ts';
import { launch, screenshots, seriousFindings } from './chromium.ts';

afterEach(endAll);

const names = ['producer 1', 'producer 2', 'producer 3'];

/** What a card shows. */
interface Shown {
  readonly name: string;
  readonly rate: number;
  /** How full the lanes are, in percent: that of the producer, and that of the collector. */
  readonly lanes: readonly number[];
  readonly made: number;
  readonly taken: number;
  readonly missing: number;
}

async function shown(tab: Page): Promise<readonly Shown[]> {
  const cards = await tab.locator('.card').evaluateAll((elements) =>
    elements.map((card) => ({
      name: card.getAttribute('data-name') ?? '',
      rate: Number(card.getAttribute('data-rate') ?? NaN),
      lanes: [...card.querySelectorAll('[role=meter]')].map((meter) =>
        Number(meter.getAttribute('aria-valuenow')),
      ),
      facts: card.querySelector('.facts')?.textContent ?? '',
    })),
  );
  return cards.map(({ facts, ...card }) => {
    const numbers = /^made ([\d,]+) · taken ([\d,]+) · missing ([\d,]+) /.exec(facts) ?? [];
    const [, made = NaN, taken = NaN, missing = NaN] = numbers.map((text) =>
      Number(text.replaceAll(',', '')),
    );
    return { ...card, made, taken, missing };
  });
}

/** Resolves with what three cards show when each of them is as it should be. */
async function until(tab: Page, isAsWanted: (card: Shown) => boolean): Promise<readonly Shown[]> {
  for (const endMs = performance.now() + 40_000; ;) {
    const cards = await shown(tab);
    if (cards.length === names.length && cards.every(isAsWanted)) return cards;
    if (performance.now() > endMs)
      throw new Error(`still not as expected: ${JSON.stringify(cards)}`);
    await tab.waitForTimeout(100);
  }
}

it('a slow consumer, switched on from the page, slows three processes; nothing is lost', async () => {
  mkdirSync(screenshots, { recursive: true });
  const dashboard = run('dashboard.ts');
  const browser = await launch();
  try {
    const url = /open (\S+)/.exec(await dashboard.prints(/open \S+/))?.[1] ?? '';
    const tab = await browser.newPage({ viewport: { width: 1000, height: 480 } });
    const errors: string[] = [];
    tab.on('pageerror', ({ message }) => errors.push(message));
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await tab.goto(url);
    const fast = await until(tab, ({ rate, lanes }) => rate > 30 && Math.max(...lanes) < 50);
    expect(fast.map(({ name }) => name)).toEqual(names);

    const slow = tab.getByRole('button', { name: 'Slow consumer' });
    await slow.click();
    await tab.locator('.slow[aria-pressed=true]').waitFor();
    // Ten a second, of three producers.
    const slowed = await until(tab, ({ rate, lanes }) => rate < 10 && Math.min(...lanes) >= 90);
    for (const { made, taken, missing } of slowed) {
      expect(missing).toBe(0);
      // Both lanes are full, and what is made waits in them or in front of them.
      expect(made - taken).toBeGreaterThan(40);
      expect(made - taken).toBeLessThan(100);
    }
    await tab.waitForTimeout(2_500);
    const later = await until(tab, ({ rate }) => rate < 10);
    for (const [i, { taken, missing }] of later.entries()) {
      // It takes them in turns, and goes on.
      expect(taken).toBeGreaterThan(slowed[i]?.taken ?? NaN);
      expect(missing).toBe(0);
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.emulateMedia({ colorScheme });
      expect(await seriousFindings(tab)).toEqual([]);
      await tab.screenshot({ path: `${screenshots}dashboard-${colorScheme}.png`, fullPage: true });
    }

    await slow.click();
    await tab.locator('.slow[aria-pressed=false]').waitFor();
    const again = await until(tab, ({ rate, lanes }) => rate > 30 && Math.max(...lanes) < 50);
    for (const { made, taken, missing } of again) {
      expect(missing).toBe(0);
      // A report is up to half a second older than what has been taken since.
      expect(Math.abs(made - taken)).toBeLessThan(100);
    }
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
  dashboard.kill('SIGINT');
  expect(await dashboard.ended).toBe(0);
}, 180_000);
