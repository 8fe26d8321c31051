import type { Handlers } from '../frame/child.ts';
import type { LineOptions } from '../frame/line.ts';
import { Child } from '../frame/processes.ts';
import type { Arrived, handlers as receiving } from './far-receiver.ts';
import type { handlers as sending } from './far-sender.ts';
import type { handlers as lining } from './line.ts';

/** How messages crossed a line. */
export interface Crossing {
  readonly count: number;
  readonly seconds: number;
  /** How long notes were on their way, one way, each from when it was due. */
  readonly notesMs: readonly number[];
}

const here = new URL('.', import.meta.url);

/** A sender, a receiver, and a line between them, in processes of their own. */
export class FarPair {
  readonly #children: readonly Child<Handlers>[];
  readonly #sender: Child<typeof sending>;
  readonly #receiver: Child<typeof receiving>;

  private constructor(
    sender: Child<typeof sending>,
    receiver: Child<typeof receiving>,
    line: Child<typeof lining>,
  ) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#children = [sender, receiver, line];
  }

  /** @throws {Error} they did not get together */
  static async start(name: string, bytes: number, line: LineOptions): Promise<FarPair> {
    const children: Child<Handlers>[] = [];
    const start = async <H extends Handlers>(file: string): Promise<Child<H>> => {
      const child = await Child.start<H>(new URL(file, here), `${name}, ${file}`);
      children.push(child);
      return child;
    };
    try {
      const receiver = await start<typeof receiving>('far-receiver.js');
      const proxy = await start<typeof lining>('line.js');
      const sender = await start<typeof sending>('far-sender.js');
      const place = await receiver.ask('listen', { name, bytes });
      const port = await proxy.ask('open', { to: place.port, line });
      await sender.ask('dial', { name, place: { ...place, port }, bytes });
      return new FarPair(sender, receiver, proxy);
    } catch (error) {
      for (const child of children) child.end();
      throw error;
    }
  }

  /** Sends from now on, and says what arrived in `forMs`, after `afterMs`. */
  async cross(afterMs: number, forMs: number): Promise<Crossing> {
    await this.#sender.ask('begin', undefined);
    const arrived = await this.#receiver.ask(
      'measure',
      { afterMs, forMs },
      afterMs + 2 * forMs + 30_000,
    );
    const due = await this.#sender.ask('notes', undefined);
    const { count, seconds } = arrived;
    return { count, seconds, notesMs: notesMsOf(due, arrived) };
  }

  end(): void {
    for (const child of this.#children) child.end();
  }
}

/**
 * Those that arrived while it was measured. The oldest note that is still on its way counts as if it came at the end, if
 * it has been on its way for longer than all of them: else a stream that stands still would have good figures.
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
