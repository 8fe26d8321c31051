import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page as Tab } from 'playwright-core';
import { transportConformance } from '../../lib/testing/index.ts';
import { bundled, launch } from '../browser/chromium.ts';
import { overWebRtc } from './rtc-conformance.ts';
import type { Page } from './rtc-page.ts';

const fileAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Pages of one machine see each other's addresses, instead of names that only mDNS resolves. */
const flags = [
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
];
const html = '<!doctype html><title>rxmesh</title><script src="/page.js"></script>';

let server: Server;
let browser: Browser;
let relay: ChildProcess;
/** The multiaddr of the relay. */
let relayAddress: string;

beforeAll(async () => {
  const script = await bundled(fileAt('rtc-page.ts'));
  server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  browser = await launch(...flags);
  relay = fork(fileAt('relay.ts'), { execArgv: ['--import', 'tsx'] });
  [relayAddress] = (await once(relay, 'message')) as [string];
}, 120_000);

afterAll(async () => {
  relay.kill();
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
});

/** A page of its own, and what it complains of. */
class Visit {
  readonly tab: Tab;
  readonly errors: string[] = [];

  constructor(tab: Tab) {
    this.tab = tab;
    tab.on('pageerror', ({ message }) => this.errors.push(message));
  }

  static async open(): Promise<Visit> {
    const visit = new Visit(await browser.newPage());
    await visit.tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return visit;
  }

  call<N extends keyof Page>(
    name: N,
    ...[given]: Parameters<Page[N]>
  ): Promise<Awaited<ReturnType<Page[N]>>> {
    return this.tab.evaluate(
      ([called, argument]) => {
        const { page } = globalThis as unknown as {
          page: Record<string, (argument: unknown) => unknown>;
        };
        return page[called]?.(argument);
      },
      [name, given] as const,
    ) as Promise<Awaited<ReturnType<Page[N]>>>;
  }

  /** Waits until the page has handled this many items, and looks on meanwhile. */
  async handles(count: number, look?: (taken: number) => Promise<void>): Promise<void> {
    for (let taken = 0; taken < count;) {
      ({ handled: taken } = await this.call('counts'));
      await look?.(taken);
      await sleep(50);
    }
  }
}

describe('a transport over WebRTC, in a browser', () => {
  let visit: Visit;
  beforeAll(async () => {
    visit = await Visit.open();
  });
  const never = (): never => {
    throw new Error('runs in the page');
  };
  for (const { name } of transportConformance({ ...overWebRtc, open: never }))
    it(name, () => visit.call('conform', [relayAddress, name]));
});

describe('two pages in a browser, over WebRTC', () => {
  it('find each other through a relay, hold the faster one back, and outlive the relay', async () => {
    const [a, b] = [await Visit.open(), await Visit.open()];
    const [{ id, address }] = [
      await a.call('start', relayAddress),
      await b.call('start', relayAddress),
    ];
    await b.call('dial', address);
    // The connection is their own, and not through the relay.
    const [remote] = await a.call('remotes');
    expect(remote?.path).toMatch(/^\/webrtc\/p2p\//);

    await a.call('consume', 2);
    await b.call('produce', [id, 500]);
    const leads: number[] = [];
    await a.handles(500, async (taken) => {
      leads.push((await b.call('counts')).pulled - taken);
    });
    expect(leads.length).toBeGreaterThan(5);
    expect(Math.max(...leads)).toBeLessThan(100);

    relay.kill();
    await once(relay, 'exit');
    await b.call('produce', [id, 1_000]);
    await a.handles(1_000);
    expect(await a.call('counts')).toEqual({ pulled: 0, handled: 1_000, isInOrder: true });
    expect([a.errors, b.errors]).toEqual([[], []]);
  });
});
