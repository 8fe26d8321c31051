import {
  type Aborting,
  makeAbortController,
  type PlatformAbortSignal,
} from '#platform/abort-controller';
import { type Clock, Flow, type NodeId } from '../index.ts';
import type { Incoming } from './handler.ts';

/** What is known of a call when it arrives. */
interface Arrival<Request> {
  readonly from: NodeId;
  readonly method: string;
  readonly request: Request | undefined;
  readonly requests: Flow<Request> | undefined;
  /** Infinity if there is no limit. */
  readonly dueAtMs: number;
  readonly clock: Clock;
}

/** A call for its handler. Most handlers use neither its signal nor its time. */
export class Incomer<Request> implements Incoming<Request> {
  readonly from: NodeId;
  readonly method: string;
  readonly request: Request | undefined;
  readonly requests: Flow<Request> | undefined;
  readonly #dueAtMs: number;
  readonly #clock: Clock;
  #aborting: Aborting | undefined;
  #reasonOf: (() => unknown) | undefined;

  constructor({ from, method, request, requests, dueAtMs, clock }: Arrival<Request>) {
    this.from = from;
    this.method = method;
    this.request = request;
    this.requests = requests;
    this.#dueAtMs = dueAtMs;
    this.#clock = clock;
  }

  /** A controller costs more than a small call, so it is made when it is asked for. */
  get signal(): PlatformAbortSignal {
    if (this.#aborting === undefined) {
      this.#aborting = makeAbortController();
      if (this.#reasonOf !== undefined) this.#aborting.abort(this.#reasonOf());
    }
    return this.#aborting.signal;
  }

  get timeLeftMs(): number | undefined {
    if (this.#dueAtMs === Infinity) return undefined;
    return Math.max(1, this.#dueAtMs - this.#clock.now());
  }

  /** @param reasonOf creates the reason, which costs more than to cancel a call */
  abort(reasonOf: () => unknown): void {
    this.#reasonOf = reasonOf;
    this.#aborting?.abort(reasonOf());
  }
}
