import type { Clock } from '../../lib/flow/clock.ts';
import { mustBe } from '../../lib/model/described.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { quote } from '../../lib/model/quote.ts';
import { unknownOptions } from '../../lib/model/unknown-options.ts';

/**
 * Options of Node's TLS, of which these are the usual ones; the others are passed on as they are.
 */
export interface TlsOptions {
  /** Certificate chain, as PEM. */
  readonly cert?: unknown;
  /** Private key of the certificate, as PEM. */
  readonly key?: unknown;
  /** Authorities to trust instead of the system's, as PEM. */
  readonly ca?: unknown;
  readonly [option: string]: unknown;
}

/** An HTTP or HTTPS server of Node: what `createServer` of `node:http` or `node:https` returns. */
export interface UpgradeServer {
  readonly listening: boolean;
  address(): unknown;
}

/** Where a WebSocket transport listens. */
export interface WebSocketListenOptions {
  /** 0 (default) takes any port that is free. */
  readonly port?: number;
  /**
   * IP or name of the interface. By default all of them, as Node's servers do, since a node that
   * listens is meant to be reached: `'127.0.0.1'` keeps it to this machine.
   */
  readonly host?: string;
  /**
   * Path of the requests that are taken; `'/'` by default. Other paths get an HTTP 404, of which
   * this side is told nothing.
   */
  readonly path?: string;
  /** Makes it a `wss` server with this certificate and key. */
  readonly tls?: TlsOptions;
  /**
   * A server of yours, to be shared: only upgrades on `path` are taken, and closing the transport
   * leaves it running. `start()` of a router waits until it listens, on a port. Each path has one
   * transport; another WebSocket server beside it (of ws, say) takes `noServer`, since with
   * `server` it answers on all paths. Excludes `port`, `host` and `tls`.
   */
  readonly server?: UpgradeServer;
  /**
   * Web pages that may connect, by their origin (`'https://example.com'`), beside those of this
   * server's own host and port; or a function that decides alone, and returns `true` for those that
   * may. What it throws is a no. By default only pages of the own host may. A request without an
   * origin does not come from a page, and passes. A page that may not gets an HTTP 403, and a
   * `connection-refused` event says which one it was.
   *
   * `'any'` lets every page in that a user of this machine, or of its network, opens in a browser:
   * whoever made it may then use this node as a peer, through the user's own browser. Only for
   * nodes that are public anyway.
   *
   * Behind a proxy on the same machine or network, name the site's own origin, too: its name is not
   * believed there, since any page may have a name that resolves to a local address.
   *
   * A page that was opened from a file has the origin `'null'`, or `'file://'` in older browsers
   * and in Electron; so has a sandboxed one `'null'`, whoever it is of. Applications and extensions
   * have schemes of their own: `'app://.'`, `'capacitor://localhost'`, `'chrome-extension://…'`.
   */
  readonly origins?: 'any' | readonly string[] | ((origin: string) => boolean);
}

/** How a WebSocket transport dials. Node only: browsers offer nothing of it. */
export interface WebSocketDialOptions {
  /** For `wss`: authorities to trust (`ca`), a certificate of one's own, ... */
  readonly tls?: TlsOptions;
  /** Headers to send with the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Masks frames with zeros, false by default. RFC 6455 (10.3) has clients mask so that no page can
   * have a browser send bytes of the page's choice. What rxmesh sends is ciphertext, which nobody
   * chooses, so that zeros are as safe, and several times faster for large messages.
   */
  readonly zeroMask?: boolean;
}

/** Options of `webSocket`. */
export interface WebSocketOptions {
  /** Absent: the transport only dials. */
  readonly listen?: WebSocketListenOptions;
  readonly dial?: WebSocketDialOptions;
  /** The system's by default. */
  readonly clock?: Clock;
}

/**
 * Throws one error that names every wrong option. The caller may be plain JavaScript, so nothing is
 * taken for granted.
 *
 * @param platformProblems what the platform has to say against them
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
 */
