/** The inspector's page in a real browser, on a network of five processes. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { endInspected, type Inspected, startInspected } from '../support/inspected.ts';
import { launch, screenshots, seriousFindings } from './chromium.ts';

const names = ['ann', 'bob', 'cleo', 'dan', 'eve'];
const nodes: Inspected[] = [];
let browser: Browser;
let elsewhere: Server;
const open: Page[] = [];

async function visit(url: string, how: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...how });
  open.push(page);
  await page.goto(url);
  return page;
}

/** The page of the node that sends orders, once it shows all the others. */
async function watch(how: BrowserContextOptions = {}): Promise<Page> {
  const page = await visit(nodes[0]?.url ?? '', how);
  for (const name of names.slice(1)) await row(page, name).waitFor();
  return page;
}

function row(page: Page, name: string) {
  return page.locator('tbody tr', { has: page.getByText(name, { exact: true }) });
}

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  browser = await launch();
  elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title>');
  }).listen(0, '127.0.0.1');
  const first = await startInspected('ann');
  nodes.push(first);
  nodes.push(
    ...(await Promise.all(names.slice(1).map((name) => startInspected(name, first.address)))),
  );
});

afterEach(async () => {
  for (const page of open.splice(0)) await page.close();
});

afterAll(async () => {
  await browser.close();
  elsewhere.close();
  await Promise.all(nodes.map(endInspected));
});

