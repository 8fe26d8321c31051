import { setImmediate } from 'node:timers/promises';

/**
 * How many bytes our own senders leave unsent in a socket before they wait, where they can choose.
 */
export const unsentBytesMax: number = 2 ** 20;

/** A stream that emits `drain` when it can take more. */
interface Drains {
  once(event: 'drain', listener: () => void): unknown;
}

/** Resolves at the next `drain`. */
export function drained(stream: Drains): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}

/** Pings waiting for their answers, which arrive in the same order. */
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
 * Sends numbered messages one by one, and yields to the event loop now and then. Without this,
 * timers would never run when a contestant accepts every message, or drains as soon as it is full.
 *
 * @param send returns a promise to wait for before the next message if there is no room for it
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
