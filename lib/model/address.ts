import { RxmeshError } from './error.ts';
import { isNodeId, type NodeId } from './id.ts';
import { uncheckedNodeId } from './node-id.ts';
import { isIpv6, normalizeIp } from './ip.ts';
import { quote } from './quote.ts';
import {
  escapePart,
  escapePath,
  formatHostPort,
  isPort,
  isProtocol,
  decodePercent,
  withLeadingSlash,
} from './url-text.ts';

/**
 * Which node, and where to reach it. As text it is a URL: `ws://<id>@host:port/path`,
 * `tcp://<id>@host:port`, or without a host `memory:<id>`. `resolve` makes endpoints of it.
 */
export interface NodeAddress {
  /** Scheme of the transport, in lower case. */
  readonly protocol: string;
  /** Who must answer there. */
  readonly id: NodeId;
  /**
   * A name, or an IP address without brackets; in lower case, at most 255 characters. An IPv6
   * address may have a zone, an interface of this machine: `fe80::1%eth0`.
   */
  readonly host?: string;
  /** 1 to 65,535; absent: the protocol's default. Only with a host. */
  readonly port?: number;
  /** Decoded; with a query or fragment, when there is one. At most 1,024 characters. */
  readonly path?: string;
}

/** The protocol of an address without scheme. */
const DEFAULT_PROTOCOL = 'ws';

const TEXT_LENGTH_MAX = 16_384;
const HOST_LENGTH_MAX = 255;
const PATH_LENGTH_MAX = 1024;

/**
 * Reads `[protocol://]id@host[:port][path]`, `protocol://id@[path]`, or `protocol:id`; the protocol
 * is `ws` when there is none. Protocol, id and host become lower case, percent-encoding is decoded
 * in host and path, IP addresses get their one form, and port 0 means none. The zone of an IPv6
 * address stands behind `%25`, as in URLs (RFC 6874), or behind `%` alone.
 *
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`
 */
export function parseNodeAddress(text: string): NodeAddress {
  if (text.length > TEXT_LENGTH_MAX) throw invalid(text, `is longer than ${TEXT_LENGTH_MAX}`);
  const address = parseOpaque(text) ?? parseHierarchical(text);
  validateNodeAddress(address);
  return address;
}

/** `protocol:id`. What else has a colon but no slashes has a port, or is malformed. */
function parseOpaque(text: string): NodeAddress | undefined {
  const [, protocol, id] = /^([a-z][a-z0-9+.-]*):([^/@:]*)$/i.exec(text) ?? [];
  if (protocol === undefined || id === undefined) return undefined;
  return { protocol: protocol.toLowerCase(), id: uncheckedNodeId(id.toLowerCase()) };
}

function parseHierarchical(text: string): NodeAddress {
  const [, scheme, rest = text] = /^([^/?#]*):\/\/(.*)$/s.exec(text) ?? [];
  const [, authority = '', tail = ''] = /^([^/?#]*)(.*)$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  if (at < 0) throw invalid(text, 'has no node ID: it must be like ws://<node ID>@host:port');
  const path = decodePercent(withLeadingSlash(tail));
  if (path === undefined) throw invalid(text, 'has broken percent-encoding');
  const { host, port } = parseHostPort(text, authority.slice(at + 1));
  return {
    protocol: (scheme ?? DEFAULT_PROTOCOL).toLowerCase(),
    id: uncheckedNodeId(authority.slice(0, at).toLowerCase()),
    ...(host !== '' && { host }),
    ...(port !== 0 && { port }),
    ...(path !== '' && { path }),
  };
}

function parseHostPort(text: string, hostPort: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{0,5}))?$/.exec(hostPort);
  if (match === null) throw invalid(text, 'has a malformed host or port');
  const [, bracketed, plain = '', digits = ''] = match;
  const port = Number(digits);
  if (port > 65535) throw invalid(text, 'has a port over 65535');
  if (bracketed !== undefined) {
    const ip = isIpv6(bracketed) ? normalizeIp(withZoneDecoded(bracketed)) : undefined;
    if (ip === undefined) throw invalid(text, 'has no IPv6 address between its brackets');
    return { host: ip, port };
  }
  const host = decodePercent(plain)?.toLowerCase();
  if (host === undefined) throw invalid(text, 'has broken percent-encoding');
  return { host, port };
}

/** A zone of `%25` alone is the interface of this number. */
function withZoneDecoded(bracketed: string): string {
  const [, ip, zone] = /^([^%]*)%(?:25)?(.+)$/s.exec(bracketed) ?? [];
  if (ip === undefined || zone === undefined) return bracketed;
  return `${ip}%${decodePercent(zone) ?? ''}`;
}

/**
 * An address as text, which `parseNodeAddress` reads back. One that is not valid is written as far
 * as it goes: what it lacks is left out, what does not fit is escaped, a port without host is
 * dropped.
 */
export function formatNodeAddress(address: NodeAddress): string {
  const { protocol, id, host = '', port, path = '' } = address;
  if (protocol !== '' && host === '' && (path === '' || path === id)) {
    return `${escapePart(protocol)}:${escapePart(id)}`;
  }
  const user = id === '' ? '' : `${escapePart(id)}@`;
  const where = host === '' ? '' : formatHostPort(host, port === 0 ? undefined : port);
  const scheme = protocol === '' ? '' : `${escapePart(protocol)}://`;
  return scheme + user + where + escapePath(withLeadingSlash(path));
}

/**
 * Checks that an address names a node and a protocol, and that its host, port and path are
 * possible.
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`
 */
export function validateNodeAddress(address: NodeAddress): void {
  const fault = faultOf(address);
  if (fault !== undefined) throw invalid(formatNodeAddress(address), fault);
}

function faultOf({ protocol, id, host, port, path }: NodeAddress): string | undefined {
  if (protocol === '') return 'has no protocol: it must be like ws://<node ID>@host:port';
  if (!isProtocol(protocol)) return `has a malformed protocol ${quote(protocol)}`;
  if (id === '') return 'has no node ID: it must be like ws://<node ID>@host:port';
  if (!isNodeId(id)) return `has a malformed node ID ${quote(id)}`;
  if (host !== undefined && !isHost(host)) return `has a malformed host ${quote(host)}`;
  if (port !== undefined && host === undefined) return 'has a port but no host';
  if (port !== undefined && !isPort(port)) return `has port ${port}, which is not in 1 to 65535`;
  if ((path?.length ?? 0) > PATH_LENGTH_MAX) return `has a path longer than ${PATH_LENGTH_MAX}`;
  // It has no UTF-8, so no text could say it.
  if (/\p{Surrogate}/u.test(path ?? '')) return 'has half a surrogate pair in its path';
  return undefined;
}

/**
 * An IP address, or a name. A name has none of the characters that end a host or are invisible, and
 * does not end in a number: resolvers take `127.1` and `0x7f.1` for IPv4 addresses, each in its own
 * way. The same holds for what a resolver makes of it: `①` is a 1 to it, and `。` a dot (UTS #46).
 */
function isHost(host: string): boolean {
  if (host === '' || host.length > HOST_LENGTH_MAX) return false;
  if (normalizeIp(host) !== undefined) return true;
  const resolved = host.normalize('NFKC').replaceAll('\u3002', '.');
  return [host, resolved].every(
    (name) =>
      !/[\p{C}\s/?#@:%[\]\\<>^|"`{}]/u.test(name) && !/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(name),
  );
}

function invalid(text: string, fault: string): RxmeshError {
  return new RxmeshError('RXMESH_ADDRESS_INVALID', `address ${quote(text)} ${fault}`);
}
