import { type Observable, Subject, type Subscription, type VirtualTimeScheduler } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import type { Channel, ChannelOptions } from '../channel/channel.ts';
import { checkOptionNames } from '../model/check-option-names.ts';
import { mustBe } from '../model/described.ts';
import type { NodeId } from '../model/id.ts';
import type { Identity } from '../model/identity.ts';
import type { RouterOptions } from '../router/options.ts';
import { createRouter, type RouterLike } from '../router/router.ts';
import type { Protection } from '../secure/index.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';
import { Acquaintances } from './acquaintances.ts';
import { EventLog } from './event-log.ts';
import { Knowledge, type Knows } from './knowledge.ts';
import {
  type Bandwidth,
  bandwidthOf,
  checkBandwidth,
  checkLatency,
  type Latency,
  latencyOf,
  type Line,
} from './lines.ts';
import { LogEntry } from './log-entry.ts';
import { DiagramScheduler } from './marbles/diagram-scheduler.ts';
import {
  Diagrams,
  type ExpectedObservable,
  type ExpectedSubscriptions,
} from './marbles/diagrams.ts';
import type { SubscribedFrames } from './marbles/expectation.ts';
import { NodeClock } from './node-clock.ts';
import { seededRandom } from './seeded-random.ts';
import { cuttableStore } from './simulated-store.ts';
import {
  identityFrom,
  type NodeOptions,
  type SimulatedNode,
  WatchedNode,
} from './simulated-node.ts';
import { VirtualClock } from './virtual-clock.ts';

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
  /** Default: no limit. */
  readonly bytesPerSecond?: Bandwidth;
  /** Determines the nodes' identities and everything random. Default 1. */
  readonly seed?: number;
  /** How connections between nodes are protected. Default `trusted`, the fastest. */
  readonly protection?: Protection;
  /**
   * The source of time: your own `TestScheduler`, if the network is to run within its `run`.
   * Default: a new virtual scheduler.
   */
  readonly scheduler?: VirtualTimeScheduler;
  /**
   * Who knows whose address at the start: a function that says whether `node` knows `other`, both
   * by number, or a list of those that each node knows, such as `[[1], [2], []]`, which is faster
   * in networks of thousands. Default: every node knows all others.
   */
  readonly knows?: Knows;
  /** Further options of a node, by its number. */
  readonly options?: (node: number) => SimulatedNodeOptions;
  /**
   * Creates each node. Default: `createRouter`. Pass your own function to test a node of your own.
   */
  readonly makeRouter?: (options: RouterOptions) => RouterLike;
  /** How many entries `log` keeps, the latest ones. Default: all of them. */
  readonly logMax?: number;
}

const optionNames = Object.keys({
  nodes: true,
  latencyMs: true,
  bytesPerSecond: true,
  seed: true,
  protection: true,
  scheduler: true,
  knows: true,
  options: true,
  makeRouter: true,
  logMax: true,
} satisfies Record<keyof SimulationOptions, true>);

/** Options of `Simulation.crash`. */
export interface CrashOptions {
  /**
   * The other nodes notice nothing, as when a machine loses power: their connections stay
   * half-open, and what they send is lost. Once the node starts again, such a connection fails as
   * soon as it is used. Default false: the connections are cut.
   */
  readonly silently?: boolean;
}

/**
 * What `Simulation.run` passes to a test: the functions of `TestScheduler.run` of the same names.
 */
