import type { VirtualTimeScheduler } from 'rxjs';
import type { Channel, ChannelOptions } from '../channel/channel.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { RouterOptions } from '../router/options.ts';
import { createRouter, type RouterLike } from '../router/router.ts';
import type { Protection } from '../secure/index.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';
import { seededRandom } from './seeded-random.ts';
import { identityFrom, type SimulatedNode, WatchedNode } from './simulated-node.ts';
import { VirtualClock } from './virtual-clock.ts';

/** One-way latency in milliseconds, for all frames or per frame. `random` is the simulation's. */
export type Latency = number | ((from: NodeId, to: NodeId, random: () => number) => number);

/**
 * Options of a node, apart from those that the simulation sets. `keepAlive` is off by default,
 * since its timer would keep `TestScheduler.run` from ending. The default `limits` allow all nodes
 * to connect at once.
 */
export type SimulatedNodeOptions = Partial<
  Omit<RouterOptions, 'identity' | 'transports' | 'clock' | 'random'>
>;

/** Options of `simulate`. */
export interface SimulationOptions {
  /** The number of nodes. */
  readonly nodes: number;
  /** Default 0: everything arrives at the moment it is sent. */
  readonly latencyMs?: Latency;
  /** Determines the nodes' identities and everything random. Default 1. */
  readonly seed?: number;
  /** How connections between nodes are protected. Default `trusted`, the fastest. */
  readonly protection?: Protection;
  /**
   * The source of time: a `TestScheduler` for marble diagrams. Default: a new virtual scheduler.
   */
  readonly scheduler?: VirtualTimeScheduler;
  /**
   * Whether `node` knows the address of `other`, both by number. Default: every node knows all
   * others.
   */
  readonly knows?: (node: number, other: number) => boolean;
  /** Further options of a node, by its number. */
  readonly options?: (node: number) => SimulatedNodeOptions;
  /**
   * Creates each node. Default: `createRouter`. Pass your own function to test a node of your own.
   */
  readonly makeRouter?: (options: RouterOptions) => RouterLike;
}

/** Something that happened at a node. */
export interface LogEntry {
  /** Virtual time. */
  readonly atMs: number;
  /** The node's number. */
  readonly node: number;
  readonly event: RouterEvent;
}

/** How long nodes may take to connect, or to notice that another one has left, in milliseconds. */
const settleMs = 60_000;
/** Longer than any draining of lanes and closing of links takes, in milliseconds. */
const stopMs = 60_000;

/**
 * Simulates a network of nodes in one process, in virtual time: nothing takes real time, and the
 * same seed reproduces every event.
 *
 *     const net = simulate({ nodes: 3, latencyMs: 5, seed: 1 });
 *     const chat = net.openChannels({ id: 0x10, codec: json<string>() });
 *     const heard: string[] = [];
 *     chat(1).in$.subscribe(({ message }) => heard.push(message));
 *     net.start();              // everyone is up with everyone
 *     chat(0).out.next({ to: net.node(1).id, message: 'hello' });
 *     net.advance(5);           // heard: ['hello']
 *     net.stop();               // throws if anything is left
 *
 * Do not await the promises of a router's `start` and `stop` before letting time pass: in virtual
 * time, nothing happens until you do.
 *
 * In a marble diagram, pass the `TestScheduler`, and set the latency only after the start, so that
 * the diagram begins with a network that is up:
 *
 *     scheduler.run(({ hot, expectObservable }) => {
 *       const net = simulate({ nodes: 2, scheduler });
 *       const chat = net.openChannels({ id: 0x10, codec: json<string>() });
 *       const texts$ = chat(1).in$.pipe(map(({ message }) => message));
 *       net.start();
 *       net.latencyMs = 3;
 *
 *       hot('                      -a--b----').subscribe((message) => {
 *         chat(0).out.next({ broadcast: true, message });
 *       });
 *       hot('                      ---------x').subscribe(() => net.stop());
 *       expectObservable(texts$).toBe('----a--b-----|');
 *     });
 *
 * The stream ends some milliseconds after the stop, since a stopping node first receives what is on
 * its way.
 *
 * @throws {RangeError} if `nodes` is not a whole number of at least 1
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID` for invalid options of a node
 */
export function simulate(options: SimulationOptions): Simulation {
  return new Simulation(options);
}

/** A simulated network. See `simulate`. */
export class Simulation {
  readonly nodes: readonly SimulatedNode[];
  /** The events of all nodes, in order. It grows for as long as the simulation exists. */
  readonly log: readonly LogEntry[];
  /** The network, to cut connections or partition it. */
  readonly network: MemoryNetwork;
  /** The clock, for anything else that should share this time. */
  readonly clock: VirtualClock;
  /** May be changed at any time. */
  latencyMs: Latency;

  readonly #nodes: readonly WatchedNode[];
  readonly #knows: (node: number, other: number) => boolean;

