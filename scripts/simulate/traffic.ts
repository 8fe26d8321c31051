import type { Ledger, Simulation } from 'rxmesh/testing';
import type { Options } from './options.ts';
import type { Steps } from './steps.ts';

/** What traffic needs to know. */
export interface TrafficSettings {
  readonly net: Simulation;
  readonly ledger: Ledger<Uint8Array>;
  readonly options: Options;
  readonly random: () => number;
  readonly steps: Steps;
}

/** Sends numbered messages from random nodes, evenly over time. */
export class Traffic {
  readonly #net: Simulation;
  readonly #ledger: Ledger<Uint8Array>;
  readonly #options: Options;
  readonly #random: () => number;
  readonly #steps: Steps;
  #sent = 0;
  /** How many messages are due, with a fraction. */
  #due = 0;

  constructor({ net, ledger, options, random, steps }: TrafficSettings) {
    this.#net = net;
    this.#ledger = ledger;
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

  #sendOne(traffic: 'broadcast' | 'unicast'): void {
    const from = this.#pick(this.#net.nodes.length);
    const peers = [...this.#net.node(from).up];
    const peer = peers[this.#pick(peers.length)];
    if (!this.#steps.next()) return;
    const to = peer === undefined ? undefined : this.#net.indexOf(peer);
    if (to === undefined) return;
    this.#sent += 1;
    this.#ledger.send(from, traffic === 'broadcast' ? 'all' : to, this.#message(this.#sent));
  }

  #message(number: number): Uint8Array {
    const message = new Uint8Array(this.#options.bytes);
    new DataView(message.buffer).setUint32(0, number);
    return message;
  }

  #pick(length: number): number {
    return Math.floor(this.#random() * length);
  }
}

/** The number in a message. */
export function numberOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getUint32(0);
}
