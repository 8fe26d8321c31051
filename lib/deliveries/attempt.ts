import { isObservable, type Observable, type Subscription } from 'rxjs';
import {
  type Aborting,
  makeAbortController,
  type PlatformAbortSignal,
} from '#platform/abort-controller';
import type { NodeId, StoreOperation } from '../index.ts';

/* eslint-disable @typescript-eslint/no-invalid-void-type -- a handler may have no return statement */
/** What a handler returns: nothing, or changes of the store, perhaps later. */
export type Handled =
  | void
  | readonly StoreOperation[]
  | PromiseLike<void | readonly StoreOperation[]>
  | Observable<void | readonly StoreOperation[]>;
/* eslint-enable @typescript-eslint/no-invalid-void-type */

/** A message for its handler. */
export interface Incoming<T> {
  /** The peer that sent it. Its identity is proven. */
  readonly from: NodeId;
  readonly message: T;
  /** 1 the first time, and one more each time that the handler has failed. */
  readonly attempt: number;
  /**
   * Is aborted when nobody waits for the handler any more: it has taken too long, the service is
   * closed, or the sender has forgotten the message. What it returns then is not written.
   */
  readonly signal: PlatformAbortSignal;
}

/** Called with the end of an attempt: the changes to make, or what was thrown. */
type Over = (operations: readonly StoreOperation[] | undefined, thrown?: unknown) => void;

/** One run of the handler. */
export class Attempt implements Incoming<unknown> {
  readonly from: NodeId;
  readonly message: unknown;
  readonly attempt: number;
  readonly #over: Over;
  readonly #operations: StoreOperation[] = [];
  #aborting: Aborting | undefined;
  #reason: { readonly error: unknown } | undefined;
  #subscription: Subscription | undefined;
  #isOver = false;
  /** Whether the handler, or its promise, has not ended yet. */
  #isRunning = false;
  #left: (() => void) | undefined;

  constructor(from: NodeId, message: unknown, attempt: number, over: Over) {
    this.from = from;
    this.message = message;
    this.attempt = attempt;
    this.#over = over;
  }

  get signal(): PlatformAbortSignal {
    if (this.#aborting === undefined) {
      this.#aborting = makeAbortController();
      if (this.#reason !== undefined) this.#aborting.abort(this.#reason.error);
    }
    return this.#aborting.signal;
  }

  run(call: (attempt: Attempt) => unknown): void {
    this.#isRunning = true;
    try {
      this.#wait(call(this));
    } catch (thrown) {
      this.#end(thrown ?? new Error('the handler has thrown nothing'));
      this.#stops();
    }
  }

  /** Leaves the handler. A promise cannot be stopped: `left` is called once it has settled. */
  abort(error: unknown, left?: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = { error };
    this.#left = left;
    this.#subscription?.unsubscribe();
    this.#aborting?.abort(error);
    if (!this.#isRunning) left?.();
  }

  #wait(handled: unknown): void {
    if (isObservable(handled)) {
      this.#stops();
      this.#subscription = handled.subscribe({
        next: (value) => this.#add(value),
        error: (thrown: unknown) => this.#end(thrown ?? new Error('the handler has failed')),
        complete: () => this.#end(),
      });
      // It may have been aborted from within.
      if (this.#isOver) this.#subscription.unsubscribe();
    } else if (isPromise(handled)) {
      handled.then(
        (value) => {
          this.#add(value);
          this.#end();
          this.#stops();
        },
        (thrown: unknown) => {
          this.#end(thrown ?? new Error('the handler has failed'));
          this.#stops();
        },
      );
    } else {
      this.#stops();
      this.#add(handled);
      this.#end();
    }
  }

  #stops(): void {
    this.#isRunning = false;
    const left = this.#left;
    this.#left = undefined;
    left?.();
  }

  #add(value: unknown): void {
    if (this.#isOver || value === undefined) return;
    const problem = problemOf(value);
    if (problem === undefined) {
      // There may be more of them than a call has arguments.
      for (const operation of value as readonly StoreOperation[]) this.#operations.push(operation);
    } else {
      this.#end(problem);
    }
  }

  #end(thrown?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#subscription?.unsubscribe();
    if (thrown === undefined) this.#over(this.#operations);
    else this.#over(undefined, thrown);
  }
}

/** What is wrong with changes for the store. */
export function problemOf(operations: unknown): TypeError | undefined {
  if (!Array.isArray(operations)) {
    return new TypeError('a handler returns nothing, or an array of changes for the store');
  }
  const isWhole = operations.every((operation: Partial<Record<string, unknown>> | null) => {
    if (typeof operation?.['key'] !== 'string' || operation['key'] === '') return false;
    const { type, value } = operation;
    // `instanceof` would refuse the bytes of another realm, such as jsdom's.
    return type === 'del' || (type === 'put' && ArrayBuffer.isView(value));
  });
  if (isWhole) return undefined;
  const shape = "{ type: 'put', key, value } with bytes as its value, or { type: 'del', key }";
  return new TypeError(`a change of the store must be ${shape}`);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null || !('then' in value)) return false;
  return typeof value.then === 'function';
}
