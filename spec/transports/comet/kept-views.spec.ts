import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Link } from '../../../lib/transport/link.ts';
import type { Recorder } from '../../support/secure.ts';
import { linked } from './support.ts';

/** Keeps whole messages as they came, and copies the pieces of others. */
class Keeper {
  readonly messages: Uint8Array[] = [];
  #pieces: Uint8Array[] = [];
  #offers = 0;
  readonly #takes: readonly boolean[];

  /** @param takes whether it takes what it is offered, over and over */
  constructor(recorder: Recorder, takes: readonly boolean[]) {
    this.#takes = takes;
    Object.assign(recorder, {
      takes: () => this.#takes[this.#offers++ % takes.length],
      data: (_: number, bytes: Uint8Array, last: boolean) => this.#data(bytes, last),
    });
  }

  #data(bytes: Uint8Array, last: boolean): void {
    if (last && this.#pieces.length === 0) {
      this.messages.push(bytes);
      return;
    }
    this.#pieces.push(bytes.slice());
    if (!last) return;
    this.messages.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
  }
}

/** Adds a message to the batch, in as many packets as it takes. */
function write(link: Link, message: Uint8Array): void {
  for (let at = 0; at < message.length;) {
    if (link.room === 0) link.flush();
    const end = Math.min(message.length, at + link.room);
    link.data(0x22, message, at, end, end === message.length);
    at = end;
  }
}

/** Sends messages of these lengths. Returns the places of those that have changed. */
function changed(
  sizes: readonly number[],
  flushes: readonly boolean[],
  takes: readonly boolean[],
): readonly number[] {
  const { pair, a, b, atB } = linked();
  const { messages } = new Keeper(atB, takes);
  const sent = sizes.map((size, nth) => new Uint8Array(size).fill(nth + 1));
  for (const [nth, message] of sent.entries()) {
    write(a, message);
    if (flushes[nth % flushes.length] === true) a.flush();
    pair.settle();
    if (nth % 3 === 0) b.pause(false);
  }
  a.flush();
  pair.settle();
  for (let tries = 7 * sent.length; tries > 0 && messages.length < sent.length; tries -= 1) {
    b.pause(false);
  }
  const isSame = (nth: number): boolean =>
    Buffer.compare(sent[nth] ?? new Uint8Array(0), messages[nth] ?? new Uint8Array(0)) === 0;
  return [...sent.keys()].filter((nth) => !isSame(nth));
}

describe('the bytes of whole messages', () => {
  it('are not written to again when long messages follow', () => {
    const sizes = [60_000, 60_000, 7, 50_000, 60_000, 60_000, 60_000];
    expect(changed(sizes, [true, true, false, true, true, true, true], [true])).toEqual([]);
  });

  it('are not written to again when the next message was held back', () => {
    const sizes = [60_000, 60_000, 60_000, 60_000, 60_000, 7, 50_000, 60_000, 60_000];
    const flushes = sizes.map((_, nth) => nth !== 5);
    const takes = [...sizes.map((_, nth) => nth !== 6), true];
    expect(changed(sizes, flushes, takes)).toEqual([]);
  });

  it('are not written to again, whatever follows, and whatever the receiver holds back', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 1_024 }), {
      arbitrary: fc.integer({ min: 1_025, max: 70_000 }),
      weight: 2,
    });
    const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 10, maxLength: 40 }),
        choices,
        choices.filter((takes) => takes.includes(true)),
        (sizes, flushes, takes) => expect(changed(sizes, flushes, takes)).toEqual([]),
      ),
      { numRuns: 60 },
    );
  });
});