  /** @internal use `simulate` */
  constructor(options: SimulationOptions) {
    const { nodes, seed = 1, protection = 'trusted', scheduler, knows = () => true } = options;
    if (!Number.isInteger(nodes) || nodes < 1) {
      throw new RangeError(`nodes is a whole number of 1 or more, not ${nodes}`);
    }
    const random = seededRandom(seed);
    this.latencyMs = options.latencyMs ?? 0;
    this.clock = new VirtualClock(scheduler);
    this.network = new MemoryNetwork({
      clock: this.clock,
      protection,
      latencyMs: (from, to) =>
        typeof this.latencyMs === 'number' ? this.latencyMs : this.latencyMs(from, to, random),
    });
    this.#knows = knows;
    const log: LogEntry[] = [];
    this.log = log;
    const identities = Array.from({ length: nodes }, () => identityFrom(random));
    this.#nodes = identities.map((identity, index) => {
      const known = identities.filter((_, other) => other !== index && knows(index, other));
      const given = options.options?.(index) ?? {};
      return new WatchedNode({
        network: 'simulation',
        keepAlive: { intervalMs: 0 },
        ...given,
        // All nodes may dial the same one at the same instant.
        limits: {
          handshakes: Math.max(64, nodes),
          connectionsPerSecond: 1_000_000,
          ...given.limits,
        },
        index,
        identity,
        transports: [this.network.transport(identity.id)],
        clock: this.clock,
        random: seededRandom(random() * 2 ** 32),
        peers: {
          maxConnected: Math.max(32, nodes),
          ...given.peers,
          addresses: [...(given.peers?.addresses ?? []), ...known.map(({ id }) => `memory:${id}`)],
        },
        makeRouter: options.makeRouter ?? createRouter,
        onEvent: (event) => log.push({ atMs: this.now(), node: index, event }),
      });
    });
    this.nodes = this.#nodes;
  }

  /** Virtual time since the start of the scheduler, in milliseconds. */
  now(): number {
    return this.clock.now();
  }

  /** @throws {RangeError} if there is no node with this number */
  node(index: number): SimulatedNode {
    return this.#node(index);
  }

  /**
   * Opens a channel at every node that has not stopped. Returns a function from a node's number to
   * its channel.
   */
  openChannels<T>(options: ChannelOptions<T>): (node: number) => Channel<T> {
    const channels = new Map<number, Channel<T>>();
    for (const { index, router, isStopped } of this.#nodes) {
      if (!isStopped) channels.set(index, router.openChannel(options));
    }
    return (node) => {
      const channel = channels.get(node);
      if (channel === undefined) throw new RangeError(`channel ${options.id} has no node ${node}`);
      return channel;
    };
  }

  /** Starts every router without letting time pass; nodes connect once it does. */
  launch(): void {
    for (const { router } of this.#nodes) void router.start();
  }

  /**
   * Starts every router and lets time pass until all nodes are up with each other, except pairs in
   * which neither knows the other.
   *
   * @throws {Error} naming the pairs that are not up after 60 s of virtual time
   */
  start(): void {
    this.launch();
    this.settle();
  }

  /**
   * Lets time pass until all nodes that have not stopped are up with each other, except pairs in
   * which neither knows the other.
   *
   * @throws {Error} naming the pairs that are not up after 60 s of virtual time
   */
  settle(): void {
    if (this.clock.advanceUntil(() => this.#apart().length === 0, settleMs)) return;
    const apart = this.#apart().map(([one, other]) => `${one.toString()} with ${other.toString()}`);
    throw new Error(`not up after ${settleMs} ms: ${apart.join(', ')}`);
  }

  /** Lets `ms` milliseconds pass. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /**
   * Stops a node by its number, and lets time pass until the others have seen it leave.
   *
   * @throws {Error} naming the nodes that have not, after 60 s of virtual time
   */
  remove(index: number): void {
    const node = this.#node(index);
    void node.router.stop();
    const late = (): readonly WatchedNode[] =>
      this.#nodes.filter((other) => other.up.has(node.id) || (other === node && !node.isStopped));
    if (this.clock.advanceUntil(() => late().length === 0, settleMs)) return;
    const names = late().map((other) => other.toString());
    throw new Error(`${node.toString()} is not gone after ${settleMs} ms for ${names.join(', ')}`);
  }

  /**
   * Stops every node, lets enough time pass for that, and checks that nothing is left running.
   *
   * @throws {Error} if a router has not stopped, or a timer of the network is still pending
   */
  stop(): void {
    for (const { router } of this.#nodes) void router.stop();
    const running = (): readonly WatchedNode[] => this.#nodes.filter((node) => !node.isStopped);
    if (!this.clock.advanceUntil(() => running().length === 0, stopMs)) {
      const names = running().map((node) => node.toString());
      throw new Error(`not stopped after ${stopMs} ms: ${names.join(', ')}`);
    }
    const left = this.clock.dueTimesMs;
    if (left.length === 0) return;
    throw new Error(`${left.length} timers are left, due at ${left.join(', ')} ms`);
  }

  #node(index: number): WatchedNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }

  /** The pairs of nodes that should be up with each other and are not. */
  #apart(): readonly (readonly [WatchedNode, WatchedNode])[] {
    const running = this.#nodes.filter(({ isStopped }) => !isStopped);
    return running.flatMap((one) =>
      running
        .filter((other) => one.index < other.index && this.#areAcquainted(one, other))
        .filter((other) => !one.up.has(other.id) || !other.up.has(one.id))
        .map((other) => [one, other] as const),
    );
  }

  #areAcquainted({ index: one }: WatchedNode, { index: other }: WatchedNode): boolean {
    return this.#knows(one, other) || this.#knows(other, one);
  }
}
