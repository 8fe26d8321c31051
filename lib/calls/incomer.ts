import {
  type Aborting,
  makeAbortController,
  type PlatformAbortSignal,
} from '#platform/abort-controller';
import { type Headers, noHeaders } from '../frames/headers.ts';
import type { Clock, Flow, NodeId } from '../index.ts';
import type { Incoming } from './handler.ts';

/** A call for its handler. Most handlers use neither its signal nor its time. */
export class Incomer<Request> implements Incoming<Request> {
  readonly from: NodeId;
  readonly method: string;
  request: Request | undefined;
  requests: Flow<Request> | undefined;
  headers: Headers = noHeaders;
  /** 0 if there is no limit. */
  dueAtMs = 0;
  readonly #clock: Clock;
  #aborting: Aborting | undefined;
  #reasonOf: (() => unknown) | undefined;

  constructor(from: NodeId, method: string, clock: Clock) {
    this.from = from;
    this.method = method;
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
    if (this.dueAtMs === 0) return undefined;
    return Math.max(1, this.dueAtMs - this.#clock.now());
  }

  /** @param reasonOf creates the reason, which costs more than to cancel a call */
  abort(reasonOf: () => unknown): void {
    this.#reasonOf = reasonOf;
    this.#aborting?.abort(reasonOf());
  }
}
