import type { Observable, Observer } from 'rxjs';
import type { InboundEnvelope, OutboundEnvelope } from '../model/envelope.ts';
import type { NodeId } from '../model/id.ts';
import type { DropReason } from '../model/event.ts';
import type { LogEntry } from './log-entry.ts';
import type { Simulation } from './simulation.ts';

/** What a ledger uses of a `Channel`. */
export interface AccountedChannel<T> {
  readonly id: number;
  readonly in$: Observable<InboundEnvelope<T>>;
  readonly out: Observer<OutboundEnvelope<T>>;
}

/** The messages from one node to another. */
interface Account {
  readonly from: number;
  readonly to: number;
  sent: number;
  delivered: number;
  /** Reported as dropped, by either node. */
  told: number;
  /**
   * At most as many were refused before they had a recipient: such a drop is reported without a
   * peer.
   */
  refused: number;
  /** When the last message was sent, and how many were sent at that instant. */
  sentAtMs: number;
  sentThen: number;
  /** The number of the last message that was delivered. */
  last: number;
  /** How many may have been lost when the nodes were last disconnected. */
  atRisk: number;
}

/** Sums over all pairs of nodes. */
export interface LedgerTotals {
  /** Copies of messages, one for each recipient. */
  readonly sent: number;
  readonly delivered: number;
  /** Copies that `message-dropped` events report. */
  readonly told: number;
  /** Copies that got lost on connections that ended. */
  readonly lost: number;
}

/** Options of a `Ledger`. */
export interface LedgerOptions<T> {
  readonly net: Simulation;
  readonly channel: (node: number) => AccountedChannel<T>;
  /** The number of a message. It grows from each message that a node sends to the next. */
  readonly numberOf: (message: T) => number;
  readonly broken: (rule: 'order' | 'accounts', nodes: readonly number[], text: string) => void;
}

/**
 * Keeps the accounts of a channel in a simulation: what was sent, and what became of it.
 *
 * It consumes `in$` of the channel at every node, as one consumer among others.
 */
export class Ledger<T> {
  readonly #options: LedgerOptions<T>;
  readonly #accounts = new Map<number, Account>();
  /** The same accounts by node: each of them at both of its nodes. */
  readonly #accountsOf = new Map<number, Account[]>();
  /** The peers of each node that have the channel open. */
  readonly #recipients = new Map<number, Set<number>>();

  /** @internal made by `Invariants.ledger` */
  constructor(options: LedgerOptions<T>) {
    this.#options = options;
    const { net, channel } = options;
    net.setUp(({ index }) => {
      this.#startedAgain(index);
      channel(index).in$.subscribe(({ from, message }) => this.#delivered(from, index, message));
    });
    net.log$.subscribe((entry) => this.#logged(entry));
  }

  /**
   * Sends a message with `out`, to one node or to all peers of the sender, and enters it. A node
   * that has stopped sends nothing.
   */
  send(from: number, to: number | 'all', message: T): void {
    const { net, channel } = this.#options;
    if (net.node(from).isStopped) return;
    if (to === 'all') {
      for (const peer of this.#recipients.get(from) ?? []) this.#enter(from, peer);
      channel(from).out.next({ broadcast: true, message });
    } else {
      this.#enter(from, to);
      channel(from).out.next({ to: net.node(to).id, message });
    }
  }

  /** The sums now. What is on its way is not lost yet, and in none of the others. */
  totals(): LedgerTotals {
    const sums = { sent: 0, delivered: 0, told: 0, lost: 0 };
    for (const account of this.#accounts.values()) {
      const told = toldOf(account);
      sums.sent += account.sent;
      sums.delivered += account.delivered;
      sums.told += told;
      sums.lost += Math.min(account.atRisk, account.sent - account.delivered - told);
    }
    return sums;
  }

  /**
   * Checks that nothing is missing: each copy was delivered, reported as dropped, or lost on a
   * connection that has ended since. Only true while nothing is on its way.
   */
  check(): void {
    const { broken } = this.#options;
    for (const account of this.#unbalanced()) {
      const { from, to, sent, delivered, atRisk } = account;
      const counts = `${sent} sent, ${delivered} delivered, ${toldOf(account)} reported as dropped`;
      broken('accounts', [from, to], `${counts}, at most ${atRisk} lost with a connection`);
    }
  }

  /** Whether `check` would find nothing now. */
  get isBalanced(): boolean {
    return this.#unbalanced().length === 0;
  }

  #unbalanced(): readonly Account[] {
    const { net } = this.#options;
    return [...this.#accounts.values()].filter((account) => {
      const { from, to, sent, delivered, atRisk } = account;
      const open = sent - delivered - toldOf(account);
      if (open >= 0 && open <= atRisk) return false;
      // What a crashed node had not sent is lost, and so is what was on its way to one.
      return open < 0 || !(net.node(from).isStopped || net.node(to).isStopped);
    });
  }

  #delivered(fromId: NodeId, to: number, message: T): void {
    const { net, numberOf, broken } = this.#options;
    const from = net.indexOf(fromId);
    if (from === undefined) return;
    const account = this.#account(from, to);
    account.delivered += 1;
    const number = numberOf(message);
    if (number <= account.last) {
      broken('order', [from, to], `message ${number} came after ${account.last}`);
    }
    account.last = Math.max(account.last, number);
  }