export type MarbleHelpers = Pick<RunHelpers, 'hot' | 'cold' | 'time'>;

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
 * In marble diagrams, where one frame is a millisecond:
 *
 *     const net = simulate({ nodes: 2, latencyMs: 3 });
 *     net.run(({ hot }) => {
 *       const chat = net.openChannels({ id: 0x10, codec: json<string>() });
 *       const texts$ = chat(1).in$.pipe(map(({ message }) => message));
 *       net.start();
 *       hot('                   -a--b----').pipe(broadcast()).subscribe(chat(0).out);
 *       net.expect(texts$).toBe('----a--b-');
 *     });
 *
 * @throws {TypeError} for an option that does not exist
 * @throws {RangeError} if `nodes` is not a whole number of at least 1, or for an invalid latency or
 *   bandwidth
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID` for invalid options of a node
 */
export function simulate(options: SimulationOptions): Simulation {
  return new Simulation(options);
}

/** A simulated network. See `simulate`. */
export class Simulation {
  /** What determines everything random. */
  readonly seed: number;
  /** All nodes, by number. `add` appends to it. */
  readonly nodes: readonly SimulatedNode[];
  /** The entries of `log`, as they are made. */
  readonly log$: Observable<LogEntry>;
  /** The network by node ID, for what has no method here. */
  readonly network: MemoryNetwork;
  /** The clock, for anything else that should share this time. */
  readonly clock: VirtualClock;
  /** May be changed at any time. */
  latencyMs: Latency;
  /** May be changed at any time. */
  bytesPerSecond: Bandwidth;

  readonly #options: SimulationOptions;
  /** Its own scheduler; undefined if it runs on another one. */
  readonly #scheduler: DiagramScheduler | undefined;
  readonly #diagrams: Diagrams;
  readonly #random: () => number;
  readonly #nodes: WatchedNode[] = [];
  readonly #log: EventLog;
  readonly #logged = new Subject<LogEntry>();
  readonly #indexes = new Map<NodeId, number>();
  /** When frozen nodes go on. */
  readonly #thaws = new Map<number, Subscription>();
  readonly #acquaintances = new Acquaintances<WatchedNode>();
  readonly #knowledge: Knowledge;
  /** What `setUp` does at a node that joins later or starts again. */
  readonly #setUps: ((node: SimulatedNode) => void)[] = [];
  #isLaunched = false;

  /** @internal use `simulate` */
  constructor(options: SimulationOptions) {
    checkOptionNames('simulate', options, optionNames);
    const { nodes, seed = 1, protection = 'trusted', scheduler, knows = () => true } = options;
    if (!Number.isInteger(nodes) || nodes < 1) {
      throw new RangeError(`simulate: ${mustBe('nodes', 'an integer of at least 1', nodes)}`);
    }
    const { latencyMs = 0, bytesPerSecond = Infinity } = options;
    checkLatency(latencyMs);
    checkBandwidth(bytesPerSecond);
    const random = seededRandom(seed);
    this.#options = options;
    this.seed = seed;
    this.#random = random;
    this.latencyMs = latencyMs;
    this.bytesPerSecond = bytesPerSecond;
    this.#scheduler =
      scheduler === undefined ? new DiagramScheduler(() => this.#diagrams.endMs) : undefined;
    this.clock = new VirtualClock(this.#scheduler ?? scheduler);
    this.#diagrams = new Diagrams(this.clock, { seed, nodeName: (id) => this.#nameOf(id) });
    const line = (from: NodeId, to: NodeId) => (): Line => [this.#number(from), this.#number(to)];
    this.network = new MemoryNetwork({
      clock: this.clock,
      protection,
      latencyMs: (from, to) => latencyOf(this.latencyMs, random, line(from, to)),
      bytesPerSecond: (from, to) => bandwidthOf(this.bytesPerSecond, line(from, to)),
    });
    this.#knowledge = new Knowledge(knows);
    this.#log = new EventLog(options.logMax ?? Infinity);
    this.log$ = this.#logged.asObservable();
    this.nodes = this.#nodes;
    const identities = Array.from({ length: nodes }, () => identityFrom(random));
    for (const identity of identities) this.#addNode(identity, identities);
  }

  /**
   * The events of all nodes, in order: as values, and, with `String(entry)` or `log.join('\n')`, as
   * lines of text. The same seed gives the same text, byte for byte, in every run and process.
   */
  get log(): readonly LogEntry[] {
    return this.#log.entries;
  }

  /** Virtual time since the start of the scheduler, in milliseconds. */
  now(): number {
    return this.clock.now();
  }

  /** @throws {RangeError} if there is no node with this number */
  node(index: number): SimulatedNode {
    return this.#node(index);
  }

  /** The number of the node with this ID; undefined if there is none. */
  indexOf(id: NodeId): number | undefined {
    return this.#indexes.get(id);
  }

  /**
   * Calls `work` with every node that has not stopped, and with nodes that join later or start
   * again, before they start: to run an application at each node.
   *
   *     const net = simulate({ nodes: 3 });
   *     net.setUp(({ router }) => router.openChannel({ id: 1, codec: json<string>() }));
   */
  setUp(work: (node: SimulatedNode) => void): void {
    for (const node of this.#nodes) if (!node.isStopped) work(node);
    this.#setUps.push(work);
  }

  /**
   * Opens a channel at every node that has not stopped, and at nodes that join later or start again
   * (but not at those already stopped). Returns a function from a node's number to its channel.
   */
  openChannels<T>(options: ChannelOptions<T>): (node: number) => Channel<T> {
    const channels = new Map<number, Channel<T>>();
    this.setUp(({ index, router }) => channels.set(index, router.openChannel(options)));
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
   * Runs a test of marble diagrams: calls it, lets time pass until the longest diagram has ended,
   * and checks them. Within it, everything of RxJS runs in virtual time, even a `delay` or a
   * `timer`.
   *
   *     const channel = net.openChannels({ id: 1, codec: json<string>() });
   *     net.start();
   *     net.run(({ hot }) => {
   *       const values = { a: { message: 'a' }, b: { message: 'b' } };
   *       hot('                           -a---b--').pipe(broadcast()).subscribe(channel(0).out);
   *       net.expect(channel(1).in$).toBe('-a---b--', values);
   *     });
   *
   * This is `TestScheduler.run`. To use a `TestScheduler` of your own, pass it as `scheduler` and
   * call its `run`, which ends once nothing is scheduled: so stop the network in it, for example
   * with `at`.
   *
   * @throws {Error} if a diagram differs: with all of them under each other, expected and actual
   */
  run(test: (helpers: MarbleHelpers) => void): void {
    const scheduler = this.#scheduler;
    if (scheduler === undefined) throw new TypeError('run: call that of the scheduler instead');
    scheduler.run(test);
  }

  /**
   * Expects a diagram of an Observable, from this moment on. Another diagram says when to subscribe
   * and unsubscribe; by default, immediately.
   *
   *     net.expect(chat.in$).toBe('---a', { a: { message: 'hello' } });
   *     net.expect(router.events$, '^---!').toBe('-----');
   *
   * A value that is an object needs the given properties and may have others. The diagram is
   * checked as soon as it, and all others that are still expected, have ended: what happens later
   * is not part of it.
   */
  expect<T>(observable: Observable<T>, subscription?: string): ExpectedObservable<T> {
    return this.#diagrams.expect(observable, subscription);
  }

  /**
   * Expects when an Observable of `cold` or `hot` is subscribed and unsubscribed:
   * `net.expectSubscriptions(source$.subscriptions).toBe('--^---!')`.
   */
  expectSubscriptions(subscriptions: readonly SubscribedFrames[]): ExpectedSubscriptions {
    return this.#diagrams.expectSubscriptions(subscriptions);
  }

  /**
   * Calls functions at the times of a diagram, which begins now.
   *
   *     net.at('5ms p 1s h', { p: () => net.partition([0], [1, 2]), h: () => net.heal() });
   *
   * @throws {RangeError} if the diagram has a letter without a function
   */
  at(marbles: string, works: Readonly<Record<string, () => void>>): void {
    this.#diagrams.at(marbles, works);
  }

  /**
   * Adds a node with the next number. It knows the nodes that `knows` says; they do not know it
   * until it dials them. It has the channels of `openChannels`, and starts if the network has been
   * launched, without letting time pass.
   */
  add(): SimulatedNode {
    const identity = identityFrom(this.#random);
    const node = this.#addNode(identity, [...this.#nodes]);
    for (const setUp of this.#setUps) setUp(node);
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
  crash(index: number, { silently = false }: CrashOptions = {}): void {
    const node = this.#running('crash', index);
    node.crash(() => {
      if (silently) this.network.abandon(node.id);
      else this.network.isolate(node.id);
    });
    this.#thaw(node);
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
    for (const setUp of this.#setUps) setUp(node);
    void node.router.start();
  }

  /**
   * Freezes a node for `ms` milliseconds, as when its process is suspended or its event loop is
   * blocked: it reads nothing and its timers do not fire. Then it goes on, and finds that
   * everything is late. Freezing it again starts the wait anew. Does not let time pass.
   *
   * @throws {Error} if it has stopped
   */
  freeze(index: number, ms: number): void {
    const node = this.#running('freeze', index);
    this.#thaws.get(index)?.unsubscribe();
    node.clock.freeze();
    this.network.freeze(node.id);
    this.#thaws.set(
      index,
      this.clock.schedule(() => this.#thaw(node), ms),
    );
  }

  /**
   * Makes a node slow, as when its processor is: after each frame that it reads, from whichever
   * peer, it reads nothing for `msPerFrame` milliseconds. 0 makes it fast again.
   *
   * @throws {RangeError} if `msPerFrame` is not a finite number of 0 or more
   */
  slow(index: number, msPerFrame: number): void {
    this.network.slow(this.#node(index).id, msPerFrame);
  }

  /**
   * Sets the date that a node reads forward, or back by a negative time, as when its clock is wrong
   * or is set. Dates are in what a node stores. Timers and timeouts do not depend on them.
   */
  setDate(index: number, byMs: number): void {
    this.#node(index).clock.setDate(byMs);
  }

  /** Cuts the connections of two nodes. They may dial each other again. */
  sever(one: number, other: number): void {
    this.network.sever(this.#node(one).id, this.#node(other).id);
  }

  /**
   * Partitions the network until `heal`: nodes on different islands lose their connections, and
   * their dials fail. A node that is not on any island reaches all others.
   */
  partition(...islands: readonly (readonly number[])[]): void {
    this.network.partition(...this.#ids(islands));
  }

  /**
   * The same silently, as when a cable is pulled: connections between islands stay open, but
   * nothing gets through. What is still open at `heal` goes on, without a gap.
   */
  silence(...islands: readonly (readonly number[])[]): void {
    this.network.silence(...this.#ids(islands));
  }

  /** Silences one direction until `heal`: `to` receives nothing from `from`. */
  mute(from: number, to: number): void {
    this.network.mute(this.#node(from).id, this.#node(to).id);
  }

  /** Ends a partition, and all silences. */
  heal(): void {
    this.network.heal();
  }

  /**
   * Stops every node, lets enough time pass for that, and checks that nothing is left running.
   *
   * @throws {Error} if a router has not stopped, or a timer of the network is still pending
   */
  stop(): void {
    for (const index of [...this.#thaws.keys()]) this.#thaw(this.#node(index));
    for (const { id } of this.#nodes) this.network.slow(id, 0);
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

  /** The number of a node of this network. */
  #number(id: NodeId): number {
    return this.#indexes.get(id) ?? NaN;
  }

  #nameOf(id: string): string | undefined {
    const node = this.#nodes.find((each) => each.id === id);
    return node && `node ${node.index}`;
  }

  #node(index: number): WatchedNode {
    const node = this.#nodes[index];
    if (node !== undefined) return node;
    throw new RangeError(mustBe('index', `from 0 to ${this.#nodes.length - 1}`, index));
  }

  /** @throws {Error} if it has stopped */
  #running(what: string, index: number): WatchedNode {
    const node = this.#node(index);
    if (node.isStopped) throw new Error(`${what}: ${node.toString()} has stopped already`);
    return node;
  }

  #ids(islands: readonly (readonly number[])[]): readonly (readonly NodeId[])[] {
    return islands.map((island) => island.map((index) => this.#node(index).id));
  }

  #thaw(node: WatchedNode): void {
    const timer = this.#thaws.get(node.index);
    if (timer === undefined) return;
    timer.unsubscribe();
    this.#thaws.delete(node.index);
    // Timers come first, as in an event loop.
    node.clock.thaw();
    this.network.thaw(node.id);
  }

  #note(entry: LogEntry): void {
    this.#log.add(entry);
    this.#logged.next(entry);
  }

  /** @param others the other nodes of the network that it may know, by number */
  #addNode(identity: Identity, others: readonly { readonly id: NodeId }[]): WatchedNode {
    const index = this.#nodes.length;
    const known = this.#knowledge
      .knownTo(index, others.length)
      .flatMap((other) => others[other] ?? []);
    const clock = new NodeClock(this.clock);
    const routerOptions = this.#routerOptions(index, { identity, clock }, others.length, known);
    const { makeRouter = createRouter } = this.#options;
    const store = routerOptions.peers?.store;
    const node: WatchedNode = new WatchedNode({
      index,
      identity,
      clock,
      options: routerOptions,
      makeRouter: (hasCrashed) =>
        makeRouter({
          ...routerOptions,
          peers: {
            ...routerOptions.peers,
            ...(store !== undefined && { store: cuttableStore(store, hasCrashed) }),
          },
          transports: [this.network.transport(identity.id)],
        }),
      onEvent: (event) => this.#note(new LogEntry(this.now(), index, event)),
      onChange: (peer, isUp) => this.#acquaintances.changed(node, peer, isUp),
      onStop: () => this.#acquaintances.stopped(node),
    });
    const acquainted = this.#knowledge
      .acquaintedWith(index, index)
      .map((other) => this.#node(other));
    this.#nodes.push(node);
    this.#indexes.set(identity.id, index);
    this.#acquaintances.add(node, acquainted);
    return node;
  }

  #routerOptions(
    index: number,
    own: { readonly identity: Identity; readonly clock: NodeClock },
    others: number,
    known: readonly { readonly id: NodeId }[],
  ): NodeOptions {
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
      ...own,
      random: seededRandom(this.#random() * 2 ** 32),
      peers: {
        maxConnected: Math.max(32, others),
        ...given.peers,
        addresses: [...(given.peers?.addresses ?? []), ...known.map(({ id }) => `memory:${id}`)],
      },
    };
  }
}
