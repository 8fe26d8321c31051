import type { FlowUnderTest } from '../../lib/testing/index.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { Flow } from '../../lib/flow/flow.ts';

/**
 * An iterable of 0, 1 and so on up to `count - 1` that then completes or throws, and counts its
 * open iterators.
 */
export class Numbers implements Iterable<number> {
  open = 0;
  /** Calls of `next`, over all iterators. */
  calls = 0;
  readonly #count: number;
  readonly #error: unknown;

  constructor(count: number, error?: unknown) {
    this.#count = count;
    this.#error = error;
  }

  [Symbol.iterator](): Iterator<number> {
    this.open += 1;
    let next = 0;
    let over = false;
    const end = (): IteratorResult<number> => {
      if (!over) this.open -= 1;
      over = true;
      return { done: true, value: undefined };
    };
    return {
      next: () => {
        this.calls += 1;
        if (next < this.#count && !over) return { done: false, value: next++ };
        end();
        if (this.#error !== undefined) throw this.#error as Error;
        return { done: true, value: undefined };
      },
      return: end,
    };
  }

  /** The same, with a promise for each value. */
  async(): AsyncIterable<number> {
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = this[Symbol.iterator]();
        return {
          // eslint-disable-next-line @typescript-eslint/require-await -- so that it rejects where it throws
          next: async () => iterator.next(),
          return: () => Promise.resolve(iterator.return?.() ?? { done: true, value: undefined }),
        };
      },
    };
  }
}

/** Numbers for `flowConformance`, as flows of an operator or a bridge. */
export function numbersUnder(
  make: (numbers: Flow<number>, count: number) => Flow<number>,
): (count: number, error?: unknown) => FlowUnderTest<number> {
  return (count, error) => {
    const numbers = new Numbers(count, error);
    return { flow: make(flowFrom(numbers), count), released: () => numbers.open === 0 };
  };
}
