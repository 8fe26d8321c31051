import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What is alive at one moment. */
export interface LiveMemory {
  /** Since the network was up, in virtual minutes. */
  readonly atMinutes: number;
  readonly liveMiB: number;
}

/** Measures memory after full garbage collections. */
export class LiveMemoryMeter {
  readonly samples: LiveMemory[] = [];
  readonly #collect: () => void;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  sample(atMinutes: number): void {
    this.#collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    this.samples.push({ atMinutes, liveMiB: (heapUsed + arrayBuffers) / 2 ** 20 });
  }
}
