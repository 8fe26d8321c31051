import { checkOptionNames } from '../model/check-option-names.ts';
import { described } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import { parseNodeId, type NodeId } from '../model/id.ts';
import { type IpRange, parseIpRange } from '../model/ip-range.ts';
import { quote } from '../model/quote.ts';

/**
 * What a ban applies to: a peer by its ID, or all peers at an IP address or in a range
 * (`203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`). A plain IPv6 address means its /64, because
 * one machine may use any address in that; write `/128` for a single address.
 */
export type Banned = { readonly id: NodeId } | { readonly ip: string };

/** A ban and its length in milliseconds. Default: `banMs` of the peer options. */
export type Ban = Banned & { readonly forMs?: number };

/** A checked `Banned`. */
export type CheckedBanned = { readonly id: NodeId } | { readonly range: IpRange };

/**
 * Checks the target of a ban.
 * @throws {TypeError} if neither or both of `id` and `ip` are given, or an unknown property
 * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`; `RXMESH_ADDRESS_INVALID`: `ip` is neither an
 *   address nor a range
 */
export function checkBanned(operator: string, banned: Banned): CheckedBanned {
  checkOptionNames(operator, banned, ['id', 'ip', 'forMs']);
  const { id, ip } = banned as { readonly id?: unknown; readonly ip?: unknown };
  if (typeof id === 'string' && ip === undefined) return { id: parseNodeId(id) };
  if (typeof ip !== 'string' || id !== undefined) {
    const given = `id ${described(id)} and ip ${described(ip)}`;
    throw new TypeError(`${operator}: give either an id or an ip, both as strings, got ${given}`);
  }
  const range = parseIpRange(ip);
  if (range !== undefined) return { range };
  const what = 'an IP address, or a range such as 203.0.113.0/24';
  throw new RxmeshError(
    'RXMESH_ADDRESS_INVALID',
    `${operator}: ip must be ${what}, got ${quote(ip)}`,
  );
}

/**
 * The length of a ban, in milliseconds.
 * @throws {RangeError} if it is not a number from 0 to `Number.MAX_SAFE_INTEGER`
 */
export function checkForMs(operator: string, { forMs }: Ban, byDefaultMs: number): number {
  const ms: unknown = forMs ?? byDefaultMs;
  if (typeof ms === 'number' && ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return ms;
  throw new RangeError(`${operator}: forMs must be a time of 0 ms or more, got ${described(ms)}`);
}
