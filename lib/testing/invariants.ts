import { visitorsMax } from '../exchange/peer-exchange.ts';
import type { Direction } from '../model/direction.ts';
import type { NodeId } from '../model/id.ts';
import { checkPeerOptions, type PeerRules } from '../peers/options.ts';
import type { LaneSnapshot } from '../session/port-snapshot.ts';
import { type AccountedChannel, Ledger } from './ledger.ts';
import type { LogEntry } from './log-entry.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { Simulation } from './simulation.ts';

/** A promise that rxmesh makes. */
export type Invariant =
  /** messages from one peer on one channel arrive in the order in which they were sent, once */
  | 'order'
  /** what was sent was delivered, reported as dropped, or lost on a connection that ended */
  | 'accounts'
  /** a peer comes up and goes down in turn: there is one session with it at most */
  | 'sessions'
  /** two nodes agree on whether they are connected */
  | 'agreement'
  /** no more peers are connected than the limits of the node allow */
  | 'limits'
  /** no more messages wait in a lane than its capacity, and their bytes are counted */
  | 'lanes'
  /** nothing is left running after a stop */
  | 'stop';

/** An invariant that did not hold. */
export interface Broken {
  readonly invariant: Invariant;
  /** Virtual time. */
  readonly atMs: number;
  /** The nodes that it is about, by number. */
  readonly nodes: readonly number[];
  readonly text: string;
  /** The latest lines of the log that are about these nodes. */
  readonly log: readonly string[];
}

/** Options of `watchInvariants`. */
export interface InvariantOptions {
  /**
   * How long two nodes may disagree on whether they are connected: at least as long as keep-alive
   * takes to detect a dead connection. Default 60,000.
   */
  readonly agreeWithinMs?: number;
}

/**
 * How long `finish` waits for messages that are on their way, and in which steps, in milliseconds.
 */
const quietMs = 60_000;
const stepMs = 1_000;
/** The lanes of how many nodes are looked at in one check, in turns. */
const lanesMax = 200;
/** How many lines of the log are printed with a broken invariant, and how many are searched. */
const linesMax = 30;
const searchedMax = 20_000;
/** How many broken invariants are described in full. */
const describedMax = 3;

/**
 * Watches a simulated network, and notes where it breaks a promise of the library. Only public
 * streams are watched, so this works with routers of your own as well.
 *
 *     const net = simulate({ nodes: 8, seed: 7 });
 *     const invariants = watchInvariants(net);
 *     const chat = net.openChannels({ id: 1, codec: json<{ n: number }>() });
 *     const ledger = invariants.ledger(chat, ({ n }) => n);
 *     net.start();
 *     ledger.send(0, 'all', { n: 1 });
 *     invariants.finish();      // throws if an invariant did not hold
 *
 * Call it before `start`: it has to see every connection.
 */
export function watchInvariants(net: Simulation, options: InvariantOptions = {}): Invariants {
  return new Invariants(net, options);
}

/** The invariants of a simulation. See `watchInvariants`. */
export class Invariants {
  /** What did not hold, in order of time. */
  readonly broken: readonly Broken[];

  readonly #net: Simulation;
  readonly #agreeWithinMs: number;
  readonly #broken: Broken[] = [];
  readonly #ledgers: { readonly isBalanced: boolean; check(): void }[] = [];
  /** The connected peers of each node, and who dialed. */
  readonly #peers = new Map<number, Map<NodeId, Direction>>();
  readonly #limits = new Map<number, PeerRules>();
  /** Since when two nodes have disagreed, by their numbers. */
  readonly #apart = new Map<string, number>();
  /** The node whose lanes are looked at next. */
  #nextLanes = 0;

