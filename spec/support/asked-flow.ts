import type { Demand } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';

/** A flow whose values the test emits, with a log of how it was consumed. */
export interface AskedFlow {
  readonly flow: Flow<number>;
  /** The demand requested, in order. */
  readonly requests: readonly number[];
  /** How many times it was consumed. */
  readonly consumed: () => number;
  /** Whether its last consumer has left. */
  readonly isLeft: () => boolean;
  readonly emit: (...values: readonly number[]) => void;
  readonly complete: () => void;
  readonly error: (error: unknown) => void;
}

/** A flow that the test feeds; values go to its last consumer. */
export function askedFlow(): AskedFlow {
  const requests: number[] = [];
  let consumed = 0;
  let isLeft = false;
  let sink: { next(value: number): unknown; error(error: unknown): void; complete(): void };
  const flow = new Flow<number>((given): Demand => {
    consumed += 1;
    isLeft = false;
    sink = given;
    return {
      request: (count) => void requests.push(count),
      unsubscribe: () => (isLeft = true),
    };
  });
  return {
    flow,
    requests,
    consumed: () => consumed,
    isLeft: () => isLeft,
    emit: (...values) => values.forEach((value) => void sink.next(value)),
    complete: () => sink.complete(),
    error: (error) => sink.error(error),
  };
}
