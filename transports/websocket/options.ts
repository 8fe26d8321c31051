import { aClock, type Clock } from '../../lib/flow/clock.ts';
import {
  aFlag,
  anInteger,
  anObject,
  anything,
  isObject,
  optionFaults,
  type OptionKinds,
} from '../../lib/model/check-options.ts';
import { mustBe } from '../../lib/model/described.ts';
import { parseIpRange } from '../../lib/model/ip-range.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { quote } from '../../lib/model/quote.ts';
import type { OptionGroups } from '../../lib/model/unknown-options.ts';

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
  const problems = [...optionFaults(options, optionKinds, undefined, groups)];
  const { listen = {}, dial = {} } = isObject(options) ? options : {};
  if (isObject(listen) && isObject(dial)) {
    problems.push(...listenProblems(listen), ...dialProblems(dial));
    problems.push(...platformProblems({ ...options, listen, dial }));
  }
  if (problems.length === 0) return;
  throw new RxmeshError('RXMESH_OPTIONS_INVALID', `webSocket: ${problems.join('; ')}`);
}

const optionKinds: OptionKinds<WebSocketOptions> = {
  listen: anObject,
  dial: anObject,
  clock: aClock,
};

const listenKinds: OptionKinds<WebSocketListenOptions> = {
  tls: {
    what: 'an object with cert and key, or with pfx, SNICallback or pskCallback',
    accepts: hasCertificate,
  },
  port: anInteger(0, 65_535),
  host: {
    what: 'a name or an IP',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  path: {
    what: 'a path that begins with a slash, without ? and #, and without segments . and ..',
    accepts: isPath,
  },
  server: anything,
  origins: {
    what: "an array of strings, a function, or 'any'",
    accepts: (value) => typeof value === 'function' || value === 'any' || isList(value),
  },
  trustedProxies: { what: 'an array of IP addresses or ranges', accepts: Array.isArray },
};

const dialKinds: OptionKinds<WebSocketDialOptions> = {
  tls: anything,
  headers: anObject,
  zeroMask: aFlag,
};

/** Where an unknown option may belong. */
const groups: OptionGroups = { listen: Object.keys(listenKinds), dial: Object.keys(dialKinds) };

function listenProblems(listen: WebSocketListenOptions): readonly string[] {
  const { port, host, tls, server, origins, trustedProxies } = listen;
  const others = server === undefined ? {} : { port, host, tls };
  return [
    ...optionFaults(listen, listenKinds, 'listen'),
    ...Object.entries(others)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => `listen.${name} cannot be combined with listen.server`),
    ...proxyProblems(trustedProxies),
    ...originProblems(origins),
  ];
}

function isList(origins: unknown): origins is readonly string[] {
  return Array.isArray(origins) && origins.every((origin) => typeof origin === 'string');
}

function originProblems(origins: unknown): readonly string[] {
  const neverSent = isList(origins) ? origins.filter((origin) => !isOrigin(origin)) : [];
  const example = 'an origin is like https://example.com, without a path, or file://, or null';
  return neverSent.map((text) => {
    return `listen.origins has ${quote(text)}, which no browser sends: ${example}`;
  });
}

/** Whether a text is the path of a URL, and stays as it is there: `/a/../b` becomes `/b`. */
function isPath(given: unknown): boolean {
  if (typeof given !== 'string' || !/^\/[^?#]*$/.test(given)) return false;
  return given.split('/').every((segment) => segment !== '.' && segment !== '..');
}

function proxyProblems(given: unknown = []): readonly string[] {
  if (!Array.isArray(given)) return [];
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

function dialProblems(dial: WebSocketDialOptions): readonly string[] {
  const { headers = {} } = dial;
  const wrongHeaders = Object.entries(isObject(headers) ? headers : {})
    .filter(([, text]) => typeof text !== 'string')
    .map(([name, text]) => mustBe(`dial.headers[${quote(name)}]`, 'a string', text));
  return [...optionFaults(dial, dialKinds, 'dial'), ...wrongHeaders];
}
