import type { Clock } from '../../lib/flow/clock.ts';
import { RxmeshError } from '../../lib/model/error.ts';

/** Options of Node's TLS, of which these are the usual ones; the others are passed on as they are. */
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
export interface ListenOptions {
  /** 0 (default) takes any port that is free. */
  readonly port?: number;
  /**
   * IP or name of the interface. By default all of them, as Node's servers do, since a node that listens is
   * meant to be reached: `'127.0.0.1'` keeps it to this machine.
   */
  readonly host?: string;
  /** Path of the requests that are taken; `'/'` by default. Other paths get an HTTP 404. */
  readonly path?: string;
  /** Makes it a `wss` server with this certificate and key. */
  readonly tls?: TlsOptions;
  /**
   * A server of yours, to be shared: only upgrades on `path` are taken, and closing the transport leaves it
   * running. Excludes `port`, `host` and `tls`.
   */
  readonly server?: UpgradeServer;
  /**
   * Origins of web pages that may connect (`'https://example.com'`), or a function that decides. All
   * by default: a page gets nothing for its origin, it has to prove an identity as every node. A request
   * without an origin does not come from a page, and is not asked.
   */
  readonly origins?: readonly string[] | ((origin: string) => boolean);
}

/** How a WebSocket transport dials. Node only: browsers offer nothing of it. */
export interface DialOptions {
  /** For `wss`: authorities to trust (`ca`), a certificate of one's own, ... */
  readonly tls?: TlsOptions;
  /** Headers to send with the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Masks frames with zeros, false by default. RFC 6455 (10.3) has clients mask so that no page can have a
   * browser send bytes of the page's choice. What rxmesh sends is ciphertext, which nobody chooses,
   * so that zeros are as safe, and several times faster for large messages.
   */
  readonly zeroMask?: boolean;
}

/** Options of `webSocket`. */
export interface WebSocketOptions {
  /** Absent: the transport only dials. */
  readonly listen?: ListenOptions;
  readonly dial?: DialOptions;
  /** The system's by default. */
  readonly clock?: Clock;
}

/**
 * Throws one error that names every wrong option.
 *
 * @param platform what the platform has to say against them
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
 */
export function checkOptions(options: WebSocketOptions, platform: readonly string[]): void {
  const problems = [
    ...listenProblems(options.listen ?? {}),
    ...dialProblems(options.dial ?? {}),
    ...platform,
  ];
  if (problems.length === 0) return;
  throw new RxmeshError('RXMESH_OPTIONS_INVALID', `webSocket: ${problems.join('; ')}`);
}

function listenProblems({ port, host, path, tls, server, origins }: ListenOptions): string[] {
  const problems: string[] = [];
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    problems.push(`listen.port must be an integer from 0 to 65535, not ${String(port)}`);
  }
  if (host === '' || (host !== undefined && typeof host !== 'string')) {
    problems.push('listen.host must be a name or an IP');
  }
  if (path !== undefined && !(typeof path === 'string' && /^\/[^?#]*$/.test(path))) {
    problems.push(`listen.path must begin with a slash, without ? and #, not ${path}`);
  }
  if (server !== undefined) {
    const excluded = Object.entries({ port, host, tls }).filter(([, value]) => value !== undefined);
    for (const [name] of excluded)
      problems.push(`listen.${name} cannot stand beside listen.server`);
  }
  const isList = Array.isArray(origins) && origins.every((origin) => typeof origin === 'string');
  if (origins !== undefined && typeof origins !== 'function' && !isList) {
    problems.push('listen.origins must be a list of strings, or a function');
  }
  return problems;
}

function dialProblems({ headers, zeroMask }: DialOptions): string[] {
  const problems: string[] = [];
  if (headers !== undefined && !Object.values(headers).every((text) => typeof text === 'string')) {
    problems.push('dial.headers must be strings');
  }
  if (zeroMask !== undefined && typeof zeroMask !== 'boolean') {
    problems.push('dial.zeroMask must be true or false');
  }
  return problems;
}
