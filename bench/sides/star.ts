import { Child } from '../frame/processes.ts';
import type { handlers, StarSetup } from './hub-and-leaves.ts';

/** The result of sending messages to all leaves. */
export interface StarLap {
  readonly count: number;
  /** From the first send until the last leaf has the last message. */
  readonly seconds: number;
  readonly encodes: number;
  /** Processor time of the hub's process. */
  readonly cpuUs: number;
}

const here = new URL('.', import.meta.url);

/** A hub connected to its leaves: in one process if in memory, otherwise in two. */
export class Star {
  readonly #hub: Child<typeof handlers>;
  readonly #leaves: Child<typeof handlers>;
  readonly #peers: number;

  private constructor(hub: Child<typeof handlers>, leaves: Child<typeof handlers>, peers: number) {
    this.#hub = hub;
    this.#leaves = leaves;
    this.#peers = peers;
  }

  /**
   * @param sides the directory of `hub-and-leaves.js`, here or in another checkout
   * @throws {Error} if they could not be started or connected
   */
  static async start(setup: StarSetup, sides: URL = here): Promise<Star> {
    const module = new URL('hub-and-leaves.js', sides);
    const startChild = (name: string) => Child.start<typeof handlers>(module, name);
    const hub = await startChild('hub');
    const children = [hub];
    try {
      const leaves = setup.medium === 'memory' ? hub : await startChild('leaves');
      children.push(leaves);
      const address = await hub.ask('openHub', setup);
      await leaves.ask('join', { address, setup }, 60_000);
      await hub.ask('joined', setup.peers);
      return new Star(hub, leaves, setup.peers);
    } catch (error) {
      for (const child of children) child.end();
      throw error;
    }
  }

  /** Sends messages to all leaves, and waits until all have arrived. */
  async run(count: number, bytes: number, withinMs = 60_000): Promise<StarLap> {
    await this.#leaves.ask('expect', Infinity);
    const order = { count, bytes, withinMs: Infinity };
    const sent = await this.#hub.ask('send', order, withinMs);
    await this.#leaves.ask('until', sent.count * this.#peers);
    const endedAtUs = await this.#leaves.ask('arrived', undefined, withinMs);
    const cpuUs = await this.#hub.ask('cpuUs', undefined);
    const seconds = (endedAtUs - sent.startedAtUs) / 1e6;
    return { count: sent.count, seconds, encodes: sent.encodes, cpuUs };
  }

  /**
   * Sends for `ms`, and resolves to how many messages arrived in that time, summed over all leaves.
   *
   * @param drains whether to wait for the messages still in transit; if not, the star cannot be
   *   used again
   */
  async runFor(ms: number, bytes: number, drains: boolean): Promise<number> {
    await this.#leaves.ask('expect', Infinity);
    const order = { count: Infinity, bytes, withinMs: ms };
    const sending = this.#hub.ask('send', order, ms + 60_000);
    let failure: unknown;
    sending.catch((error: unknown) => (failure = error));
    const came = await this.#leaves.ask('cameWithin', ms, ms + 60_000);
    if (failure !== undefined) throw failure as Error;
    if (drains) {
      const { count } = await sending;
      await this.#leaves.ask('until', count * this.#peers);
      await this.#leaves.ask('arrived', undefined, 60_000);
    }
    return came;
  }

  end(): void {
    this.#hub.end();
    this.#leaves.end();
  }
}
