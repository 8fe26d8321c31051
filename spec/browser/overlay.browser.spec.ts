/** The inspector over a page with a router in it, and elsewhere, through `postMessage`. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { bundled, launch, screenshots, seriousFindings } from './chromium.ts';

/** What pages of this kind do to the elements of others. */
const ugly = `html { font: 40px serif } * { letter-spacing: 9px } button, dialog { color: #800 }
  div, header, section { display: none !important }`;

const html = (script: string): string => `<!doctype html><html lang="en"><meta charset="utf-8">
  <title>a page</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/ugly.css">
  <body><main><h1>A page</h1></main><script src="${script}"></script></body></html>`;

/** No code and no style but the page's own files. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; frame-src *";

let browser: Browser;
let app: Server;
let tools: Server;
const open: Page[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const files = new Map<string, Uint8Array | string>([['/ugly.css', ugly]]);
  for (const name of ['app', 'tools', 'worker']) {
    const entry = fileURLToPath(new URL(`overlay/${name}.ts`, import.meta.url));
    files.set(`/${name}.js`, await bundled(entry));
  }
  const served = (script: string): Server =>
    createServer(({ url = '/' }, response) => {
      const file = files.get(url.split('?')[0] ?? '');
      const type = url.endsWith('.css') ? 'text/css' : 'text/javascript';
      response.setHeader('content-security-policy', policy);
      response.setHeader('content-type', file === undefined ? 'text/html' : type);
      response.end(file ?? html(script));
    }).listen(0, '127.0.0.1');
  app = served('/app.js');
  tools = served('/tools.js');
  browser = await launch();
});

afterEach(async () => {
  for (const page of open.splice(0)) await page.close();
});

afterAll(async () => {
  await browser.close();
  app.close();
  tools.close();
});

const originOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Opens a page, and keeps what the browser complains of. */
async function visit(
  url: string,
  how: BrowserContextOptions = {},
): Promise<{ page: Page; errors: readonly string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...how });
  open.push(page);
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}

/** The app's page, with the inspector over it. */
async function opened(query = '', how: BrowserContextOptions = {}) {
  const visited = await visit(`${originOf(app)}/${query}`, how);
  await visited.page.getByRole('button', { name: 'Look inside' }).click();
  await stall(visited.page).waitFor();
  return visited;
}

const stall = (page: Page) => page.locator('rxmesh-inspector .stall.stalled');

interface Told {
  readonly counts: { readonly keys: number; readonly clicks: number };
  readonly events: readonly string[];
  readonly peers: number;
}

/** What the app's page has noticed. */
function told(page: Page | Frame): Promise<Told> {
  return page.evaluate(() => {
    const { counts, events, router } = globalThis as unknown as Pick<Told, 'counts' | 'events'> & {
      readonly router: { snapshot: () => { readonly peers: readonly unknown[] } };
    };
    return { counts, events, peers: router.snapshot().peers.length };
  });
}