  /** @internal use `watchInvariants` */
  constructor(net: Simulation, options: InvariantOptions) {
    this.#net = net;
    this.#agreeWithinMs = options.agreeWithinMs ?? 60_000;
    this.broken = this.#broken;
    net.setUp((node) => this.#started(node));
    net.log$.subscribe((entry) => this.#logged(entry));
  }

  /**
   * Keeps the accounts of a channel, whose messages are sent through the ledger. `numberOf` returns
   * the number of a message, which must grow from each message that a node sends to the next.
   */
  ledger<T>(
    channel: (node: number) => AccountedChannel<T>,
    numberOf: (message: T) => number,
  ): Ledger<T> {
    const ledger = new Ledger({
      net: this.#net,
      channel,
      numberOf,
      broken: (invariant, nodes, text) => this.#breaks(invariant, nodes, text),
    });
    this.#ledgers.push(ledger);
    return ledger;
  }

  /**
   * Checks what can be checked at any time. Call it now and then during a run. Each call looks at
   * the lanes of 200 nodes, the next ones each time.
   */
  check(): void {
    const nowMs = this.#net.now();
    const apart = new Set<string>();
    for (const [one, other] of disagreeing(this.#net)) {
      const key = `${one} ${other}`;
      apart.add(key);
      const sinceMs = this.#apart.get(key);
      if (sinceMs === undefined) this.#apart.set(key, nowMs);
      if (sinceMs === undefined || nowMs - sinceMs <= this.#agreeWithinMs) continue;
      this.#apart.set(key, Infinity);
      const text = `node ${one} has been connected to node ${other}, but not the other way round`;
      this.#breaks('agreement', [one, other], `${text}, for ${nowMs - sinceMs} ms`);
    }
    for (const key of this.#apart.keys()) if (!apart.has(key)) this.#apart.delete(key);
    this.#checkSomeLanes(lanesMax);
  }

  /**
   * Lets time pass until nothing is on its way, for a minute at most, checks the accounts, and
   * stops the network.
   *
   * @throws {Error} naming every invariant that did not hold, with the seed and the lines of the
   *   log that show it
   */
  finish(): void {
    const net = this.#net;
    const limitMs = Math.max(quietMs, this.#agreeWithinMs < Infinity ? this.#agreeWithinMs : 0);
    for (let leftMs = limitMs; leftMs >= 0 && !this.#isQuiet(); leftMs -= stepMs) {
      this.check();
      net.advance(stepMs);
    }
    this.check();
    this.#checkSomeLanes(net.nodes.length);
    for (const ledger of this.#ledgers) ledger.check();
    try {
      net.stop();
    } catch (thrown) {
      this.#breaks('stop', [], thrown instanceof Error ? thrown.message : String(thrown));
    }
    if (this.#broken.length > 0) throw new Error(this.#report());
  }

  #isQuiet(): boolean {
    const agree = this.#agreeWithinMs === Infinity || disagreeing(this.#net).length === 0;
    return agree && this.#ledgers.every(({ isBalanced }) => isBalanced);
  }

  #started(node: SimulatedNode): void {
    this.#peers.set(node.index, new Map());
    const { peers, peerExchange = false } = node.options;
    const maxVisitors = peerExchange === false ? 0 : visitorsMax;
    this.#limits.set(node.index, { ...checkPeerOptions(node.id, peers ?? {}, []), maxVisitors });
  }

  #logged({ node, event }: LogEntry): void {
    if (event.type !== 'peer-up' && event.type !== 'peer-down') return;
    const peers = this.#peers.get(node);
    const peer = this.#net.indexOf(event.peer);
    if (peers === undefined || peer === undefined) return;
    this.#apart.delete(`${node} ${peer}`);
    this.#apart.delete(`${peer} ${node}`);
    const isUp = event.type === 'peer-up';
    if (peers.has(event.peer) === isUp) {
      this.#breaks('sessions', [node, peer], `${event.type} for the second time in a row`);
    }
    if (isUp) peers.set(event.peer, event.direction);
    else peers.delete(event.peer);
    if (isUp) this.#checkLimits(node, peers);
  }

  #checkLimits(node: number, peers: ReadonlyMap<NodeId, Direction>): void {
    const limits = this.#limits.get(node);
    if (limits === undefined) return;
    const counted = [...peers].filter(([id]) => !limits.unconditional.has(id));
    const of = (direction: Direction): number =>
      counted.filter(([, each]) => each === direction).length;
    const counts = {
      maxConnected: counted.length,
      maxInbound: of('inbound'),
      maxOutbound: of('outbound'),
    };
    for (const name of ['maxConnected', 'maxInbound', 'maxOutbound'] as const) {
      const visitors = name === 'maxOutbound' ? 0 : (limits.maxVisitors ?? 0);
      if (counts[name] <= limits[name] + limits.maxUpgrading + visitors) continue;
      const more = `${name} is ${limits[name]}, and maxUpgrading ${limits.maxUpgrading}`;
      this.#breaks('limits', [node], `${counts[name]} peers are connected, but ${more}`);
    }
  }

  /** Looking at the lanes of thousands of nodes takes long, so each check has the next ones. */
  #checkSomeLanes(count: number): void {
    const { nodes } = this.#net;
    for (let left = Math.min(count, nodes.length); left > 0; left -= 1) {
      const node = nodes[this.#nextLanes % nodes.length];
      this.#nextLanes += 1;
      if (node?.isStopped === false) this.#checkLanes(node);
    }
  }

  #checkLanes({ index, router }: SimulatedNode): void {
    for (const { id, channels } of router.snapshot().peers) {
      for (const { channel, inbound, outbound } of channels) {
        const fault = laneFault('inbound', inbound) ?? laneFault('outbound', outbound);
        if (fault === undefined) continue;
        const peer = this.#net.indexOf(id);
        const nodes = peer === undefined ? [index] : [index, peer];
        this.#breaks('lanes', nodes, `${fault}, channel ${channel}`);
      }
    }
  }

  #breaks(invariant: Invariant, nodes: readonly number[], text: string): void {
    const log = excerpt(this.#net.log, nodes, (id) => this.#net.indexOf(id));
    this.#broken.push({ invariant, atMs: this.#net.now(), nodes, text, log });
  }

  #report(): string {
    const broken = this.#broken;
    const lines = broken
      .slice(0, describedMax)
      .flatMap(({ invariant, atMs, nodes, text, log }) => [
        `${invariant}, after ${atMs} ms, nodes ${nodes.join(' and ')}: ${text}`,
        ...log.map((line) => `    ${line}`),
      ]);
    const more = broken.length - describedMax;
    if (more > 0) lines.push(`and ${more} more`);
    const count = broken.length === 1 ? '1 invariant' : `${broken.length} invariants`;
    return `seed ${this.#net.seed}: ${count} did not hold\n${lines.join('\n')}`;
  }
}

/** What is wrong with a lane; undefined if nothing is. */
function laneFault(direction: Direction, lane: LaneSnapshot): string | undefined {
  const { depth, depthBytes, capacity } = lane;
  const isCounted = depth === 0 ? depthBytes === 0 : depthBytes >= 0;
  if (depth <= capacity && isCounted) return undefined;
  return `${depth} messages of ${depthBytes} bytes wait in the ${direction} lane of ${capacity}`;
}

/**
 * The pairs of nodes of which the first is connected to the second, but not the second to the
 * first: for a moment while a connection is made or ends, or for as long as it is half-open.
 */
export function disagreeing(net: Simulation): readonly (readonly [one: number, other: number])[] {
  const pairs: (readonly [one: number, other: number])[] = [];
  for (const { index, id, up } of net.nodes) {
    for (const peer of up) {
      const other = net.indexOf(peer);
      if (other !== undefined && !net.node(other).up.has(id)) pairs.push([index, other]);
    }
  }
  return pairs;
}

/** The latest lines about one node, or about what happened between two. */
function excerpt(
  log: readonly LogEntry[],
  nodes: readonly number[],
  indexOf: (id: NodeId) => number | undefined,
): readonly string[] {
  const lines: string[] = [];
  const end = Math.max(0, log.length - searchedMax);
  for (let at = log.length - 1; at >= end && lines.length < linesMax; at -= 1) {
    const entry = log[at];
    if (entry === undefined || !isAbout(entry, nodes, indexOf)) continue;
    lines.push(String(entry));
  }
  return lines.reverse();
}

function isAbout(
  { node, event }: LogEntry,
  nodes: readonly number[],
  indexOf: (id: NodeId) => number | undefined,
): boolean {
  if (nodes.length > 0 && !nodes.includes(node)) return false;
  if (nodes.length < 2 || !('peer' in event)) return true;
  const peer = indexOf(event.peer);
  return peer !== undefined && nodes.includes(peer);
}
