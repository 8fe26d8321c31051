import type { VirtualTimeScheduler } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import { checkOptionNames } from '../model/check-option-names.ts';
import { mustBe } from '../model/described.ts';
import type { RouterOptions } from '../router/options.ts';
import type { RouterLike } from '../router/router.ts';
import type { Protection } from '../secure/index.ts';
import type { Knows } from './knowledge.ts';
import { type Bandwidth, checkBandwidth, checkLatency, type Latency } from './lines.ts';

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

/** @throws {TypeError|RangeError} as `simulate` */
export function checkSimulationOptions(options: SimulationOptions): void {
  checkOptionNames('simulate', options, optionNames);
  const { nodes, latencyMs = 0, bytesPerSecond = Infinity } = options;
  if (!Number.isInteger(nodes) || nodes < 1) {
    throw new RangeError(`simulate: ${mustBe('nodes', 'an integer of at least 1', nodes)}`);
  }
  checkLatency(latencyMs);
  checkBandwidth(bytesPerSecond);
}

/** Options of `Simulation.crash`. */
export interface CrashOptions {
  /**
   * The other nodes notice nothing, as when a machine loses power: their connections stay
   * half-open, and what they send is lost. While the node runs again, such a connection fails once
   * something that was sent on it has reached the node, and the answer has come back. Default
   * false: the connections are cut.
   */
  readonly silently?: boolean;
}

/**
 * What `Simulation.run` passes to a test: the functions of `TestScheduler.run` of the same names.
 */
export type MarbleHelpers = Pick<RunHelpers, 'hot' | 'cold' | 'time'>;
