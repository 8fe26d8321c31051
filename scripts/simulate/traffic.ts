import type { Ledger, Simulation } from 'rxmesh/testing';
import type { Channels } from './channels.ts';
import { numbered } from './message.ts';
import type { Options } from './options.ts';
import type { Pipes } from './pipes.ts';
import type { Steps } from './steps.ts';

/** What traffic needs to know. */
export interface TrafficSettings {
  readonly net: Simulation;
  readonly channels: Channels;
  readonly ledger: Ledger<Uint8Array>;
  /** Takes the messages of the traffic `pipe`. */
  readonly pipes: Pipes | undefined;
  readonly options: Options;
  readonly random: () => number;
  readonly steps: Steps;
}

/** Sends numbered messages from random nodes, evenly over time. */
export class Traffic {
  readonly #net: Simulation;
  readonly #channels: Channels;
  readonly #ledger: Ledger<Uint8Array>;
  readonly #pipes: Pipes | undefined;
  readonly #options: Options;
  readonly #random: () => number;
  readonly #steps: Steps;
  #sent = 0;
  /** How many messages are due, with a fraction. */
  #due = 0;

  constructor({ net, channels, ledger, pipes, options, random, steps }: TrafficSettings) {
    this.#net = net;
    this.#channels = channels;
    this.#ledger = ledger;
    this.#pipes = pipes;
    this.#options = options;
    this.#random = random;
    this.#steps = steps;
  }

  /** Sends what is due for the next `ms` milliseconds. */
  send(ms: number): void {
    const { traffic, rate } = this.#options;
    if (traffic === 'none') return;
    this.#due += (this.#net.nodes.length * rate * ms) / 60_000;
    for (; this.#due >= 1; this.#due -= 1) this.#sendOne(traffic);
  }

  #sendOne(traffic: Exclude<Options['traffic'], 'none'>): void {
    const from = this.#pick(this.#net.nodes.length);
    const peers = this.#pipes?.recipientsOf(from) ?? [...this.#net.node(from).up];
    const peer = peers[this.#pick(peers.length)];
    if (!this.#steps.next()) return;
    const to = peer === undefined ? undefined : this.#net.indexOf(peer);
    if (to === undefined || !this.#channels.isOpen(from)) return;
    this.#sent += 1;
    const message = numbered(this.#sent, this.#options.bytes);
    if (this.#pipes !== undefined) this.#pipes.send(from, to, message);
    else this.#ledger.send(from, traffic === 'broadcast' ? 'all' : to, message);
  }

  #pick(length: number): number {
    return Math.floor(this.#random() * length);
  }
}
