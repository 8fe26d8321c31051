/** The documentation's site, as `npm run docs` builds it, in a real browser. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launch } from './chromium.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

let server: Server;
let browser: Browser;
let tab: Page;
let origin: string;
/** What the browser complains of: errors on its console, and what the server does not have. */
let errors: string[];

beforeAll(async () => {
  execFileSync('npm', ['run', '--silent', 'docs'], { cwd: root, stdio: 'pipe' });
  server = createServer(({ url = '' }, response) => {
    const path = decodeURIComponent(url === '/' ? '/index.html' : (url.split('?')[0] ?? ''));
    try {
      const body = readFileSync(`${root}site${path}`);
      response.setHeader('content-type', types[extname(path)] ?? 'text/plain');
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  errors = [];
  tab = await browser.newPage();
  tab.on('pageerror', ({ message }) => errors.push(message));
  tab.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${tab.url()}: ${message.text()}`);
  });
  tab.on('response', (response) => {
    if (response.status() >= 400) errors.push(`${response.status()}: ${response.url()}`);
  });
});
afterEach(() => tab.close());

describe('the site', () => {
  it('has groups on its front page, from which one gets to Start', async () => {
    await tab.goto(`${origin}/`);
    expect(await tab.title()).toContain('rxmesh');
    const groups = tab.locator('#tsd-nav-container > li');
    await groups.first().waitFor();
    const names = await groups.allInnerTexts();
    expect(names.map((name) => name.trim().split('\n')[0])).toEqual([
      'Start',
      'Recipes',
      'Reference',
      'Design',
      'API',
    ]);
    // A group may be open, as its reader has left it.
    await groups
      .first()
      .locator('details')
      .evaluate((group) => group.setAttribute('open', ''));
    await groups.first().locator('a[href$="/Start.html"]').click();
    await tab.getByRole('heading', { name: 'Hello world' }).waitFor();
    expect(errors).toEqual([]);
  });

  it.each([
    ['boundedMergeMap', /boundedMergeMap/],
    ['reconnect', /Reconnect without loss/],
    ['RPC', /Request and response/],
    ['EADDRINUSE', /Start/],
    ['Ctrl-C', /Ctrl-C and signals/],
  ])('finds %s', async (words, found) => {
    await tab.goto(`${origin}/`);
    await tab.locator('#tsd-search-trigger').click();
    await tab.locator('#tsd-search-input').fill(words);
    await tab.locator('#tsd-search-results').getByText(found).first().waitFor();
    expect(errors).toEqual([]);
  });

  it('opens each document without an error', async () => {
    const pages = readdirSync(`${root}site/documents`);
    expect(pages.length).toBeGreaterThan(20);
    for (const page of pages) {
      await tab.goto(`${origin}/documents/${encodeURIComponent(page)}`);
      expect(await tab.locator('h1').first().innerText()).not.toBe('');
    }
    expect(errors).toEqual([]);
  });
});
