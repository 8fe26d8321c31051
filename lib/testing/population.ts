import { mustBe } from '../model/described.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { Identity } from '../model/identity.ts';
import { createRouter } from '../router/create-router.ts';
import type { MemoryNetwork } from '../../transports/memory/index.ts';
import { Acquaintances } from './acquaintances.ts';
import { Knowledge } from './knowledge.ts';
import { NodeClock } from './node-clock.ts';
import { seededRandom } from './seeded-random.ts';
import {
  identityFrom,
  type NodeOptions,
  type SimulatedNode,
  WatchedNode,
} from './simulated-node.ts';
import { cuttableStore } from './simulated-store.ts';
import type { SimulationOptions } from './simulation-options.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the nodes of a simulation run on. */
export interface PopulationSetting {
  readonly options: SimulationOptions;
  readonly random: () => number;
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly onEvent: (node: number, event: RouterEvent) => void;
}

/** The nodes of a simulation, by number and by ID: makes them, and knows who knows whom. */
export class Population {
  /** By number. */
  readonly nodes: WatchedNode[] = [];
  /** Whether `start` was called. */
  isStarted: boolean = false;
  readonly acquaintances: Acquaintances<WatchedNode> = new Acquaintances();
  readonly #setting: PopulationSetting;
  readonly #indexes = new Map<NodeId, number>();
  readonly #knowledge: Knowledge;
  readonly #setUps: ((node: SimulatedNode) => void)[] = [];

  constructor(setting: PopulationSetting) {
    this.#setting = setting;
    const { options, random } = setting;
    const { nodes, knows = () => true } = options;
    this.#knowledge = new Knowledge(knows);
    const identities = Array.from({ length: nodes }, () => identityFrom(random));
    for (const identity of identities) this.#add(identity, identities);
  }

  /** Does `work` at every node that has not stopped, and at those that are added or restarted. */
  setUp(work: (node: SimulatedNode) => void): void {
    if (typeof work !== 'function') throw new TypeError(mustBe('work', 'a function', work));
    for (const node of this.nodes) if (!node.isStopped) work(node);
    this.#setUps.push(work);
  }

  /** Starts every node that has not stopped. */
  start(): void {
    this.isStarted = true;
    for (const node of this.nodes) if (!node.isStopped) void node.router.start();
  }

  /** Adds a node, which knows the nodes that `knows` says, and starts if the others have. */
  add(): WatchedNode {
    const node = this.#add(identityFrom(this.#setting.random), [...this.nodes]);
    for (const setUp of this.#setUps) setUp(node);
    if (this.isStarted) void node.router.start();
    return node;
  }

  /** @throws {Error} if it is still running */
  restart(index: number): WatchedNode {
    const node = this.at(index);
    if (!node.isStopped) {
      throw new Error(`restart: ${node.toString()} is still running: remove or crash it first`);
    }
    node.restart();
    this.acquaintances.started(node);
    for (const setUp of this.#setUps) setUp(node);
    return node;
  }

  /** @throws {RangeError} if there is no node with this number */
  at(index: number): WatchedNode {
    const node = this.nodes[index];
    if (node !== undefined) return node;
    throw new RangeError(mustBe('index', `from 0 to ${this.nodes.length - 1}`, index));
  }

  /** @throws {Error} if it has stopped */
  running(what: string, index: number): WatchedNode {
    const node = this.at(index);
    if (node.isStopped) throw new Error(`${what}: ${node.toString()} has stopped already`);
    return node;
  }

  /** The number of the node with this ID; undefined if there is none. */
  indexOf(id: NodeId): number | undefined {
    return this.#indexes.get(id);
  }

  /** What diagrams call the node with this ID; undefined if there is none. */
  nameOf(id: string): string | undefined {
    const node = this.nodes.find((each) => each.id === id);
    return node && `node ${node.index}`;
  }

  ids(islands: readonly (readonly number[])[]): readonly (readonly NodeId[])[] {
    return islands.map((island) => island.map((index) => this.at(index).id));
  }

  /** @param others the other nodes of the network that it may know, by number */
  #add(identity: Identity, others: readonly { readonly id: NodeId }[]): WatchedNode {
    const index = this.nodes.length;
    const known = this.#knowledge
      .knownTo(index, others.length)
      .flatMap((other) => others[other] ?? []);
    const clock = new NodeClock(this.#setting.clock);
    const routerOptions = this.#routerOptions(index, { identity, clock }, others.length, known);
    const { options, network, onEvent } = this.#setting;
    const { makeRouter = createRouter } = options;
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
          transports: [network.transport(identity.id)],
        }),
      onEvent: (event) => onEvent(index, event),
      onChange: (peer, isUp) => this.acquaintances.changed(node, peer, isUp),
      onStop: () => this.acquaintances.stopped(node),
    });
    const acquainted = this.#knowledge.acquaintedWith(index, index).map((other) => this.at(other));
    this.nodes.push(node);
    this.#indexes.set(identity.id, index);
    this.acquaintances.add(node, acquainted);
    return node;
  }

  #routerOptions(
    index: number,
    own: { readonly identity: Identity; readonly clock: NodeClock },
    others: number,
    known: readonly { readonly id: NodeId }[],
  ): NodeOptions {
    const given = this.#setting.options.options?.(index) ?? {};
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
      random: seededRandom(this.#setting.random() * 2 ** 32),
      peers: {
        maxConnected: Math.max(32, others),
        ...given.peers,
        addresses: [...(given.peers?.addresses ?? []), ...known.map(({ id }) => `memory:${id}`)],
      },
    };
  }
}
