import { setImmediate } from 'node:timers/promises';

/**
 * The most that a sender of ours leaves unsent in a socket before it waits, where it may choose.
 */
export const unsentBytesMax: number = 2 ** 20;

/** Something that says when it can take more. */
interface Drains {
  once(event: 'drain', listener: () => void): unknown;
}

/** Resolves at the next `drain`. */
export function drained(stream: Drains): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}

/** Pings that wait for their answers, which come in the same order. */
export class Pings {
  readonly #waiting: (() => void)[] = [];

  sent(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  answered(): void {
    this.#waiting.shift()?.();
  }
}

/** How long a sender runs before it yields to timers, and how often it checks the clock. */
const stretchMs = 10;
const messagesPerLook = 32;

/**
 * Sends numbered messages one by one, and lets the event loop turn now and then: where a contestant
 * takes message after message, or has drained as soon as it is asked to, timers would never run.
 *
 * @param send returns what to wait for before the next message, if there is no room for that
 */
export async function sendInStretches(
  first: number,
  count: number,
  send: (seq: number) => Promise<void> | undefined,
): Promise<void> {
  let begunAtMs = performance.now();
  for (let seq = first; seq < first + count; seq += 1) {
    const room = send(seq);
    if (room !== undefined) await room;
    else if (seq % messagesPerLook !== 0) continue;
    if (performance.now() - begunAtMs < stretchMs) continue;
    await setImmediate();
    begunAtMs = performance.now();
  }
}
