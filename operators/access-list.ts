import { checkOptionNames } from '../lib/model/check-option-names.ts';
import { mustBe } from '../lib/model/described.ts';
import type { Endpoint } from '../lib/model/endpoint.ts';
import { isNodeId, type NodeId } from '../lib/model/id.ts';
import { parseIpRange } from '../lib/model/ip-range.ts';
import { IpRanges } from '../lib/model/ip-ranges.ts';
import type { Verdict } from './admit.ts';

/**
 * Who may connect. Each entry is a node ID, an IP address or a range: `203.0.113.0/24`,
 * `2001:db8::/32`. An IPv6 address without a prefix length stands for its /64.
 */
export interface AccessRules {
  /** If given, only these are let in. */
  readonly allow?: readonly string[];
  /** These are never let in, even if `allow` has them too. */
  readonly deny?: readonly string[];
}

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters --
   `admit` infers the type of its values from them: with a fixed type, values would lose theirs. */
/**
 * Decides by the rules of an `accessList`, for `admit`. The functions take whatever has these
 * properties, so that the values of a pipeline keep their type.
 */
export interface AccessList {
  /** Before the handshake: refuses what is certain to be refused later. */
  readonly connection: <T extends { readonly remote: Endpoint }>(of: T) => Verdict;
  /** After the handshake. */
  readonly peer: <T extends { readonly id: NodeId; readonly remote: Endpoint }>(of: T) => Verdict;
}
/* eslint-enable @typescript-eslint/no-unnecessary-type-parameters */

/**
 * Lists of who may connect, for `admit`. The router has them as the options `admit.allow` and
 * `admit.deny`.
 *
 *     in   -a----b----c--|         a, b, c: connections from 10.0.0.1, 10.0.0.2, 192.0.2.1
 *          admit(accessList({ allow: ['10.0.0.0/8'], deny: ['10.0.0.2'] }).connection)
 *     out  -a------------|
 *     onRefused  b    c
 *
 * A connection whose IP address is not in `allow` may still belong to an ID that is. So if `allow`
 * has an ID, strangers are refused only after the handshake.
 *
 *     const list = accessList({ allow: ['10.0.0.0/8'] });
 *     transport.incoming$.pipe(
 *       admit(list.connection, { onRefused: (_, connection) => connection.close('refused') }),
 *       handshake({ self: () => self, onFailure }),
 *       admit(({ id, link }) => list.peer({ id, remote: link.remote }), {
 *         onRefused: (_, { link }) => link.close('refused'),
 *       }),
 *     )
 *
 * An attempt from `dial` contains its connection:
 * `admit(({ connection }) => list.connection(connection), …)`.
 *
 * @throws {TypeError} for an entry that is not an ID, an IP address or a range, or an unknown
 *   option
 */
export function accessList(rules: AccessRules): AccessList {
  checkOptionNames('accessList', rules, ['allow', 'deny']);
  const faults = accessRulesFaults(rules, '');
  if (faults.length > 0) throw new TypeError(`accessList: ${faults.join('; ')}`);
  const denied = new Entries(rules.deny ?? []);
  const allowed = rules.allow && new Entries(rules.allow);
  return {
    connection: ({ remote }) => {
      if (denied.hasIp(remote)) return `${remote.ip ?? ''} is denied`;
      if (allowed === undefined || allowed.hasIds || allowed.hasIp(remote)) return true;
      return remote.ip === undefined ? 'it has no IP address' : `${remote.ip} is not allowed`;
    },
    // The peer reads the reason, so it does not say which list it is about.
    peer: ({ id, remote }) => {
      if (denied.hasIp(remote) || denied.hasId(id)) return 'not allowed here';
      if (allowed === undefined || allowed.hasId(id) || allowed.hasIp(remote)) return true;
      return 'not allowed here';
    },
  };
}

/** What is wrong with rules that a user has passed in. */
export function accessRulesFaults(rules: AccessRules, prefix: string): readonly string[] {
  const { allow, deny }: { readonly allow?: unknown; readonly deny?: unknown } = rules;
  return Object.entries({ allow, deny }).flatMap(([name, given]) => {
    if (given === undefined) return [];
    const what = 'node IDs, IP addresses or ranges';
    if (!Array.isArray(given)) return [mustBe(`${prefix}${name}`, `an array of ${what}`, given)];
    return given.flatMap((entry: unknown, at) => {
      const isEntry = typeof entry === 'string' && (idOf(entry) ?? parseIpRange(entry));
      if (isEntry) return [];
      return [mustBe(`${prefix}${name}[${at}]`, 'a node ID, an IP address or a range', entry)];
    });
  });
}

class Entries {
  readonly #ids: ReadonlySet<string>;
  readonly #ips: IpRanges;

  constructor(texts: readonly string[]) {
    this.#ids = new Set(texts.flatMap((text) => idOf(text) ?? []));
    this.#ips = new IpRanges(texts.flatMap((text) => parseIpRange(text) ?? []));
  }

  get hasIds(): boolean {
    return this.#ids.size > 0;
  }

  hasId(id: NodeId): boolean {
    return this.#ids.has(id);
  }

  hasIp({ ip }: Endpoint): boolean {
    return ip !== undefined && this.#ips.has(ip);
  }
}

/** A node ID in lower case; undefined if the text is not one. */
function idOf(text: string): NodeId | undefined {
  const id = text.toLowerCase();
  return isNodeId(id) ? id : undefined;
}
