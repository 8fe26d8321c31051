import type { Ledger, Simulation } from 'rxmesh/testing';

/** The network at one moment. */
export interface Sample {
  /** Since the launch, in virtual milliseconds. */
  readonly atMs: number;
  readonly running: number;
  /** The mean number of peers of a running node, and the fewest and the most. */
  readonly peers: number;
  readonly fewest: number;
  readonly most: number;
  /** Since the sample before. */
  readonly delivered: number;
}

/** Counts what happens in a simulation, and samples it. */
export class Figures {
  readonly samples: Sample[] = [];
  /** Dropped messages by reason. */
  readonly drops: Record<string, number> = {};
  /** Dials that led to no connection, by error code. */
  readonly futileDials: Record<string, number> = {};
  readonly #net: Simulation;
  readonly #ledger: Ledger<Uint8Array>;
  #delivered = 0;
  /** Peer counts in the steady state: how many, their sum, and the sum of their squares. */
  #count = 0;
  #sum = 0;
  #squares = 0;

  constructor(net: Simulation, ledger: Ledger<Uint8Array>) {
    this.#net = net;
    this.#ledger = ledger;
    net.log$.subscribe(({ event }) => {
      if (event.type === 'message-dropped') add(this.drops, event.reason, event.count);
      const isRefused = event.type === 'connection-refused' && event.direction === 'outbound';
      if (event.type === 'dial-failed' || isRefused) add(this.futileDials, event.error.code, 1);
    });
  }

  /** @param isSteady whether the network has been up for a while */
  sample(isSteady: boolean): void {
    const counts = this.#net.nodes.flatMap(({ isStopped, up }) => (isStopped ? [] : [up.size]));
    const sum = counts.reduce((total, each) => total + each, 0);
    const { delivered } = this.#ledger.totals();
    this.samples.push({
      atMs: this.#net.now(),
      running: counts.length,
      peers: counts.length === 0 ? 0 : sum / counts.length,
      fewest: counts.reduce((least, each) => Math.min(least, each), Infinity),
      most: counts.reduce((most, each) => Math.max(most, each), 0),
      delivered: delivered - this.#delivered,
    });
    this.#delivered = delivered;
    if (!isSteady) return;
    this.#count += counts.length;
    this.#sum += sum;
    this.#squares += counts.reduce((total, each) => total + each * each, 0);
  }

  /** The mean and the variance of the number of peers in the steady state. */
  steady(): { readonly mean: number; readonly variance: number } {
    const mean = this.#sum / Math.max(1, this.#count);
    return { mean, variance: this.#squares / Math.max(1, this.#count) - mean * mean };
  }
}

function add(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}
