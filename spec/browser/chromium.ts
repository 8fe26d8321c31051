import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type Page as Tab } from 'playwright-core';
import type { Page } from './page.ts';

/**
 * Policies by path. That of `/` is strict: no code from strings, no WebAssembly, nothing from
 * elsewhere.
 */
const policies = {
  '/': "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:*",
  '/lax': "default-src 'none'; script-src 'self' 'unsafe-eval'; connect-src ws://127.0.0.1:*",
};
type Path = keyof typeof policies;
const isPath = (url = ''): url is Path => Object.hasOwn(policies, url);

const html =
  '<!doctype html><meta charset="utf-8"><title>rxmesh</title><script src="/page.js"></script>';

/** The page, served to a real browser. */
export class Site {
  /** As the browser names it when it connects. */
  readonly origin: string;
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(): Promise<Site> {
    const script = await bundled(fileURLToPath(new URL('page.ts', import.meta.url)));
    const server = createServer(({ url }, response) => {
      const isScript = url === '/page.js';
      response.setHeader('content-security-policy', policies[isPath(url) ? url : '/']);
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : html);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const browser = await launch();
    return new Site(browser, server);
  }

  /** The page in a tab of its own, under the policy of `path`. */
  async visit(path: Path): Promise<Visit> {
    const tab = await this.#browser.newPage();
    const errors: string[] = [];
    tab.on('pageerror', ({ message }) => errors.push(message));
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await tab.goto(this.origin + path);
    return new Visit(tab, errors);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The page in a tab. */
export class Visit {
  /**
   * What the browser has complained of: errors that nobody caught, and what the page's policy
   * forbids.
   */
  readonly errors: readonly string[];
  readonly #tab: Tab;

  constructor(tab: Tab, errors: readonly string[]) {
    this.#tab = tab;
    this.errors = errors;
  }

  /** Calls what the page has of that name. */
  call<N extends keyof Page>(name: N, ...args: Parameters<Page[N]>): ReturnType<Page[N]> {
    return this.#tab.evaluate(
      ([called, given]) => {
        const { page } = globalThis as unknown as {
          page: Record<string, (given: unknown) => unknown>;
        };
        return page[called]?.(given);
      },
      [name, args[0]] as const,
    ) as ReturnType<Page[N]>;
  }

  /** Closes the tab, as its user would: the page is not asked. */
  close(): Promise<void> {
    return this.#tab.close();
  }
}

/** Starts the browser, with further flags. */
export function launch(...flags: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      // As root there is no sandbox, and only pages of these tests are visited.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...flags,
    ],
  });
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  readonly id: string;
  readonly impact: string;
  /** The first element that it is about. */
  readonly where: string | undefined;
}

/** What axe finds that keeps people from using a page. */
export async function seriousFindings(tab: Tab): Promise<readonly Finding[]> {
  // The policy of a page forbids scripts from elsewhere; this one is not from a page.
  await tab.evaluate(readFileSync(axe, 'utf8'));
  const found = await tab.evaluate(async () => {
    interface Violation {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { violations } = await (
      globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } }
    ).axe.run();
    return violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes[0]?.html }));
  });
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}

/** Where specs leave pictures of pages. */
export const screenshots: string = fileURLToPath(new URL('../../.screenshots/', import.meta.url));

/** A program for pages, with all that it imports. */
export async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'browser',
    conditions: ['source'],
    loader: { '.css': 'text' },
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild gave no bundle');
  return script.contents;
}

/** Where Chromium is: `CHROMIUM`, else what the system has of it. */
function chromiumPath(): string {
  const { CHROMIUM } = process.env;
  if (CHROMIUM !== undefined) return CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // The next one, then.
    }
  }
  throw new Error(
    'there is no Chromium: install one (apt-get install chromium), or name it in CHROMIUM',
  );
}
