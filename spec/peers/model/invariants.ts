import type { PeerRules } from '../../../lib/peers/options.ts';
import type { PeerRecord } from '../../../lib/peers/peer-record.ts';
import type { RefPeer } from './reference.ts';
import type { RefTable } from './reference-table.ts';

/** Used instead of `expect`, which is too slow for a million calls. */
export function hold(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** What must hold whatever happens, and however it is decided. */
export class Invariants {
  readonly #rules: PeerRules;
  readonly #up = new Set<string>();
  readonly #persistent = new Set<string>();
  /** Whether there have only been strangers that this node dialed. */
  #areDialedStrangers = true;

  constructor(rules: PeerRules) {
    this.#rules = rules;
  }

  /**
   * Ups and downs alternate: never two sessions with a peer, and none for a peer that is not up.
   */
  updates(updates: readonly string[]): void {
    for (const update of updates) {
      const [digit = '', status] = update.split(' ');
      hold(this.#up.has(digit) === (status === 'down'), `${digit} is ${status ?? ''} twice`);
      if (status === 'up') this.#up.add(digit);
      else this.#up.delete(digit);
    }
  }

  check(records: readonly PeerRecord[], model: RefTable, nowMs: number): void {
    this.#limits(records, model);
    this.#wanted(records, model);
    this.#persistentPeers(records);
    this.#reservedSlots(model);
    for (const { id, status } of records) {
      hold((status === 'up') === this.#up.has(id.slice(0, 1)), `${id} is ${status}, and not told`);
    }
    hold(nowMs >= 0, 'time goes forward');
  }

  #limits(records: readonly PeerRecord[], model: RefTable): void {
    const { maxConnected, maxInbound, maxOutbound, maxUpgrading, maxDialing, maxPeers } =
      this.#rules;
    const visitors = records.filter(({ isVisitor }) => isVisitor).length;
    const counted = records.filter((peer) => !peer.isUnconditional && !peer.isVisitor);
    const most = (what: string, count: number, bound: number): void =>
      hold(count <= bound, `${what}: ${count}, more than ${bound}`);
    const linked = (direction: string) =>
      counted.filter(({ links }) => links.some((link) => link === direction)).length;
    most('connected', counted.filter(isConnected).length, maxConnected + maxUpgrading);
    most('inbound', linked('inbound'), maxInbound + maxUpgrading);
    most('outbound', linked('outbound'), maxOutbound + maxUpgrading);
    most('dialing', records.filter(({ isDialing }) => isDialing).length, maxDialing);
    const stay = model.up();
    most('up', stay.length, maxConnected);
    most('up inbound', stay.filter(({ ready }) => ready === 'inbound').length, maxInbound);
    most('up outbound', stay.filter(({ ready }) => ready === 'outbound').length, maxOutbound);
    const busy = records.filter((peer) => isConnected(peer) || peer.isDialing).length;
    const persistent = records.filter(({ isPersistent }) => isPersistent).length;
    most('visiting', visitors, this.#rules.maxVisitors ?? 0);
    most('known', records.length - visitors, Math.max(maxPeers, busy + persistent));
  }

  /** This node dials no more strangers than it wants, but for those that replace others. */
  #wanted(records: readonly PeerRecord[], model: RefTable): void {
    const { wanted, maxUpgrading } = this.#rules;
    const isDialedStranger = ({ isChosen, isUnconditional, links }: RefPeer): boolean =>
      !isChosen && !isUnconditional && !links.includes('inbound');
    const isAsBefore = model.limits.wanted === wanted && model.limits.maxUpgrading === maxUpgrading;
    this.#areDialedStrangers &&= isAsBefore && model.peers.every(isDialedStranger);
    if (!this.#areDialedStrangers) return;
    const busy = records.filter((peer) => isConnected(peer) || peer.isDialing).length;
    hold(model.up().length <= wanted, `${model.up().length} strangers are up`);
    hold(busy <= wanted + maxUpgrading, `${busy} strangers are connected or dialed`);
  }

  /** The application has removed a peer, or made it one like the others. */
  removed(digit: string): void {
    for (const peer of this.#persistent) if (peer.startsWith(digit)) this.#persistent.delete(peer);
  }

  /** Persistent peers are never forgotten. */
  #persistentPeers(records: readonly PeerRecord[]): void {
    for (const { id, isPersistent } of records) if (isPersistent) this.#persistent.add(id);
    const count = records.filter(({ isPersistent }) => isPersistent).length;
    hold(count === this.#persistent.size, 'a persistent peer was forgotten');
  }

  /**
   * While a persistent peer is away there is a slot for it: a free one, or one held by a
   * lower-ranked peer that may be evicted.
   */
  #reservedSlots(model: RefTable): void {
    const away = model.persistentWithout(isConnected);
    const others = model.up().length;
    hold(
      others + away <= this.#rules.maxConnected || model.up().some((peer) => !peer.isPersistent),
      `${others} are up, and ${away} persistent peers have no slot`,
    );
  }
}

function isConnected({ links }: { readonly links: readonly unknown[] }): boolean {
  return links.length > 0;
}