describe('the inspector', () => {
  it('names a stalled channel, its peer, the cause and who waits, in front of all else', async () => {
    const page = await watch();
    const banner = page.locator('.stall.stalled');
    await banner.waitFor();
    const text = await banner.innerText();
    expect(text).toMatch(/stalled/i);
    expect(text).toContain('channel 17 (0x11)');
    expect(text).toContain('to bob');
    expect(text).toMatch(/Peer bob \(\w{8}\) takes nothing on this channel/);
    expect(text).toMatch(/[\d,]+ sends of this node wait behind 8 messages in the lane/);
    expect(await page.title()).toContain('stalled');
    const top = await banner.evaluate((element) => element.getBoundingClientRect().top);
    expect(top).toBeLessThan(150);
    // Wherever one looks, the same thing is marked.
    for (const place of ['.lane', '.channel', 'tbody tr']) {
      const marked = page.locator(place, { has: page.locator('.badge.stalled') });
      await marked.waitFor();
      expect(await marked.innerText()).toMatch(place === '.channel' ? /^\W*17 / : /bob/);
    }
  });

  it('shows messages as marbles, which one can pause and look back at', async () => {
    const page = await watch();
    const marbles = page.getByRole('img', { name: 'Channel 16 (0x10)' });
    await marbles.locator('g.in').nth(4).waitFor();
    await marbles.locator('g.out').nth(4).waitFor();
    const label = await marbles.getAttribute('aria-label');
    expect(label).toMatch(
      /^Channel 16 \(0x10\), the last 15 seconds: [1-9]\d* in, [1-9]\d* out, 0 dropped$/,
    );
    // By keyboard, as all of the page.
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    const still = await marbles.innerHTML();
    await page.waitForTimeout(600);
    expect(await marbles.innerHTML()).toBe(still);
    await page.getByRole('slider').focus();
    await page.keyboard.press('Home');
    await page.getByText('-60 s').waitFor();
    expect(await marbles.locator('g.in').count()).toBe(0);
    await page.getByRole('button', { name: 'Back to live' }).click();
    await marbles.locator('g.in').nth(4).waitFor();
  });

  it('draws what is out of sight once a second, and at once when it comes into sight', async () => {
    const page = await watch({ viewport: { width: 1280, height: 400 } });
    const [draws, seconds] = await page.evaluate(async () => {
      const counts = { draws: 0 };
      Object.assign(globalThis, { counts });
      const table = document.querySelector('tbody');
      if (table === null) throw new Error('there is no table');
      const observer = new MutationObserver(() => (counts.draws += 1));
      observer.observe(table, { subtree: true, childList: true, characterData: true });
      const startMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      return [counts.draws, (performance.now() - startMs) / 1_000] as const;
    });
    expect(draws).toBeGreaterThan(0);
    expect(draws).toBeLessThanOrEqual(seconds + 2);
    await row(page, 'bob').scrollIntoViewIfNeeded();
    await page.waitForFunction(
      (before) =>
        (globalThis as unknown as { counts: { draws: number } }).counts.draws > before + 20,
      draws,
    );
  });

  it('says what the reason of a drop means', async () => {
    const page = await watch();
    // The first node spoke before the others were up.
    const drops = page.locator('.drops li').first();
    await drops.waitFor();
    expect(await drops.innerText()).toMatch(
      /^no-recipient channel 1[67] .*a broadcast, and no connected peer has the channel open$/s,
    );
  });

  it('filters events', async () => {
    const page = await watch();
    const lines = page.locator('.events li');
    await page.getByLabel('Filter').fill('peer-up');
    await lines.first().waitFor();
    for (const text of await lines.allInnerTexts()) expect(text).toContain('peer-up');
    await page.getByLabel('Filter').fill('no such event');
    await page.getByText('No event matches.').waitFor();
  });

  it('fits a phone', async () => {
    const page = await watch({ viewport: { width: 375, height: 812 } });
    await page.locator('.stall.stalled').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    await page.screenshot({ path: `${screenshots}inspector-phone.png`, fullPage: true });
  });

  it.each(['light', 'dark'] as const)('has no serious findings of axe, %s', async (colorScheme) => {
    const page = await watch({ colorScheme });
    await page.locator('.stall.stalled').waitFor();
    await page.getByLabel('empty lanes too').check();
    await page.locator('.lane').nth(5).waitFor();
    await page.screenshot({ path: `${screenshots}inspector-${colorScheme}.png`, fullPage: true });
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('refuses a wrong token with a page that says so', async () => {
    const { origin } = new URL(nodes[0]?.url ?? '');
    const page = await visit(`${origin}/?token=${'x'.repeat(32)}`);
    await page.getByRole('heading', { name: 'Wrong token' }).waitFor();
  });

  it('refuses a page of another origin, even with the token', async () => {
    const page = await visit(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
    const { host, href } = new URL(nodes[0]?.url ?? '');
    const [read, connected] = await page.evaluate(
      async ([address, socket]) => {
        const text = await fetch(address ?? '').then(
          (response) => response.text(),
          () => 'refused',
        );
        const ws = new WebSocket(socket ?? '');
        const opened = await new Promise((resolve) => {
          ws.onopen = () => resolve('open');
          ws.onerror = () => resolve('refused');
        });
        return [text, opened];
      },
      [href, `ws://${host}/mesh`],
    );
    expect([read, connected]).toEqual(['refused', 'refused']);
  });

  it('obeys only where it is allowed to', async () => {
    const looking = await visit(nodes[2]?.url ?? '');
    await row(looking, 'ann').waitFor();
    expect(await looking.getByRole('button', { name: 'Disconnect' }).count()).toBe(0);
    const page = await watch();
    await page.getByLabel('Dial an address').fill('nowhere');
    await page.getByRole('button', { name: 'Dial', exact: true }).click();
    await page.locator('.controls .bad').getByText('nowhere').waitFor();
  });

  it('shows five processes, and that one of them was killed', async () => {
    const page = await watch();
    for (const name of names.slice(1)) {
      await row(page, name).getByText('up', { exact: true }).waitFor();
    }
    const killed = nodes[4];
    if (killed === undefined) throw new Error('there is no fifth node');
    process.kill(killed.process.pid ?? NaN, 'SIGKILL');
    await page
      .getByText(/peer \w{8} is down/)
      .first()
      .waitFor();
    await page.locator('tbody .state.up').nth(3).waitFor({ state: 'detached' });
    // It keeps its name while this node tries to reach it again.
    await row(page, 'eve')
      .getByText(/waiting|dialing/)
      .waitFor();
    await page
      .locator('.dials li')
      .getByText(/next dial in|being dialed/)
      .first()
      .waitFor();
    await page.screenshot({ path: `${screenshots}inspector-killed.png`, fullPage: true });
  });
});
