import { type Clock, type Codec, Flow } from '../index.ts';
import { Inflow } from './inflow.ts';

/** What a flow of requests needs. */
interface RequestFlowOptions {
  readonly clock: Clock;
  /** See `Inflow`. */
  readonly window: number;
  /** Called when the caller should hear that more requests are wanted. */
  readonly onDue: () => void;
}

/** The requests of a call that sends a stream of them, for one consumer: its handler. */
export class RequestFlow<Request> {
  readonly flow: Flow<Request>;
  #inflow: Inflow<Request> | undefined;
  #isLeft = false;
  /** Notifies the consumer of the end, which may come before the consumer. */
  #end: ((inflow: Inflow<Request>) => void) | undefined;

  constructor(codec: Codec<Request>, { clock, window, onDue }: RequestFlowOptions) {
    this.flow = new Flow<Request>(
      (sink) => {
        if (this.#inflow !== undefined) {
          throw new TypeError('requests: they have a consumer already; share them with shareFlow');
        }
        const inflow = new Inflow(sink, codec, window);
        this.#inflow = inflow;
        this.#end?.(inflow);
        return {
          request: () => {
            if (inflow.due > 0) onDue();
          },
          unsubscribe: () => {
            this.#isLeft = true;
          },
        };
      },
      undefined,
      { clock },
    );
  }

  /** See `Inflow`. */
  get due(): number {
    return this.#isLeft ? 0 : (this.#inflow?.due ?? 0);
  }

  /** See `Inflow`. */
  grant(): number {
    return this.#isLeft ? 0 : (this.#inflow?.grant() ?? 0);
  }

  /** See `Inflow`. */
  spend(): boolean {
    return this.#inflow?.spend() ?? false;
  }

  /** Delivers a request, unless its consumer has left. Throws what the codec throws. */
  deliver(payload: Uint8Array): void {
    if (!this.#isLeft) this.#inflow?.deliver(payload);
  }

  complete(): void {
    this.#endWith((inflow) => inflow.complete());
  }

  error(reason: unknown): void {
    this.#endWith((inflow) => inflow.error(reason));
  }

  #endWith(end: (inflow: Inflow<Request>) => void): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#inflow !== undefined) end(this.#inflow);
  }
}
