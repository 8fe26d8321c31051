import type { Consumable, Demand } from './demand.ts';

// A flow may fail with something other than an Error, which the loop must receive unchanged.
/* eslint-disable @typescript-eslint/prefer-promise-reject-errors */

interface Pull<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What `for await` runs on. TypeScript's own `AsyncIterableIterator` has one type parameter before
 * 5.6 and three since; this declaration serves both.
 */
export interface FlowIterator<T> extends AsyncIterator<T, undefined, undefined> {
  [Symbol.asyncIterator](): FlowIterator<T>;
}

/**
 * Adapts a flow to `for await`. Each `next()` requests one value, so nothing has to be buffered.
 * Consuming starts with the first call.
 */
export function iterate<T>(flow: Consumable<T>): FlowIterator<T> {
  return new Iteration(flow);
}

class Iteration<T> implements FlowIterator<T> {
  readonly #flow: Consumable<T>;
  #demand: Demand | undefined;
  #pulls: Pull<T>[] = [];
  #ended = false;
  /** An error that arrived while no `next()` was pending. */
  #failure: { readonly error: unknown } | undefined;

  constructor(flow: Consumable<T>) {
    this.#flow = flow;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    // Before the promise is created, since consuming may end synchronously.
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