export function checkOptions(
  options: WebSocketOptions,
  platformProblems: (options: WebSocketOptions) => readonly string[],
): void {
  const problems = [...shapeProblems(options)];
  if (problems.length === 0) {
    problems.push(
      ...listenProblems(options.listen ?? {}),
      ...dialProblems(options.dial ?? {}),
      ...platformProblems(options),
    );
  }
  if (problems.length === 0) return;
  throw new RxmeshError('RXMESH_OPTIONS_INVALID', `webSocket: ${problems.join('; ')}`);
}

/** Names that no option has, and what should be an object and is not. */
function shapeProblems(options: unknown): readonly string[] {
  if (!isObject(options)) return [mustBe('options', 'an object', options)];
  const problems = [...unknownOptions(options, ['listen', 'dial', 'clock'])];
  const groups = { listen: listenNames, dial: dialNames };
  for (const [name, known] of Object.entries(groups)) {
    const given = options[name];
    if (given === undefined) continue;
    if (isObject(given)) problems.push(...unknownOptions(given, known, name));
    else problems.push(mustBe(name, 'an object', given));
  }
  return problems;
}

const listenNames = [
  'port',
  'host',
  'path',
  'tls',
  'server',
  'origins',
] satisfies (keyof WebSocketListenOptions)[];
const dialNames = ['tls', 'headers', 'zeroMask'] satisfies (keyof WebSocketDialOptions)[];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function listenProblems({
  port,
  host,
  path,
  tls,
  server,
  origins,
}: WebSocketListenOptions): string[] {
  const problems: string[] = [];
  if (tls !== undefined && !hasCertificate(tls)) {
    problems.push('listen.tls needs cert and key, or pfx, SNICallback or pskCallback');
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    problems.push(mustBe('listen.port', 'an integer from 0 to 65535', port));
  }
  if (host === '' || (host !== undefined && typeof host !== 'string')) {
    problems.push(mustBe('listen.host', 'a name or an IP', host));
  }
  if (path !== undefined && !(typeof path === 'string' && /^\/[^?#]*$/.test(path))) {
    problems.push(mustBe('listen.path', 'a path that begins with a slash, without ? and #', path));
  }
  if (server !== undefined) {
    const excluded = Object.entries({ port, host, tls }).filter(([, value]) => value !== undefined);
    for (const [name] of excluded)
      problems.push(`listen.${name} cannot stand beside listen.server`);
  }
  const isList = Array.isArray(origins) && origins.every((origin) => typeof origin === 'string');
  const isOther = typeof origins === 'function' || origins === 'any';
  if (origins !== undefined && !isOther && !isList) {
    problems.push(mustBe('listen.origins', "an array of strings, a function, or 'any'", origins));
  }
  const neverSent = isList ? origins.filter((origin) => !isOrigin(origin)) : [];
  for (const text of neverSent) {
    problems.push(
      `listen.origins has ${quote(text)}, which no browser sends: it is like https://example.com, without a path, or file://, or null`,
    );
  }
  return problems;
}

function hasCertificate(tls: unknown): boolean {
  if (!isObject(tls)) return false;
  const { cert, key, pfx, SNICallback, pskCallback } = tls;
  const others = [pfx, SNICallback, pskCallback];
  return (cert !== undefined && key !== undefined) || others.some((one) => one !== undefined);
}

/**
 * As browsers write it (RFC 6454 §6.2): a scheme, a host, and a port unless it is the usual one; or
 * `null`. Schemes of the web have their hosts in one form. Those of an application or an extension
 * have any host, in either case (`safari-web-extension://5C2E…`), or none (`file://`).
 */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\/[^\s/?#@]*$/.exec(text) ?? [];
  if (scheme === undefined || /[^ -~]/.test(text)) return false;
  if (!['http', 'https', 'ws', 'wss', 'ftp'].includes(scheme)) return true;
  return URL.canParse(text) && new URL(text).origin === text;
}

function dialProblems({ headers, zeroMask }: WebSocketDialOptions): string[] {
  const problems: string[] = [];
  if (headers !== undefined && !Object.values(headers).every((text) => typeof text === 'string')) {
    problems.push('dial.headers must be an object whose values are strings');
  }
  if (zeroMask !== undefined && typeof zeroMask !== 'boolean') {
    problems.push(mustBe('dial.zeroMask', 'true or false', zeroMask));
  }
  return problems;
}
