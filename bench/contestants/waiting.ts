/** The most that a sender of ours leaves unsent in a socket before it waits, where it may choose. */
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
