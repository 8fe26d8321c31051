import type { Observable, Observer } from 'rxjs';
import type { InboundEnvelope, OutboundEnvelope } from '../model/envelope.ts';
import type { NodeId } from '../model/id.ts';
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
      for (const peer of this.#recipients.get(from) ?? []) this.#account(from, peer).sent += 1;
      channel(from).out.next({ broadcast: true, message });
    } else {
      this.#account(from, to).sent += 1;
      channel(from).out.next({ to: net.node(to).id, message });
    }
  }

  /** The sums now. What is on its way is not lost yet, and in none of the others. */
  totals(): LedgerTotals {
    const sums = { sent: 0, delivered: 0, told: 0, lost: 0 };
    for (const { sent, delivered, told, atRisk } of this.#accounts.values()) {
      sums.sent += sent;
      sums.delivered += delivered;
      sums.told += told;
      sums.lost += Math.min(atRisk, sent - delivered - told);
    }
    return sums;
  }

  /**
   * Checks that nothing is missing: each copy was delivered, reported as dropped, or lost on a
   * connection that has ended since. Only true while nothing is on its way.
   */
  check(): void {
    const { broken } = this.#options;
    for (const { from, to, sent, delivered, told, atRisk } of this.#unbalanced()) {
      const counts = `${sent} sent, ${delivered} delivered, ${told} reported as dropped`;
      broken('accounts', [from, to], `${counts}, at most ${atRisk} lost with a connection`);
    }
  }

  /** Whether `check` would find nothing now. */
  get isBalanced(): boolean {
    return this.#unbalanced().length === 0;
  }

  #unbalanced(): readonly Account[] {
    const { net } = this.#options;
    return [...this.#accounts.values()].filter(({ from, to, sent, delivered, told, atRisk }) => {
      const open = sent - delivered - told;
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
    if (peer === undefined) return;
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
    const counts = { sent: 0, delivered: 0, told: 0, last: -Infinity, atRisk: 0 };
    const account: Account = { from, to, ...counts };
    this.#accounts.set(key, account);
    for (const node of [from, to]) {
      const own = this.#accountsOf.get(node);
      if (own === undefined) this.#accountsOf.set(node, [account]);
      else own.push(account);
    }
    return account;
  }
}

/** The connection has ended: what has not arrived may be lost. */
function putAtRisk(account: Account): void {
  account.atRisk = account.sent - account.delivered - account.told;
}

/** More nodes than any simulation has. */
const nodesMax = 2 ** 26;
