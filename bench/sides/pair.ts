import type { Setup } from '../contestants/contestant.ts';
import type { Handlers } from '../frame/child.ts';
import { Child } from '../frame/processes.ts';
import { calibrate } from '../frame/rounds.ts';
import type { Load, Pinged } from './load.ts';
import type { handlers as receiving } from './receiver.ts';
import type { handlers as sending } from './sender.ts';

/** The result of a run. */
export interface Lap {
  /** Messages over all channels. */
  readonly count: number;
  /** From the first send until the last message has arrived. */
  readonly seconds: number;
  /** Processor time of the whole process, per message. */
  readonly senderCpuUs: number;
  readonly receiverCpuUs: number;
}

/** A run that takes longer has failed. */
const lapWithinMs = 60_000;

const here = new URL('.', import.meta.url);

/** A connected sender and receiver of one contestant, each in its own process. */
export class Pair {
  readonly sender: Child<typeof sending>;
  readonly receiver: Child<typeof receiving>;
  readonly #channels: number;

  private constructor(
    sender: Child<typeof sending>,
    receiver: Child<typeof receiving>,
    channels: number,
  ) {
    this.sender = sender;
    this.receiver = receiver;
    this.#channels = channels;
  }

  /**
   * @param sides the directory of `receiver.js` and `sender.js`, here or in another checkout
   * @throws {Error} if they could not be started or connected
   */
  static async start(name: string, setup: Setup, sides: URL = here): Promise<Pair> {
    const side = (file: string): URL => new URL(file, sides);
    const receiver = await Child.start<typeof receiving>(side('receiver.js'), `${name}, receiver`);
    const children: Child<Handlers>[] = [receiver];
    try {
      const address = await receiver.ask('listen', { name, setup });
      const sender = await Child.start<typeof sending>(side('sender.js'), `${name}, sender`);
      children.push(sender);
      await sender.ask('dial', { name, address, setup });
      return new Pair(sender, receiver, setup.channels);
    } catch (error) {
      for (const child of children) child.end();
      throw error;
    }
  }

  /** Sends messages, spread over the channels, and waits until they have arrived. */
  async run(count: number): Promise<Lap> {
    const each = Math.ceil(count / this.#channels);
    const all = each * this.#channels;
    await this.receiver.ask('expect', all);
    const [startedAtUs, { endedAtUs, cpuUs }] = await Promise.all([
      this.sender.ask('send', each, lapWithinMs),
      this.receiver.ask('arrived', undefined, lapWithinMs),
    ]);
    const senderCpuUs = await this.sender.ask('cpuUs', undefined);
    return {
      count: all,
      seconds: (endedAtUs - startedAtUs) / 1e6,
      senderCpuUs: senderCpuUs / all,
      receiverCpuUs: cpuUs / all,
    };
  }

  /** Sends pings along with a load, all of which must arrive. */
  async ping(load: Load): Promise<Pinged> {
    await this.receiver.ask('expect', Infinity);
    const pinged = await this.sender.ask('pings', load, lapWithinMs);
    await this.receiver.ask('until', pinged.count);
    await this.receiver.ask('arrived', undefined);
    return pinged;
  }

  /** Warms up, and returns how many messages take about `roundMs`. */
  calibrate(roundMs: number): Promise<number> {
    return calibrate((count) => this.run(count), 64 * this.#channels, roundMs);
  }

  end(): void {
    this.sender.end();
    this.receiver.end();
  }
}
