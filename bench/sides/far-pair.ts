import type { Handlers } from '../frame/child.ts';
import type { LineOptions } from 'rxmesh/testing/tcp';
import { Child } from '../frame/processes.ts';
import type { Run } from '../frame/runner.ts';
import { smallBuffers } from '../frame/small-buffers.ts';
import type { Arrived, handlers as receiving } from './far-receiver.ts';
import type { Destination, handlers as sending } from './far-sender.ts';
import type { handlers as lining } from './line.ts';

/** A contestant, the size of its messages, and the line between the two sides. */
export interface Way {
  readonly name: string;
  readonly bytes: number;
  readonly line: LineOptions;
}

/** The result of sending messages over a line. */
export interface Crossing {
  readonly count: number;
  readonly seconds: number;
  /** One-way latency of notes, each measured from when it was due. */
  readonly notesMs: readonly number[];
}

/** The processes of a pair. */
interface Parts {
  readonly sender: Child<typeof sending>;
  readonly receiver: Child<typeof receiving>;
  readonly destination: Destination;
  end(): void;
}

/** A run that takes longer has failed. */
const runWithinMs = 60_000;

const here = new URL('.', import.meta.url);

/** A sender, a receiver and the line between them, each in its own process. */
export class FarPair {
  readonly #parts: Parts;
  /** The number of the next message. */
  #next = 0;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param sides the directory of `far-receiver.js` and `far-sender.js`, here or in another
   *   checkout
   * @throws {Error} if a process could not be started
   */
  static async start({ name, bytes, line }: Way, sides: URL = here): Promise<FarPair> {
    const { prefix, end: leave } = await smallBuffers();
    const children: Child<Handlers>[] = [];
    const end = (): void => {
      for (const child of children) child.end();
      leave();
    };
    const start = async <H extends Handlers>(file: string, from: URL): Promise<Child<H>> => {
      const child = await Child.start<H>(new URL(file, from), `${name}, ${file}`, [], prefix);
      children.push(child);
      return child;
    };
    try {
      const receiver = await start<typeof receiving>('far-receiver.js', sides);
      const between = await start<typeof lining>('line.js', here);
      const sender = await start<typeof sending>('far-sender.js', sides);
      const place = await receiver.ask('listen', { name, bytes });
      const port = await between.ask('open', { to: place.port, line });
      const destination = { name, bytes, place: { ...place, port } };
      return new FarPair({ sender, receiver, destination, end });
    } catch (error) {
      end();
      throw error;
    }
  }

  async dial(): Promise<void> {
    const { sender, destination } = this.#parts;
    await sender.ask('dial', destination);
  }

  /** Dials again, and resolves to the seconds until the first message has arrived. */
  async firstMessage(): Promise<number> {
    const { sender, receiver, destination } = this.#parts;
    await receiver.ask('expect', { first: 0, count: 1 });
    const [startedAtUs, { endedAtUs }] = await Promise.all([
      sender.ask('dialAndSend', destination),
      receiver.ask('arrived', undefined),
    ]);
    return (endedAtUs - startedAtUs) / 1e6;
  }

  /** Starts sending without end, and resolves to what arrived in `forMs`, after `afterMs`. */
  async cross(afterMs: number, forMs: number): Promise<Crossing> {
    const { sender, receiver } = this.#parts;
    await sender.ask('begin', undefined);
    const arrived = await receiver.ask('measure', { afterMs, forMs }, runWithinMs);
    const notesMs = notesMsOf(await sender.ask('notes', undefined), arrived);
    return { count: arrived.count, seconds: arrived.seconds, notesMs };
  }

  /** Sends that many messages and waits until they have arrived. */
  async run(count: number): Promise<Run> {
    const { sender, receiver } = this.#parts;
    const numbers = { first: this.#next, count };
    this.#next += count;
    await receiver.ask('expect', numbers);
    const [startedAtUs, { endedAtUs, cpuUs }] = await Promise.all([
      sender.ask('send', numbers, runWithinMs),
      receiver.ask('arrived', undefined, runWithinMs),
    ]);
    const bothCpuUs = cpuUs + (await sender.ask('cpuUs', undefined));
    return { count, seconds: (endedAtUs - startedAtUs) / 1e6, cpuUs: bothCpuUs / count };
  }

  end(): void {
    this.#parts.end();
  }
}

/**
 * Latencies of the notes that arrived during the measurement. If the oldest note still in transit
 * has waited longer than any of them, it counts as if it arrived at the end. Otherwise a stalled
 * stream would have good figures.
 */
function notesMsOf(
  dueUs: readonly number[],
  { fromUs, toUs, notesUs }: Arrived,
): readonly number[] {
  const notesMs: number[] = [];
  for (const [seq, atUs] of notesUs) {
    if (atUs >= fromUs) notesMs.push((atUs - (dueUs[seq] ?? NaN)) / 1000);
  }
  const oldestUs = dueUs.find((_, seq) => !notesUs.has(seq)) ?? toUs;
  const oldestMs = (toUs - oldestUs) / 1000;
  return oldestMs > Math.max(0, ...notesMs) ? [...notesMs, oldestMs] : notesMs;
}
