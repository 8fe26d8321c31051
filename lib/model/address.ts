import { mustBe } from './described.ts';
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
 * A node and where to reach it. Written as a URL: `ws://<id>@host:port/path`,
 * `tcp://<id>@host:port`, or, without a host, `memory:<id>`. `resolve` turns it into endpoints.
 */
export interface NodeAddress {
  /** The transport's URL scheme, in lower case. */
  readonly protocol: string;
  /** The node that must answer there. */
  readonly id: NodeId;
  /**
   * A host name, or an IP address without brackets; in lower case, at most 255 characters. An IPv6
   * address may carry a zone, which names an interface of this machine: `fe80::1%eth0`.
   */
  readonly host?: string;
  /** 1 to 65,535; if absent, the protocol's default. Requires a host. */
  readonly port?: number;
  /** Decoded, including any query and fragment. At most 1,024 characters. */
  readonly path?: string;
}

const likeThis = 'like ws://<node ID>@host:port';
const onlyId = `is a node ID, without a place: an address is ${likeThis}`;
const noId = `has no node ID: it must be ${likeThis}`;

/** The protocol of an address without a scheme. */
const DEFAULT_PROTOCOL = 'ws';

const TEXT_LENGTH_MAX = 16_384;
const HOST_LENGTH_MAX = 255;
const PATH_LENGTH_MAX = 1024;

/**
 * Parses `[protocol://]id@host[:port][path]`, `protocol://id@[path]`, or `protocol:id`.
 *
 * The protocol defaults to `ws`. Protocol, ID and host are lower-cased, percent-encoding in host
 * and path is decoded, IP addresses are normalized, and port 0 means no port. The zone of an IPv6
 * address follows `%25`, as in URLs (RFC 6874), or a bare `%`.
 *
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`
 */
export function parseNodeAddress(text: string): NodeAddress {
  // The caller may be plain JavaScript, and pass on an argument that is missing.
  const given: unknown = text;
  if (typeof given !== 'string') {
    throw new RxmeshError('RXMESH_ADDRESS_INVALID', mustBe('an address', likeThis, given));
  }
  if (text.length > TEXT_LENGTH_MAX) throw invalid(text, `is longer than ${TEXT_LENGTH_MAX}`);
  const address = parseOpaque(text) ?? parseHierarchical(text);
  const fault = faultOf(address);
  // As it was given: the parsed address is in lower case, and without a port that has no host.
  if (fault !== undefined) throw invalid(text, fault);
  return address;
}

/** Parses `protocol:id`. Any other text with a colon but no slashes has a port or is malformed. */
function parseOpaque(text: string): NodeAddress | undefined {
  const [, protocol, id] = /^([a-z][a-z0-9+.-]*):([^/@:]*)$/i.exec(text) ?? [];
  if (protocol === undefined || id === undefined) return undefined;
  if (/^\d{1,5}$/.test(id)) throw invalid(text, noId); // `localhost:4000`
  return { protocol: protocol.toLowerCase(), id: uncheckedNodeId(id.toLowerCase()) };
}

function parseHierarchical(text: string): NodeAddress {
  const [, scheme, rest = text] = /^([^/?#]*):\/\/(.*)$/s.exec(text) ?? [];
  const [, authority = '', tail = ''] = /^([^/?#]*)(.*)$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  if (isNodeId(text.toLowerCase())) throw invalid(text, onlyId);
  if (at < 0) throw invalid(text, noId);
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

/** A zone that is just `%25` means interface number 25. */
function withZoneDecoded(bracketed: string): string {
  const [, ip, zone] = /^([^%]*)%(?:25)?(.+)$/s.exec(bracketed) ?? [];
  if (ip === undefined || zone === undefined) return bracketed;
  return `${ip}%${decodePercent(zone) ?? ''}`;
}

/**
 * Formats an address as text that `parseNodeAddress` reads back. An invalid address is written as
 * well as possible: missing parts are left out, invalid characters are escaped, and a port without
 * a host is dropped.
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
 * Checks that an address has a node ID and a protocol, and that its host, port and path are valid.
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`
 */
export function validateNodeAddress(address: NodeAddress): void {
  const fault = faultOf(address);
  if (fault !== undefined) throw invalid(formatNodeAddress(address), fault);
}

function faultOf({ protocol, id, host, port, path }: NodeAddress): string | undefined {
  if (protocol === '') return `has no protocol: it must be ${likeThis}`;
  if (!isProtocol(protocol)) return `has a malformed protocol ${quote(protocol)}`;
  if (id === '') return noId;
  if (!isNodeId(id)) return `has the node ID ${quote(id)}, which is not 40 hex digits`;
  if (host !== undefined && !isHost(host)) return `has a malformed host ${quote(host)}`;
  if (port !== undefined && host === undefined) return 'has a port but no host';
  if (port !== undefined && !isPort(port)) return `has port ${port}, which is not in 1 to 65535`;
  if ((path?.length ?? 0) > PATH_LENGTH_MAX) return `has a path longer than ${PATH_LENGTH_MAX}`;
  // A lone surrogate has no UTF-8 encoding, so no address text could express it.
  if (/\p{Surrogate}/u.test(path ?? '')) return 'has half a surrogate pair in its path';
  return undefined;
}

/**
 * Accepts an IP address or a name. A name must not contain invisible characters or ones that end a
 * host, and must not end in a number: resolvers read `127.1` and `0x7f.1` as IPv4 addresses, and
 * not all in the same way. Both rules also apply to the name after Unicode mapping, where `①` is
 * a 1 and `。` a dot (UTS #46).
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
