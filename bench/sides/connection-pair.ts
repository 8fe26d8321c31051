import { Child } from '../frame/processes.ts';
import { calibrate } from '../frame/rounds.ts';
import type { Amount, handlers as dialing } from './connection-dialer.ts';
import type { handlers as listening } from './connection-listener.ts';
import type { Footprint } from './footprint.ts';

/** The result of opening and closing connections. */
export interface Cycles {
  readonly count: number;
  /** Until the dialer has closed all connections and the listener has seen all of them up. */
  readonly seconds: number;
  /** Processor time per connection. */
  readonly dialerCpuUs: number;
  readonly listenerCpuUs: number;
}

/** Memory on both sides. */
export interface Footprints {
  readonly dialer: Footprint;
  readonly listener: Footprint;
}

/** How long `count` connections may take before the run counts as failed. */
function withinMs(count: number): number {
  return 30_000 + 25 * count;
}

/** A listener and a dialer of one contestant, each in its own process. */
export class ConnectionPair {
  readonly #listener: Child<typeof listening>;
  readonly #dialer: Child<typeof dialing>;

  private constructor(listener: Child<typeof listening>, dialer: Child<typeof dialing>) {
    this.#listener = listener;
    this.#dialer = dialer;
  }

  /**
   * @param nodes the most connections at any time
   * @throws {Error} if the processes could not be started
   */
  static async start(name: string, nodes: number): Promise<ConnectionPair> {
    const side = (file: string): URL => new URL(file, import.meta.url);
    const execArgv = ['--expose-gc'];
    const listener = await Child.start<typeof listening>(
      side('connection-listener.js'),
      `${name}, listener`,
      execArgv,
    );
    try {
      const address = await listener.ask('listen', name);
      const dialer = await Child.start<typeof dialing>(
        side('connection-dialer.js'),
        `${name}, dialer`,
        execArgv,
      );
      const pair = new ConnectionPair(listener, dialer);
      await dialer.ask('dialer', { name, address, nodes });
      return pair;
    } catch (error) {
      listener.end();
      throw error;
    }
  }

  /** Opens and closes connections. */
  async cycle(amount: Amount): Promise<Cycles> {
    const { count } = amount;
    await this.#listener.ask('expect', count);
    const [dialed, received] = await Promise.all([
      this.#dialer.ask('cycle', amount, withinMs(count)),
      this.#listener.ask('arrived', undefined, withinMs(count)),
    ]);
    const endedAtUs = Math.max(dialed.endedAtUs, received.endedAtUs);
    return {
      count,
      seconds: (endedAtUs - dialed.startedAtUs) / 1e6,
      dialerCpuUs: dialed.cpuUs / count,
      listenerCpuUs: received.cpuUs / count,
    };
  }

  /** Warms up, and returns how many connections take about `roundMs`. */
  calibrate(atATime: number, roundMs: number): Promise<number> {
    return calibrate((count) => this.cycle({ count, atATime }), atATime, roundMs);
  }

  /** Opens connections and keeps them. */
  async hold(amount: Amount): Promise<void> {
    const { count } = amount;
    await this.#listener.ask('expect', count);
    await Promise.all([
      this.#dialer.ask('hold', amount, withinMs(count)),
      this.#listener.ask('arrived', undefined, withinMs(count)),
    ]);
  }

  /** Current memory, after garbage collection on both sides. */
  async footprints(): Promise<Footprints> {
    const [dialer, listener] = await Promise.all([
      this.#dialer.ask('footprint', undefined),
      this.#listener.ask('footprint', undefined),
    ]);
    return { dialer, listener };
  }

  end(): void {
    this.#dialer.end();
    this.#listener.end();
  }
}
