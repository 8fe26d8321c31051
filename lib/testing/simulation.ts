import type { VirtualTimeScheduler } from 'rxjs';
import type { Channel, ChannelOptions } from '../channel/channel.ts';
import type { RouterEvent } from '../model/event.ts';
import { mustBe } from '../model/described.ts';
import type { NodeId } from '../model/id.ts';
import type { Identity } from '../model/identity.ts';
import type { RouterOptions } from '../router/options.ts';
import { createRouter, type RouterLike } from '../router/router.ts';
import type { Protection } from '../secure/index.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';
import { Acquaintances } from './acquaintances.ts';
import { seededRandom } from './seeded-random.ts';
import { cuttableStore } from './simulated-store.ts';
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
  /** All nodes, by number. `add` appends to it. */
  readonly nodes: readonly SimulatedNode[];
  /** The events of all nodes, in order. It grows for as long as the simulation exists. */
  readonly log: readonly LogEntry[];
  /** The network, to cut connections or partition it. */
  readonly network: MemoryNetwork;
  /** The clock, for anything else that should share this time. */
  readonly clock: VirtualClock;
  /** May be changed at any time. */
  latencyMs: Latency;

  readonly #options: SimulationOptions;
  readonly #random: () => number;
  readonly #nodes: WatchedNode[] = [];
  readonly #log: LogEntry[] = [];
  readonly #acquaintances = new Acquaintances<WatchedNode>();
  readonly #knows: (node: number, other: number) => boolean;
  /** Opens the channels of `openChannels` at a node that joins later or starts again. */
  readonly #openAt: ((node: WatchedNode) => void)[] = [];
  #isLaunched = false;

  /** @internal use `simulate` */
  constructor(options: SimulationOptions) {
    const { nodes, seed = 1, protection = 'trusted', scheduler, knows = () => true } = options;
    if (!Number.isInteger(nodes) || nodes < 1) {
      throw new RangeError(`simulate: ${mustBe('nodes', 'an integer of at least 1', nodes)}`);
    }
    const random = seededRandom(seed);
    this.#options = options;
    this.#random = random;
    this.latencyMs = options.latencyMs ?? 0;
    this.clock = new VirtualClock(scheduler);
    this.network = new MemoryNetwork({
      clock: this.clock,
      protection,
      latencyMs: (from, to) =>
        typeof this.latencyMs === 'number' ? this.latencyMs : this.latencyMs(from, to, random),
    });
    this.#knows = knows;
    this.log = this.#log;
    this.nodes = this.#nodes;
    const identities = Array.from({ length: nodes }, () => identityFrom(random));
    for (const identity of identities) this.#addNode(identity, identities);
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
   * Opens a channel at every node that has not stopped, and at nodes that join later or start again
   * (but not at those already stopped). Returns a function from a node's number to its channel.
   */
  openChannels<T>(options: ChannelOptions<T>): (node: number) => Channel<T> {
    const channels = new Map<number, Channel<T>>();
    const openAt = ({ index, router }: WatchedNode): void => {
      channels.set(index, router.openChannel(options));
    };
    for (const node of this.#nodes) if (!node.isStopped) openAt(node);
    this.#openAt.push(openAt);
    return (node) => {
      const channel = channels.get(node);
      if (channel !== undefined) return channel;
      const text = mustBe('node', `from 0 to ${channels.size - 1}`, node);
      throw new RangeError(`channel ${options.id}: ${text}`);
    };
  }

  /** Starts every router without letting time pass; nodes connect once it does. */
  launch(): void {
    this.#isLaunched = true;
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
    if (this.clock.advanceUntil(() => this.#acquaintances.missing === 0, settleMs)) return;
    const apart = this.#acquaintances.apart();
    const pairs = apart.map(([one, other]) => `${one.toString()} with ${other.toString()}`);
    throw new Error(`not up after ${settleMs} ms: ${pairs.join(', ')}`);
  }

  /** Lets `ms` milliseconds pass. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /**
   * Adds a node with the next number. It knows the nodes that `knows` says; they do not know it
   * until it dials them. It has the channels of `openChannels`, and starts if the network has been
   * launched, without letting time pass.
   */
  add(): SimulatedNode {
    const identity = identityFrom(this.#random);
    const node = this.#addNode(identity, [...this.#nodes]);
    for (const openAt of this.#openAt) openAt(node);
    if (this.#isLaunched) void node.router.start();
    return node;
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
   * Ends a node as a killed process ends: its connections are cut without a goodbye, and whatever
   * it had not sent, or not written to its peer store, is lost. Does not let time pass.
   *
   * @throws {Error} if it has stopped already
   */
  crash(index: number): void {
    const node = this.#node(index);
    if (node.isStopped) throw new Error(`crash: ${node.toString()} has stopped already`);
    node.crash(() => {
      for (const { id } of this.#nodes) if (id !== node.id) this.network.sever(node.id, id);
    });
  }

  /**
   * Starts a node again after `remove` or `crash`, as a new process with the same key and options:
   * it remembers nothing else, except what is in its peer store (see `simulatedStore`). It has the
   * channels of `openChannels`. Does not let time pass.
   *
   * @throws {Error} if it is still running
   */
  restart(index: number): void {
    const node = this.#node(index);
    if (!node.isStopped) {
      throw new Error(`restart: ${node.toString()} is still running: remove or crash it first`);
    }
    node.restart();
    this.#acquaintances.started(node);
    for (const openAt of this.#openAt) openAt(node);
    void node.router.start();
  }

  /**
   * Stops every node, lets enough time pass for that, and checks that nothing is left running.
   *
   * @throws {Error} if a router has not stopped, or a timer of the network is still pending
   */
  stop(): void {
    for (const { router } of this.#nodes) void router.stop();
    const running = (): readonly WatchedNode[] => this.#nodes.filter((node) => !node.isIdle);
    if (!this.clock.advanceUntil(() => running().length === 0, stopMs)) {
      const names = running().map((node) => node.toString());
      throw new Error(`not stopped after ${stopMs} ms: ${names.join(', ')}`);
    }
    const left = this.clock.dueTimesMs;
    if (left.length === 0) return;
    throw new Error(`timers are still pending, due at ${left.join(', ')} ms`);
  }

  #node(index: number): WatchedNode {
    const node = this.#nodes[index];
    if (node !== undefined) return node;
    throw new RangeError(mustBe('index', `from 0 to ${this.#nodes.length - 1}`, index));
  }

  /** @param others the other nodes of the network that it may know, by number */
  #addNode(identity: Identity, others: readonly { readonly id: NodeId }[]): WatchedNode {
    const index = this.#nodes.length;
    const known = others.filter((_, other) => other !== index && this.#knows(index, other));
    const routerOptions = this.#routerOptions(index, identity, others.length, known);
    const { makeRouter = createRouter } = this.#options;
    const store = routerOptions.peers?.store;
    const node: WatchedNode = new WatchedNode({
      index,
      identity,
      makeRouter: (hasCrashed) =>
        makeRouter({
          ...routerOptions,
          peers: {
            ...routerOptions.peers,
            ...(store !== undefined && { store: cuttableStore(store, hasCrashed) }),
          },
          transports: [this.network.transport(identity.id)],
        }),
      onEvent: (event) => this.#log.push({ atMs: this.now(), node: index, event }),
      onChange: (peer, isUp) => this.#acquaintances.changed(node, peer, isUp),
      onStop: () => this.#acquaintances.stopped(node),
    });
    const acquainted = this.#nodes.filter(
      (other) => this.#knows(index, other.index) || this.#knows(other.index, index),
    );
    this.#nodes.push(node);
    this.#acquaintances.add(node, acquainted);
    return node;
  }

  #routerOptions(
    index: number,
    identity: Identity,
    others: number,
    known: readonly { readonly id: NodeId }[],
  ): Omit<RouterOptions, 'transports'> {
    const given = this.#options.options?.(index) ?? {};
    return {
      network: 'simulation',
      keepAlive: { intervalMs: 0 },
      ...given,
      // All nodes may dial the same one at the same instant.
      limits: {
        handshakes: Math.max(64, others),
        connectionsPerSecond: 1_000_000,
        ...given.limits,
      },
      identity,
      clock: this.clock,
      random: seededRandom(this.#random() * 2 ** 32),
      peers: {
        maxConnected: Math.max(32, others),
        ...given.peers,
        addresses: [...(given.peers?.addresses ?? []), ...known.map(({ id }) => `memory:${id}`)],
      },
    };
  }
}
