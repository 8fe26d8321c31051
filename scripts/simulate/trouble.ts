import type { Simulation } from 'rxmesh/testing';
import type { Channels } from './channels.ts';
import type { Options } from './options.ts';
import type { Steps } from './steps.ts';

/** How long nodes are away, and how long a partition lasts, in milliseconds. */
const awayMs = [2_000, 30_000] as const;
const partitionMs = 20_000;
/** How long a node is frozen, and how far a date is set at most, in milliseconds. */
const frozenMs = [100, 20_000] as const;
const dateMs = 24 * 3_600_000;
/** How long a channel is closed at most. Every other time, it is opened again at once. */
const closedMs = 5_000;

/** What trouble needs to know. */
export interface TroubleSettings {
  readonly net: Simulation;
  readonly channels: Channels;
  readonly options: Options;
  readonly random: () => number;
  readonly steps: Steps;
}

/**
 * Makes nodes leave and return, freezes them, sets their dates, closes their channels, and
 * partitions the network.
 */
export class Trouble {
  readonly #net: Simulation;
  readonly #channels: Channels;
  readonly #options: Options;
  readonly #random: () => number;
  readonly #steps: Steps;
  /** When the nodes that are away return. */
  readonly #returns = new Map<number, number>();
  /** When the channels that are closed are opened again. */
  readonly #opens = new Map<number, number>();
  readonly #partitionsAtMs: number[];
  #healsAtMs = Infinity;
  /** How many nodes should have left, frozen and so on by now, but have not. */
  #leavesDue = 0;
  #freezesDue = 0;
  #datesDue = 0;
  #closesDue = 0;
  left = 0;
  /** How often a channel was closed. */
  closed = 0;

  constructor({ net, channels, options, random, steps }: TroubleSettings) {
    this.#net = net;
    this.#channels = channels;
    this.#options = options;
    this.#random = random;
    this.#steps = steps;
    const { partitions, minutes } = options;
    const everyMs = (minutes * 60_000) / (partitions + 1);
    const startMs = net.now();
    this.#partitionsAtMs = Array.from(
      { length: partitions },
      (_, nth) => startMs + (nth + 1) * everyMs,
    );
  }

  /** Does what is due for the next `ms` milliseconds. */
  make(ms: number): void {
    const net = this.#net;
    for (const [node, atMs] of [...this.#returns]) if (atMs <= net.now()) this.#return(node);
    for (const [node, atMs] of [...this.#opens]) if (atMs <= net.now()) this.#open(node);
    const { churn, freeze, dates, close } = this.#options;
    const nodeMinutes = (net.nodes.length * ms) / 60_000;
    this.#leavesDue += churn * nodeMinutes;
    this.#freezesDue += freeze * nodeMinutes;
    this.#datesDue += dates * nodeMinutes;
    this.#closesDue += close * nodeMinutes;
    for (; this.#leavesDue >= 1; this.#leavesDue -= 1) this.#leave();
    for (; this.#freezesDue >= 1; this.#freezesDue -= 1) this.#freeze();
    for (; this.#datesDue >= 1; this.#datesDue -= 1) this.#setDate();
    for (; this.#closesDue >= 1; this.#closesDue -= 1) this.#close();
    const [nextMs = Infinity] = this.#partitionsAtMs;
    if (nextMs <= net.now()) this.#partition();
    if (this.#healsAtMs <= net.now()) this.#heal();
  }

  /** Ends all trouble. */
  end(): void {
    if (this.#healsAtMs < Infinity) this.#heal();
    for (const node of this.#returns.keys()) this.#return(node);
    for (const node of this.#opens.keys()) this.#open(node);
  }

  /** A part of the nodes loses power, and does not return. Says whether there is such a part. */
  vanish(): boolean {
    const left = this.#net.nodes.filter(({ isStopped }) => !isStopped).map(({ index }) => index);
    for (let due = Math.floor(left.length * this.#options.vanish); due > 0; due -= 1) {
      const [node = 0] = left.splice(Math.floor(this.#random() * left.length), 1);
      this.#net.crash(node, { silently: true });
    }
    return this.#options.vanish > 0;
  }

  #leave(): void {
    const net = this.#net;
    const node = this.#pick();
    const [min, max] = awayMs;
    const away = min + this.#random() * (max - min);
    const way = this.#random();
    // All of the above is drawn in any case, so that leaving a step out does not change the others.
    if (!this.#steps.next() || this.#returns.has(node)) return;
    this.#returns.set(node, net.now() + away);
    this.#opens.delete(node);
    this.left += 1;
    if (way < 0.5) void net.node(node).router.stop();
    else net.crash(node, { silently: way > 0.8 });
  }

  #freeze(): void {
    const node = this.#pick();
    const [min, max] = frozenMs;
    const ms = min + this.#random() * (max - min);
    if (this.#steps.next() && !this.#net.node(node).isStopped) this.#net.freeze(node, ms);
  }

  #setDate(): void {
    const node = this.#pick();
    const byMs = Math.round((2 * this.#random() - 1) * dateMs);
    if (this.#steps.next()) this.#net.setDate(node, byMs);
  }

  #close(): void {
    const node = this.#pick();
    const isBrief = this.#random() < 0.5;
    const ms = this.#random() * closedMs;
    const isGone = this.#net.node(node).isStopped || this.#returns.has(node);
    if (!this.#steps.next() || isGone || this.#opens.has(node)) return;
    this.closed += 1;
    this.#channels.close(node);
    this.#opens.set(node, this.#net.now() + ms);
    if (isBrief) this.#open(node);
  }

  /** Opens a channel again, unless its node leaves: it opens when the node returns. */
  #open(node: number): void {
    this.#opens.delete(node);
    if (!this.#returns.has(node)) this.#channels.open(node);
  }

  #pick(): number {
    return Math.floor(this.#random() * this.#net.nodes.length);
  }

  #return(node: number): void {
    // A node that is stopping says goodbye first.
    if (!this.#net.node(node).isStopped) return;
    this.#returns.delete(node);
    this.#net.restart(node);
  }

  #partition(): void {
    this.#partitionsAtMs.shift();
    if (!this.#steps.next()) return;
    this.#healsAtMs = this.#net.now() + partitionMs;
    const numbers = this.#net.nodes.map(({ index }) => index);
    const islands = [numbers.filter((n) => n % 2 === 0), numbers.filter((n) => n % 2 === 1)];
    // A cut at first, a silence the next time.
    if (this.#partitionsAtMs.length % 2 === 0) this.#net.partition(...islands);
    else this.#net.silence(...islands);
  }

  #heal(): void {
    this.#healsAtMs = Infinity;
    this.#net.heal();
  }
}