  #logged({ node, event }: LogEntry): void {
    const { net, channel } = this.#options;
    const peer = 'peer' in event ? net.indexOf(event.peer) : undefined;
    if (peer === undefined) {
      this.#loggedWithoutPeer({ node, event });
      return;
    }
    const { id } = channel(node);
    if (event.type === 'peer-up') {
      if (event.channels.includes(id)) this.#recipientsOf(node).add(peer);
    } else if (event.type === 'peer-channel') {
      if (event.channel !== id) return;
      if (event.open) this.#recipientsOf(node).add(peer);
      else this.#recipientsOf(node).delete(peer);
    } else if (event.type === 'peer-down') {
      this.#recipientsOf(node).delete(peer);
      this.#disconnected(node, peer);
    } else if (event.type === 'message-dropped' && event.channel === id) {
      const [from, to] = event.direction === 'outbound' ? [node, peer] : [peer, node];
      this.#account(from, to).told += event.count;
    }
  }

  /** A message that was refused as such is missing at each of its recipients. */
  #loggedWithoutPeer({ node, event }: Pick<LogEntry, 'node' | 'event'>): void {
    if (event.type !== 'message-dropped' || event.direction !== 'outbound') return;
    const { net, channel } = this.#options;
    if (!refusals.has(event.reason) || event.channel !== channel(node).id) return;
    // Drops are reported at the instant at which they happen.
    for (const account of this.#accountsOf.get(node) ?? []) {
      if (account.from !== node || account.sentAtMs !== net.now()) continue;
      account.refused += Math.min(event.count, account.sentThen);
    }
  }

  #enter(from: number, to: number): void {
    const account = this.#account(from, to);
    const nowMs = this.#options.net.now();
    if (account.sentAtMs !== nowMs) account.sentThen = 0;
    account.sentAtMs = nowMs;
    account.sentThen += 1;
    account.sent += 1;
  }

  /** What has not arrived between two nodes may be lost now, in both directions. */
  #disconnected(one: number, other: number): void {
    putAtRisk(this.#account(one, other));
    putAtRisk(this.#account(other, one));
  }

  #startedAgain(node: number): void {
    this.#recipients.delete(node);
    for (const account of this.#accountsOf.get(node) ?? []) putAtRisk(account);
  }

  #recipientsOf(node: number): Set<number> {
    const known = this.#recipients.get(node);
    if (known !== undefined) return known;
    const recipients = new Set<number>();
    this.#recipients.set(node, recipients);
    return recipients;
  }

  #account(from: number, to: number): Account {
    const key = from * nodesMax + to;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const counts = { sent: 0, delivered: 0, told: 0, refused: 0, atRisk: 0 };
    const account: Account = { from, to, ...counts, sentAtMs: NaN, sentThen: 0, last: -Infinity };
    this.#accounts.set(key, account);
    for (const node of [from, to]) {
      const own = this.#accountsOf.get(node);
      if (own === undefined) this.#accountsOf.set(node, [account]);
      else own.push(account);
    }
    return account;
  }
}

/** Why a message is dropped before it has a recipient. */
const refusals: ReadonlySet<DropReason> = new Set(['too-large', 'encode-failed', 'channel-closed']);

/** How many were reported as dropped, with a peer or without. */
function toldOf({ sent, delivered, told, refused }: Account): number {
  return told + Math.min(refused, Math.max(0, sent - delivered - told));
}

/** The connection has ended: what has not arrived may be lost. */
function putAtRisk(account: Account): void {
  account.atRisk = account.sent - account.delivered - toldOf(account);
}

/** More nodes than any simulation has. */
const nodesMax = 2 ** 26;
