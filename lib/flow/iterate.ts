import type { Consumable, Demand } from './demand.ts';

// What a flow fails with need not be an Error, and the loop has to get it as it is.
/* eslint-disable @typescript-eslint/prefer-promise-reject-errors */

interface Pull<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What `for await` runs on. TypeScript's own `AsyncIterableIterator` takes one type parameter before
 * 5.6 and three since: this one has the same declaration for both.
 */
export interface FlowIterator<T> extends AsyncIterator<T, undefined, undefined> {
  [Symbol.asyncIterator](): FlowIterator<T>;
}

/**
 * A flow's values for `for await`: one is requested for each `next()`, so that none has to wait
 * here. Consuming begins with the first.
 */
export function iterate<T>(flow: Consumable<T>): FlowIterator<T> {
  return new Iteration(flow);
}

class Iteration<T> implements FlowIterator<T> {
  readonly #flow: Consumable<T>;
  #demand: Demand | undefined;
  #pulls: Pull<T>[] = [];
  #ended = false;
  /** An error that came when nobody was waiting. */
  #failure: { readonly error: unknown } | undefined;

  constructor(flow: Consumable<T>) {
    this.#flow = flow;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    // Before the promise, since that may end it.
    if (!this.#ended) this.#demand ??= this.#consume();
    return new Promise((resolve, reject) => {
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure !== undefined) {
        reject(failure.error);
      } else if (this.#ended) {
        resolve({ done: true, value: undefined });
      } else {
        this.#pulls.push({ resolve, reject });
        this.#demand?.request(1);
      }
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#demand?.unsubscribe();
    this.#end();
    this.#failure = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  #consume(): Demand {
    return this.#flow.consume({
      next: (value) => this.#pulls.shift()?.resolve({ done: false, value }),
      error: (error) => {
        const pull = this.#pulls.shift();
        if (pull === undefined) this.#failure = { error };
        else pull.reject(error);
        this.#end();
      },
      complete: () => this.#end(),
    });
  }

  #end(): void {
    this.#ended = true;
    const pulls = this.#pulls;
    this.#pulls = [];
    for (const { resolve } of pulls) resolve({ done: true, value: undefined });
  }
}
