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

/** One way, in milliseconds: for all frames, or asked for each; `random` is the simulation's. */
export type Latency = number | ((from: NodeId, to: NodeId, random: () => number) => number);

/**
 * A node's options, but for what the simulation decides. `keepAlive` is off unless it is given: its
 * timer would keep a `TestScheduler.run` from ending. `limits` let all nodes connect at once.
 */
export type SimulatedNodeOptions = Partial<
  Omit<RouterOptions, 'identity' | 'transports' | 'clock' | 'random'>
>;

/** What `simulate` takes. */
export interface SimulationOptions {
  /** How many nodes there are. */
  readonly nodes: number;
  /** Default 0: everything arrives at the moment at which it was sent. */
  readonly latencyMs?: Latency;
  /** Decides the nodes' identities and everything random. Default 1. */
  readonly seed?: number;
  /** What stands between the nodes. Default `trusted`, the fastest. */
  readonly protection?: Protection;
  /** Where time comes from: a `TestScheduler` for marble diagrams. Default: one of its own. */
  readonly scheduler?: VirtualTimeScheduler;
  /** Whether `node` knows the address of `other`, by their numbers. Default: all know all. */
  readonly knows?: (node: number, other: number) => boolean;
  /** Further options of a node, by its number. */
  readonly options?: (node: number) => SimulatedNodeOptions;
  /** Makes each node. Default: `createRouter`; or what puts a node of yours together. */
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

/** How long the nodes get to come up, or to see another one go, in milliseconds. */
const settleMs = 60_000;
/** No draining of lanes and no closing of links takes as long, in milliseconds. */
const stopMs = 60_000;

/**
 * A network of nodes in one process, in virtual time: whatever they do takes no real time, and the
 * same seed does the same again, to the last event.
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
 * Do not wait for the promises of a router's `start` and `stop` before you let time pass: under
 * virtual time nothing happens until you do.
 *
 * In a marble diagram, give it the `TestScheduler`, and no latency until it has started, so that
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
 * It ends some milliseconds after the stop: a node that stops takes what is on the way first.
 *
 * @throws {RangeError} `nodes` is not a whole number of 1 or more
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, for the options of a node
 */
export function simulate(options: SimulationOptions): Simulation {
  return new Simulation(options);
}

/** A simulated network: see `simulate`. */
export class Simulation {
  readonly nodes: readonly SimulatedNode[];
  /** What happened at all nodes, in order. It grows as long as the simulation lives. */
  readonly log: readonly LogEntry[];
  /** Cuts connections and divides the network. */
  readonly network: MemoryNetwork;
  /** For everything else that takes part in this time. */
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
        // All nodes may dial one at the same moment, and moments are all there is.
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

  /** Virtual time since the scheduler's beginning, in milliseconds. */
  now(): number {
    return this.clock.now();
  }

  /** @throws {RangeError} there is no node of this number */
  node(index: number): SimulatedNode {
    return this.#node(index);
  }

  /** Opens a channel at every node that has not stopped; gives it by the number of its node. */
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

  /** Starts every router, and lets no time pass: nodes come up when it does. */
  launch(): void {
    for (const { router } of this.#nodes) void router.start();
  }

  /**
   * Starts every router, and lets time pass until all nodes are up with each other, as far as one
   * of two knows the other.
   *
   * @throws {Error} that names the pairs that are not up after 60 s of virtual time
   */
  start(): void {
    this.launch();
    this.settle();
  }

  /**
   * Lets time pass until all nodes that have not stopped are up with each other, as far as one of
   * two knows the other.
   *
   * @throws {Error} that names the pairs that are not up after 60 s of virtual time
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
   * Stops a node, by its number, and lets time pass until the others have seen it go.
   *
   * @throws {Error} that names the nodes that have not, after 60 s of virtual time
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
   * Stops every node, lets time pass as long as that takes, and sees to it that nothing is left.
   *
   * @throws {Error} when a router has not stopped, or something of the network still waits for a
   * time
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

  /** The pairs that know of each other and are not up. */
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
