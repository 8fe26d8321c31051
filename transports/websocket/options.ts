import type { Clock } from '../../lib/flow/clock.ts';
import { mustBe } from '../../lib/model/described.ts';
import { parseIpRange } from '../../lib/model/ip-range.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { quote } from '../../lib/model/quote.ts';
import { unknownOptions } from '../../lib/model/unknown-options.ts';

/** Options of Node's TLS. The most common ones are listed; others are passed on unchanged. */
export interface TlsOptions {
  /** Certificate chain, as PEM. */
  readonly cert?: unknown;
  /** Private key of the certificate, as PEM. */
  readonly key?: unknown;
  /** Authorities to trust instead of the system's, as PEM. */
  readonly ca?: unknown;
  readonly [option: string]: unknown;
}

/** A Node HTTP or HTTPS server, as returned by `createServer` of `node:http` or `node:https`. */
export interface UpgradeServer {
  readonly listening: boolean;
  address(): unknown;
}

/** Where a WebSocket transport listens. */
export interface WebSocketListenOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /**
   * IP or name of the interface. Default: all interfaces, as with Node's servers, since a node that
   * listens is meant to be reached. Use `'127.0.0.1'` to accept only local connections.
   */
  readonly host?: string;
  /**
   * The path of the requests to accept, without segments `.` and `..`, which URLs do not keep.
   * Default `'/'`. Requests for other paths get an HTTP 404, without an event.
   */
  readonly path?: string;
  /** Makes it a `wss` server with this certificate and key. */
  readonly tls?: TlsOptions;
  /**
   * A server of your own to share. Only upgrades on `path` are handled, and closing the transport
   * leaves the server running. A router's `start()` waits until it listens on a port. Each path can
   * have only one transport. Another WebSocket server beside it (of ws, for example) must use
   * `noServer`, since with `server` it would answer on all paths. Excludes `port`, `host` and
   * `tls`.
   */
  readonly server?: UpgradeServer;
  /**
   * Which web pages may connect, in addition to those from this server's own host and port: a list
   * of origins (`'https://example.com'`), or a function that decides on its own and returns `true`
   * for those that may; if it throws, the answer is no. Default: only pages from the own host.
   * Requests without an origin do not come from a page and are accepted. A page that is refused
   * gets an HTTP 403, and a `connection-refused` event names it.
   *
   * `'any'` admits every page that a user of this machine or its network opens in a browser: its
   * author may then use this node as a peer, through that user's browser. Only for nodes that are
   * public anyway.
   *
   * Behind a proxy on the same machine or network, list the site's own origin as well. There, a
   * matching host name is not trusted, since any page may have a name that resolves to a local
   * address.
   *
   * A page opened from a file has the origin `'null'`, or `'file://'` in older browsers and in
   * Electron. A sandboxed page also has `'null'`, wherever it comes from. Applications and
   * extensions have their own schemes: `'app://.'`, `'capacitor://localhost'`,
   * `'chrome-extension://…'`.
   */
  readonly origins?: 'any' | readonly string[] | ((origin: string) => boolean);
  /**
   * Reverse proxies in front of this server, as IP addresses or ranges (`'127.0.0.1'`,
   * `'10.0.0.0/8'`). For a connection from one of them, limits, bans and admission see the client's
   * IP, which is the last one in `X-Forwarded-For` that is not a trusted proxy's. Default: none, so
   * everything behind a proxy counts as one host.
   */
  readonly trustedProxies?: readonly string[];
}

/** How a WebSocket transport dials. Node only: browsers support none of these. */
export interface WebSocketDialOptions {
  /** For `wss`: authorities to trust (`ca`), a client certificate, and so on. */
  readonly tls?: TlsOptions;
  /** Headers to send with the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Masks frames with zeros. Default false. RFC 6455 (10.3) requires clients to mask so that no
   * page can make a browser send bytes of its choice. rxmesh sends ciphertext, which no one can
   * choose, so zeros are just as safe, and several times faster for large messages.
   */
  readonly zeroMask?: boolean;
}

