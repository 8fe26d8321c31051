/// <reference lib="esnext.disposable" preserve="true" />
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { cpuUsage } from 'node:process';
import { webSocket } from '../../transports/websocket/index.ts';
import { type Clock, Identity, RxmeshError, systemClock } from '../index.ts';
import { aClock } from '../flow/clock.ts';
import { checkMethod } from '../model/check-function.ts';
import { aString, checkOptions, oneOf } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import type { InspectedRouter } from './sample.ts';
import { InspectService } from './service.ts';
import { isToken, siteServer } from './site.node.ts';
import { meshPath } from './view.ts';

/** Where an inspector listens. */
export interface InspectListenOptions {
  /** IP or name of the interface. Default `'127.0.0.1'`: only programs on this machine. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** Options of `inspect`. */
export interface InspectOptions {
  readonly listen?: InspectListenOptions;
  /**
   * What a page must know: 16 to 128 letters, digits, `-` and `_`. Default: a new random one, which
   * `url` ends with.
   */
  readonly token?: string;
  /**
   * Whether pages may only look, or also dial, disconnect and ban peers and change limits. Default
   * `'read'`.
   */
  readonly allow?: 'read' | 'control';
  /** Default: the system clock. Give the router's, if it has another. */
  readonly clock?: Clock;
}

/** A running inspector. */
export interface Inspector {
  /** The address of the page, with its token: for people who may see what this node does. */
  readonly url: string;
  /** Closes the page's server and disconnects all pages. It also closes when the router stops. */
  close(): Promise<void>;
  /** `close`, for `await using inspector = await inspect(router)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves a page that shows what a router does: peers, channels, lanes, drops, events, and what
 * stands still. Needs Node.
 *
 *     const { url } = await inspect(router);
 *     console.log(`look inside: ${url}`);
 *
 * Pages are peers of a small router beside the inspected one, so that its peers, limits and events
 * do not change. Without a page, only events are kept: the last 500. A page gets at most ten
 * updates a second, and none while it does not read them.
 *
 * @throws {TypeError} if an option is wrong
 * @throws {RxmeshError} `RXMESH_LISTEN_FAILED`: the port is taken, or the host is not of this
 *   machine; `RXMESH_STOPPED`: the router has stopped
 */
export async function inspect(
  router: InspectedRouter,
  options: InspectOptions = {},
): Promise<Inspector> {
  checkMethod('inspect: router', router, 'snapshot');
  const settings = checked(options);
  if (hasStopped(router))
    throw new RxmeshError('RXMESH_STOPPED', 'inspect: the router has stopped');
  const { token, allow, clock } = settings;
  const identity = await Identity.generate();
  const server = siteServer({ token, id: identity.id, host: settings.host });
  const port = await listen(server, settings);
  const service = new InspectService(router, {
    identity,
    transport: webSocket({ listen: { server, path: meshPath } }),
    allow,
    clock,
    workMs,
    admits: (nodeInfo) =>
      isToken(nodeInfo.version, token) || 'wrong token: open the address that inspect() gives',
  });
  await service.start();
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const inspector = new Running(`http://${host}:${port}/?token=${token}`, server, service);
  router.events$.subscribe({ complete: () => void inspector.close() });
  return inspector;
}

function hasStopped({ events$ }: InspectedRouter): boolean {
  let isOver = false;
  events$.subscribe({ complete: () => (isOver = true) }).unsubscribe();
  return isOver;
}

/** The processor time that this process has used. */
function workMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000;
}

class Running implements Inspector {
  readonly url: string;
  readonly #server: Server;
  readonly #service: InspectService;
  #closed: Promise<void> | undefined;

  constructor(url: string, server: Server, service: InspectService) {
    this.url = url;
    this.#server = server;
    this.#service = service;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    await this.#service.close();
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}

interface Settings extends Required<Omit<InspectOptions, 'listen'>> {
  readonly host: string;
  readonly port: number;
}

function checked(options: InspectOptions): Settings {
  checkOptions('inspect', options, {
    listen: { what: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
    token: aToken,
    allow: oneOf('read', 'control'),
    clock: aClock,
  });
  const { listen = {}, token = randomBytes(24).toString('base64url') } = options;
  checkOptions('inspect: listen', listen, { host: aString, port: aPort });
  const { host = '127.0.0.1', port = 0 } = listen;
  if (host === '')
    throw new TypeError(`inspect: ${mustBe('listen.host', 'a name or an IP', host)}`);
  const { allow = 'read', clock = systemClock } = options;
  return { token, host, port, allow, clock };
}

const aToken = {
  what: 'a text of 16 to 128 letters, digits, - and _',
  accepts: (value: unknown) => typeof value === 'string' && /^[\w-]{16,128}$/.test(value),
};

const aPort = {
  what: 'an integer from 0 to 65535',
  accepts: (value: unknown) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
};

/** Resolves to the port. */
function listen(server: Server, { host, port }: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `inspect: cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new RxmeshError('RXMESH_LISTEN_FAILED', text, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
