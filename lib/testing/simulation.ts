import type { Observable } from 'rxjs';
import type { Channel, ChannelOptions } from '../channel/channel.ts';
import { mustBe } from '../model/described.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';
import { EventLog } from './event-log.ts';
import { FrozenNodes } from './frozen-nodes.ts';
import { type Bandwidth, bandwidthOf, type Latency, latencyOf, type Line } from './lines.ts';
import { LogEntry } from './log-entry.ts';
import { DiagramScheduler } from './marbles/diagram-scheduler.ts';
import {
  Diagrams,
  type ExpectedObservable,
  type ExpectedSubscriptions,
} from './marbles/diagrams.ts';
import type { SubscribedFrames } from './marbles/expectation.ts';
import { Population } from './population.ts';
import { seededRandom } from './seeded-random.ts';
import type { SimulatedNode, WatchedNode } from './simulated-node.ts';
import {
  checkSimulationOptions,
  type CrashOptions,
  type MarbleHelpers,
  type SimulationOptions,
} from './simulation-options.ts';
import { VirtualClock } from './virtual-clock.ts';

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

  readonly #population: Population;
  readonly #frozen: FrozenNodes;
  readonly #diagrams: Diagrams;
  readonly #log: EventLog;

  /** @internal use `simulate` */
  constructor(options: SimulationOptions) {
    checkSimulationOptions(options);
    const { seed = 1, protection = 'trusted', scheduler } = options;
    const random = seededRandom(seed);
    this.seed = seed;
    this.latencyMs = options.latencyMs ?? 0;
    this.bytesPerSecond = options.bytesPerSecond ?? Infinity;
    const own = scheduler ? undefined : new DiagramScheduler(() => this.#diagrams);
    const clock = (this.clock = new VirtualClock(own ?? scheduler));
    const nodeName = (id: string): string | undefined => this.#population.nameOf(id);
    const isStarted = (): boolean => this.#population.isStarted;
    this.#diagrams = new Diagrams(clock, { seed, nodeName, isStarted }, own);
    const index = (id: NodeId): number => this.indexOf(id) ?? NaN;
    const line = (from: NodeId, to: NodeId) => (): Line => [index(from), index(to)];
    const network = (this.network = new MemoryNetwork({
      clock,
      protection,
      latencyMs: (from, to) => latencyOf(this.latencyMs, random, line(from, to)),
      bytesPerSecond: (from, to) => bandwidthOf(this.bytesPerSecond, line(from, to)),
    }));
    this.#frozen = new FrozenNodes(clock, network);
    this.#log = new EventLog(options.logMax ?? Infinity);
    this.log$ = this.#log.entries$;
    const onEvent = (node: number, event: RouterEvent): void =>
      this.#log.add(new LogEntry(this.now(), node, event));
    this.#population = new Population({ options, random, clock, network, onEvent });
    this.nodes = this.#population.nodes;
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
    return this.#population.at(index);
  }

  /** The number of the node with this ID; undefined if there is none. */
  indexOf(id: NodeId): number | undefined {
    return this.#population.indexOf(id);
  }

  /**
   * Calls `work` with every node that has not stopped, and with nodes that join later or start
   * again, before they start: to run an application at each node.
   *
   *     const net = simulate({ nodes: 3 });
   *     net.setUp(({ router }) => router.openChannel({ id: 1, codec: json<string>() }));
   */
  setUp(work: (node: SimulatedNode) => void): void {
    this.#population.setUp(work);
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

  /** Starts every router, once, without letting time pass; nodes connect once it does. */
  launch(): void {
    if (this.#population.isStarted) {
      throw new Error('the network was started already: call settle instead');
    }
    this.#population.start();
  }

  /**
   * Starts every router and lets time pass until all nodes are up with each other, except pairs in
   * which neither knows the other.
   *
   * @throws {Error} naming the pairs that are not up after 60 s of virtual time; or if called twice
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
    if (this.clock.advanceUntil(() => this.#population.acquaintances.missing === 0, settleMs))
      return;
    const apart = this.#population.acquaintances.apart();
    const pairs = apart.map(([one, other]) => `${one.toString()} with ${other.toString()}`);
    throw new Error(`not up after ${settleMs} ms: ${pairs.join(', ')}`);
  }

  /** Lets `ms` milliseconds pass. RxJS's own timers take part with `net.clock.scheduler`. */
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
   * @throws {Error} if a diagram differs: with all of them under each other, expected and actual;
   *   or if an `expect` has no `toBe`, or the test is async
   */
  run(test: (helpers: MarbleHelpers) => void): void {
    this.#diagrams.run(test);
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
   * @throws {TypeError} if `works` is not an object of functions
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
    return this.#population.add();
  }

  /**
   * Stops a node by its number, and lets time pass until the others have seen it leave.
   *
   * @throws {Error} naming the nodes that have not, after 60 s of virtual time
   */
  remove(index: number): void {
    const node = this.#population.at(index);
    void node.router.stop();
    const late = (): readonly WatchedNode[] =>
      this.#population.nodes.filter(
        (other) => other.up.has(node.id) || (other === node && !node.isStopped),
      );
    if (this.clock.advanceUntil(() => late().length === 0, settleMs)) return;
    const names = late().join(', ');
    throw new Error(`${node.toString()} is not gone after ${settleMs} ms for ${names}`);
  }

  /**
   * Ends a node as a killed process ends: its connections are cut without a goodbye, and whatever
   * it had not sent, or not written to its peer store, is lost. Does not let time pass.
   *
   * @throws {Error} if it has stopped already
   */
  crash(index: number, { silently = false }: CrashOptions = {}): void {
    const node = this.#population.running('crash', index);
    node.crash(() => {
      if (silently) this.network.abandon(node.id);
      else this.network.isolate(node.id);
    });
    this.#frozen.thaw(node);
  }

  /**
   * Starts a node again after `remove` or `crash`, as a new process with the same key and options:
   * it remembers nothing else, except what is in its peer store (see `simulatedStore`). It has the
   * channels of `openChannels`. Does not let time pass.
   *
   * @throws {Error} if it is still running
   */
  restart(index: number): void {
    const node = this.#population.restart(index);
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
    this.#frozen.freeze(this.#population.running('freeze', index), ms);
  }

  /**
   * Makes a node slow, as when its processor is: after each frame that it reads, from whichever
   * peer, it reads nothing for `msPerFrame` milliseconds. 0 makes it fast again.
   *
   * @throws {RangeError} if `msPerFrame` is not a finite number of 0 or more
   */
  slow(index: number, msPerFrame: number): void {
    this.network.slow(this.#population.at(index).id, msPerFrame);
  }

  /**
   * Sets the date that a node reads forward, or back by a negative time, as when its clock is wrong
   * or is set. Dates are in what a node stores. Timers and timeouts do not depend on them.
   */
  setDate(index: number, byMs: number): void {
    this.#population.at(index).clock.setDate(byMs);
  }

  /** Cuts the connections of two nodes. They may dial each other again. */
  sever(one: number, other: number): void {
    this.network.sever(this.#population.at(one).id, this.#population.at(other).id);
  }

  /**
   * Partitions the network until `heal`: nodes on different islands lose their connections, and
   * their dials fail. A node that is not on any island reaches all others.
   */
  partition(...islands: readonly (readonly number[])[]): void {
    this.network.partition(...this.#population.ids(islands));
  }

  /**
   * The same silently, as when a cable is pulled: connections between islands stay open, but
   * nothing gets through. What is still open at `heal` goes on, without a gap.
   */
  silence(...islands: readonly (readonly number[])[]): void {
    this.network.silence(...this.#population.ids(islands));
  }

  /** Silences one direction until `heal`: `to` receives nothing from `from`. */
  mute(from: number, to: number): void {
    this.network.mute(this.#population.at(from).id, this.#population.at(to).id);
  }

  /** Ends a partition, and all silences. */
  heal(): void {
    this.network.heal();
  }

  /**
   * Stops every node, lets enough time pass for that, and checks that nothing is left running.
   *
   * @throws {Error} if a router has not stopped, or a timer or an `expect` without `toBe` is left
   */
  stop(): void {
    this.#frozen.thawAll();
    for (const { id } of this.#population.nodes) this.network.slow(id, 0);
    for (const { router } of this.#population.nodes) void router.stop();
    const running = (): readonly WatchedNode[] =>
      this.#population.nodes.filter((node) => !node.isIdle);
    if (!this.clock.advanceUntil(() => running().length === 0, stopMs)) {
      throw new Error(`not stopped after ${stopMs} ms: ${running().join(', ')}`);
    }
    const left = this.clock.dueTimesMs;
    if (left.length > 0) throw new Error(`timers are still pending, due at ${left.join(', ')} ms`);
    this.#diagrams.checkComplete();
  }
}