/** Options of `webSocket`. */
export interface WebSocketOptions {
  /** If omitted, the transport only dials. */
  readonly listen?: WebSocketListenOptions;
  readonly dial?: WebSocketDialOptions;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * Throws a single error that names every invalid option. The caller may use plain JavaScript, so
 * nothing is assumed about types.
 *
 * @param platformProblems checks that depend on the platform
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
 */
export function checkOptions(
  options: WebSocketOptions,
  platformProblems: (options: WebSocketOptions) => readonly string[],
): void {
  const problems = [...shapeProblems(options)];
  const { listen = {}, dial = {} } = isObject(options) ? options : {};
  if (isObject(listen) && isObject(dial)) {
    problems.push(...listenProblems(listen), ...dialProblems(dial));
    problems.push(...platformProblems({ ...options, listen, dial }));
  }
  if (problems.length === 0) return;
  throw new RxmeshError('RXMESH_OPTIONS_INVALID', `webSocket: ${problems.join('; ')}`);
}

/** Reports unknown option names, and values that should be objects. */
function shapeProblems(options: unknown): readonly string[] {
  if (!isObject(options)) return [mustBe('options', 'an object', options)];
  const groups = { listen: listenNames, dial: dialNames };
  const problems = [...unknownOptions(options, ['listen', 'dial', 'clock'], undefined, groups)];
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
  'trustedProxies',
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
  trustedProxies,
}: WebSocketListenOptions): string[] {
  const problems: string[] = [];
  if (tls !== undefined && !hasCertificate(tls)) {
    const what = 'an object with cert and key, or with pfx, SNICallback or pskCallback';
    problems.push(mustBe('listen.tls', what, tls));
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    problems.push(mustBe('listen.port', 'an integer from 0 to 65535', port));
  }
  if (host === '' || (host !== undefined && typeof host !== 'string')) {
    problems.push(mustBe('listen.host', 'a name or an IP', host));
  }
  if (path !== undefined && !isPath(path)) {
    const what = 'a path that begins with a slash, without ? and #, and without segments . and ..';
    problems.push(mustBe('listen.path', what, path));
  }
  if (server !== undefined) {
    const excluded = Object.entries({ port, host, tls }).filter(([, value]) => value !== undefined);
    for (const [name] of excluded) {
      problems.push(`listen.${name} cannot be combined with listen.server`);
    }
  }
  const isList = Array.isArray(origins) && origins.every((origin) => typeof origin === 'string');
  const isOther = typeof origins === 'function' || origins === 'any';
  if (origins !== undefined && !isOther && !isList) {
    problems.push(mustBe('listen.origins', "an array of strings, a function, or 'any'", origins));
  }
  problems.push(...proxyProblems(trustedProxies));
  const neverSent = isList ? origins.filter((origin) => !isOrigin(origin)) : [];
  for (const text of neverSent) {
    problems.push(
      `listen.origins has ${quote(text)}, which no browser sends: an origin is like https://example.com, without a path, or file://, or null`,
    );
  }
  return problems;
}

/** Whether a text is the path of a URL, and stays as it is there: `/a/../b` becomes `/b`. */
function isPath(given: unknown): boolean {
  if (typeof given !== 'string' || !/^\/[^?#]*$/.test(given)) return false;
  return given.split('/').every((segment) => segment !== '.' && segment !== '..');
}

function proxyProblems(given: unknown = []): readonly string[] {
  if (!Array.isArray(given)) {
    return [mustBe('listen.trustedProxies', 'an array of IP addresses or ranges', given)];
  }
  return given.flatMap((text: unknown) => {
    if (typeof text === 'string' && parseIpRange(text) !== undefined) return [];
    return [mustBe('listen.trustedProxies', 'IP addresses or ranges', text)];
  });
}

function hasCertificate(tls: unknown): boolean {
  if (!isObject(tls)) return false;
  const { cert, key, pfx, SNICallback, pskCallback } = tls;
  const others = [pfx, SNICallback, pskCallback];
  return (cert !== undefined && key !== undefined) || others.some((one) => one !== undefined);
}

/**
 * Whether a text is an origin as browsers write it (RFC 6454 §6.2): a scheme, a host, and a port
 * unless it is the default; or `null`. Web schemes have one canonical form of the host. Those of
 * applications and extensions may have any host, in either case (`safari-web-extension://5C2E…`),
 * or none (`file://`).
 */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\/[^\s/?#@]*$/.exec(text) ?? [];
  if (scheme === undefined || /[^ -~]/.test(text)) return false;
  if (!['http', 'https', 'ws', 'wss', 'ftp'].includes(scheme)) return true;
  return URL.canParse(text) && new URL(text).origin === text;
}

function headerProblems(headers: unknown): readonly string[] {
  if (!isObject(headers)) return [mustBe('dial.headers', 'an object', headers)];
  return Object.entries(headers)
    .filter(([, text]) => typeof text !== 'string')
    .map(([name, text]) => mustBe(`dial.headers[${quote(name)}]`, 'a string', text));
}

function dialProblems({ headers, zeroMask }: WebSocketDialOptions): string[] {
  const problems: string[] = [];
  if (headers !== undefined) problems.push(...headerProblems(headers));
  if (zeroMask !== undefined && typeof zeroMask !== 'boolean') {
    problems.push(mustBe('dial.zeroMask', 'true or false', zeroMask));
  }
  return problems;
}