describe('the inspector over a page', () => {
  it('names the stall of a router in it, under a strict policy, and is no peer of it', async () => {
    const { page, errors } = await opened();
    const text = await stall(page).innerText();
    expect(text).toContain('channel 17 (0x11)');
    expect(text).toContain('to slow');
    expect(text).toMatch(/4 sends of this node wait behind 8 messages in the lane/);
    expect(await told(page)).toMatchObject({ events: [], peers: 1 });
    expect(errors).toEqual([]);
  });

  it('takes nothing of the style of the page, and leaves that as it was', async () => {
    const { page } = await opened();
    const styleOf = (selector: string) =>
      page.locator(selector).evaluate((element) => {
        const { fontSize, letterSpacing, color } = getComputedStyle(element);
        return { fontSize, letterSpacing, color };
      });
    expect(await styleOf('rxmesh-inspector .stall dd >> nth=0')).toEqual({
      fontSize: '15px',
      letterSpacing: 'normal',
      color: 'rgb(27, 34, 48)',
    });
    expect(await styleOf('main h1')).toMatchObject({ letterSpacing: '9px' });
  });

  it('has the focus while it is open, keeps its keys, and gives the focus back at Escape', async () => {
    const { page } = await opened();
    const before = await told(page);
    expect(before.counts).toEqual({ keys: 0, clicks: 1 });
    await page.getByLabel('Filter').fill('');
    await page.getByLabel('Filter').press('x');
    expect((await told(page)).counts).toEqual(before.counts);
    const inside = () => page.evaluate(() => document.activeElement?.localName);
    for (let i = 0; i < 40; i += 1) {
      await page.keyboard.press('Tab');
      // From the last element, it goes to the browser itself, and comes back.
      expect(['rxmesh-inspector', 'body']).toContain(await inside());
    }
    await page.keyboard.press('Escape');
    await page.locator('rxmesh-inspector').waitFor({ state: 'detached' });
    expect(await inside()).toBe('button');
    // By keyboard again, since the focus is where it was.
    await page.keyboard.press('Enter');
    await stall(page).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('rxmesh-inspector').waitFor({ state: 'detached' });
    expect(await told(page)).toMatchObject({ events: [], peers: 1 });
  });

  it('may be opened again as soon as it is gone', async () => {
    const { page } = await opened();
    // In the same turn: what was open before still says goodbye to the router.
    await page.evaluate(() => {
      const dialog = document
        .querySelector('rxmesh-inspector')
        ?.shadowRoot?.querySelector('dialog');
      dialog?.addEventListener('close', () => document.querySelector('button')?.click());
      dialog?.close();
    });
    await stall(page).waitFor();
    expect((await told(page)).counts.clicks).toBe(2);
  });

  it('is there once, however often it is opened', async () => {
    const { page } = await opened();
    await page.evaluate(() => document.querySelector('button')?.click());
    await page.waitForTimeout(100);
    expect(await page.locator('rxmesh-inspector').count()).toBe(1);
  });

  it('obeys only where it is allowed to', async () => {
    const { page } = await opened();
    expect(await page.getByLabel('Dial an address').count()).toBe(0);
    const { page: mine } = await opened('?control');
    await mine.getByLabel('Dial an address').fill('nowhere');
    await mine.getByRole('button', { name: 'Dial', exact: true }).click();
    await mine.locator('.controls .bad').getByText('nowhere').waitFor();
  });

  it.each(['light', 'dark'] as const)('has no serious findings of axe, %s', async (colorScheme) => {
    const { page } = await opened('', { colorScheme });
    await page.getByLabel('empty lanes too').check();
    await page.screenshot({ path: `${screenshots}overlay-${colorScheme}.png` });
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('fits a phone', async () => {
    const { page } = await opened('', { viewport: { width: 375, height: 812 } });
    const dialog = page.locator('rxmesh-inspector dialog');
    expect(await dialog.evaluate(({ scrollWidth }) => scrollWidth)).toBeLessThanOrEqual(375);
    await page.screenshot({ path: `${screenshots}overlay-phone.png` });
  });
});

describe('the inspector in a page elsewhere', () => {
  const framed = (query: string): string =>
    `${originOf(tools)}/?app=${encodeURIComponent(`${originOf(app)}/${query}`)}`;

  async function frameOf(page: Page): Promise<Frame> {
    await page.waitForFunction(() => frames.length > 0);
    const frame = page.frames().find((each) => each.url().startsWith(originOf(app)));
    if (frame === undefined) throw new Error('there is no frame');
    await frame.getByRole('button', { name: 'Look inside' }).waitFor({ state: 'attached' });
    return frame;
  }

  it('looks through postMessage into a page that lets its origin in', async () => {
    const { page, errors } = await visit(framed(`?origin=${originOf(tools)}`));
    await stall(page).waitFor();
    expect(await stall(page).innerText()).toContain('to slow');
    expect(await told(await frameOf(page))).toMatchObject({ events: [], peers: 1 });
    expect(errors).toEqual([]);
  });

  it('finds the router again when its page was loaded anew', async () => {
    const { page } = await visit(framed(`?origin=${originOf(tools)}`));
    await stall(page).waitFor();
    const before = await page.locator('.node code').first().innerText();
    await (await frameOf(page)).evaluate(() => location.reload());
    await page.locator('.node code').first().getByText(before).waitFor({ state: 'detached' });
    await stall(page).waitFor();
  }, 30_000);

  it('is refused by a page that lets other origins in, and told so; its router does not notice', async () => {
    const { page } = await visit(framed('?origin=https://tools.example'));
    const refused = `this page lets no inspector of ${originOf(tools)} in`;
    await page.locator('.trouble').getByText(refused).waitFor();
    const frame = await frameOf(page);
    expect(await told(frame)).toMatchObject({ events: [], peers: 1 });
    expect(await stall(page).count()).toBe(0);
  });

  it('sends nothing to a page of another origin than it expects', async () => {
    const { page } = await visit(
      `${framed(`?origin=${originOf(tools)}`)}&expected=https://app.example`,
    );
    await page.locator('.trouble').getByText('cannot be reached').waitFor();
    expect(await told(await frameOf(page))).toMatchObject({ events: [], peers: 1 });
  }, 30_000);

  it('looks into a router in a worker', async () => {
    const { page } = await visit(originOf(tools));
    await stall(page).waitFor();
    expect(await stall(page).innerText()).toContain('to slow');
  });
});
