import { block, fail, type NodeId, raw } from 'rxmesh';
import { pipeTo, sendTo } from 'rxmesh/operators';
import type { LedgerTotals, LogEntry, Simulation } from 'rxmesh/testing';
import { Subject } from 'rxjs';
import { numberOf } from './message.ts';

/** The channel of the pipes. Its messages go through pipes only. */
const channelId = 2;
/** How many messages may be with the recipient, or on the way to it, when a connection ends. */
const creditMessages = 2;
/** How many messages wait in the lane of a recipient; more wait in the pipe. */
const laneMessages = 4;
/** More than any run sends through one pipe. */
const bufferMessages = 1_000_000;

/** How long the pipes may take to deliver what waits in them, once all nodes are back. */
const quietMs = 60_000;
const stepMs = 1_000;

/** How many broken promises a report describes. */
const describedMax = 3;

/** Why a node drops what waits in a lane when it or its channel ends, which a pipe may not stop. */
const endings: readonly string[] = ['node-stopped', 'channel-closed'];

/** The messages through the pipe from one node to another, in the sender's present life. */
interface Account {
  readonly from: number;
  readonly to: number;
  sent: number;
  delivered: number;
  /** Reported as dropped by the recipient. */
  told: number;
  /** How many connections have ended since. */
  breaks: number;
  /** The number of the first message, and that of the last one that was delivered. */
  first: number;
  last: number;
}

/** What did not hold. */
interface BrokenPipe {
  readonly invariant: 'pipes';
  readonly atMs: number;
  readonly text: string;
}

/**
 * Pipes from nodes to others, which wait for a recipient that is away. They check that nothing that
 * was pulled gets lost: neither what waits for the recipient nor what its lane had taken. Only what
 * the recipient's credit had let onto the connection may be lost with it.
 */
export class Pipes {
  readonly broken: BrokenPipe[] = [];
  readonly #net: Simulation;
  readonly #accounts = new Map<string, Account>();
  readonly #sources = new Map<string, Subject<Uint8Array>>();

  constructor(net: Simulation) {
    this.#net = net;
    const channel = net.openChannels({
      id: channelId,
      codec: raw(),
      inbound: block(creditMessages),
      outbound: block(laneMessages),
    });
    net.setUp(({ index }) => {
      this.#startedAgain(index);
      channel(index).in$.subscribe(({ from, message }) => this.#delivered(from, index, message));
    });
    net.log$.subscribe((entry) => this.#logged(entry));
    this.#open = (from, to) => {
      const source = new Subject<Uint8Array>();
      const pipe = pipeTo(channel(from), { buffer: fail(bufferMessages) });
      source.pipe(sendTo(to), pipe).subscribe();
      return source;
    };
  }

  readonly #open: (from: number, to: NodeId) => Subject<Uint8Array>;

  /** The nodes that a node has pipes to, and its peers. */
  recipientsOf(from: number): readonly NodeId[] {
    const { up } = this.#net.node(from);
    const piped = [...this.#accounts.values()].filter(
      (account) => account.from === from && account.sent > 0,
    );
    return [...new Set([...piped.map(({ to }) => this.#net.node(to).id), ...up])];
  }

  /** Sends a message through the pipe. A node that has stopped sends nothing. */
  send(from: number, to: number, message: Uint8Array): void {
    if (this.#net.node(from).isStopped) return;
    const key = `${from} ${to}`;
    const source = this.#sources.get(key) ?? this.#open(from, this.#net.node(to).id);
    this.#sources.set(key, source);
    const account = this.#account(from, to);
    account.first = Math.min(account.first, numberOf(message));
    account.sent += 1;
    source.next(message);
  }

  /** The sums of all pipes of this life of their senders. */
  totals(): LedgerTotals {
    const sums = { sent: 0, delivered: 0, told: 0, lost: 0 };
    for (const { sent, delivered, told } of this.#accounts.values()) {
      sums.sent += sent;
      sums.delivered += delivered;
      sums.told += told;
    }
    return { ...sums, lost: sums.sent - sums.delivered - sums.told };
  }

  /** What did not hold as text; undefined if everything did. */
  report(seed: number): string | undefined {
    if (this.broken.length === 0) return undefined;
    const lines = this.broken.slice(0, describedMax).map(({ atMs, text }) => {
      return `pipes, after ${atMs} ms: ${text}`;
    });
    return [`seed ${seed}: ${this.broken.length} pipes did not hold`, ...lines].join('\n');
  }

  /** Lets time pass until nothing is missing, for a minute at most, and checks that. */
  finish(): void {
    const isLacking = (account: Account): boolean => this.#isLacking(account);
    for (let passedMs = 0; passedMs < quietMs; passedMs += stepMs) {
      if (![...this.#accounts.values()].some(isLacking)) return;
      this.#net.advance(stepMs);
    }
    this.#check();
  }

  #check(): void {
    for (const account of this.#accounts.values()) {
      if (!this.#isLacking(account)) continue;
      const { from, to, sent, delivered, told, breaks } = account;
      const counts = `${sent} pulled, ${delivered} delivered, ${told} reported as dropped`;
      const most = `at most ${breaks * creditMessages} lost with ${breaks} connections`;
      this.#breaks(`the pipe from node ${from} to ${to}: ${counts}, ${most}`);
    }
  }

  #isLacking({ from, to, sent, delivered, told, breaks }: Account): boolean {
    const [sender, recipient] = [this.#net.node(from), this.#net.node(to)];
    if (sender.isStopped || !sender.up.has(recipient.id)) return false;
    return sent - delivered - told > breaks * creditMessages;
  }

  #delivered(fromId: NodeId, to: number, message: Uint8Array): void {
    const from = this.#net.indexOf(fromId);
    if (from === undefined) return;
    const account = this.#account(from, to);
    const number = numberOf(message);
    // A frozen node may read late what an earlier life of the sender has sent.
    if (number < account.first) return;
    if (number <= account.last) {
      this.#breaks(`the pipe from node ${from} to ${to}: ${number} came after ${account.last}`);
    }
    account.last = number;
    account.delivered += 1;
  }

  #logged({ node, event }: LogEntry): void {
    const peer = 'peer' in event ? this.#net.indexOf(event.peer) : undefined;
    if (peer === undefined) return;
    if (event.type === 'peer-down') {
      this.#account(node, peer).breaks += 1;
    } else if (event.type === 'message-dropped' && event.channel === channelId) {
      if (event.direction === 'inbound') this.#account(peer, node).told += event.count;
      else if (!endings.includes(event.reason)) {
        const what = `${event.count} messages dropped, ${event.reason}`;
        this.#breaks(`the pipe from node ${node} to ${peer}: ${what}`);
      }
    }
  }

  /** What a node had not sent is gone with it, and its pipes are new ones. */
  #startedAgain(node: number): void {
    for (const [key, { from }] of [...this.#accounts]) {
      if (from !== node) continue;
      this.#accounts.delete(key);
      this.#sources.delete(key);
    }
  }

  #breaks(text: string): void {
    this.broken.push({ invariant: 'pipes', atMs: this.#net.now(), text });
  }

  #account(from: number, to: number): Account {
    const key = `${from} ${to}`;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const counts = { sent: 0, delivered: 0, told: 0, breaks: 0, first: Infinity, last: -1 };
    const account: Account = { from, to, ...counts };
    this.#accounts.set(key, account);
    return account;
  }
}
