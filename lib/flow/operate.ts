/* eslint-disable @typescript-eslint/no-deprecated -- see flow.ts */
import type { Observable, OperatorFunction, Subscriber, TeardownLogic } from 'rxjs';

/**
 * Creates an operator the way RxJS creates its own. Applied to a flow it returns a flow, which
 * carries demand if the operator answers each value synchronously with at most one value.
 *
 * @param subscribe subscribes to the source on behalf of one subscriber
 */
export function operate<T, R>(
  subscribe: (source: Observable<T>, subscriber: Subscriber<R>) => TeardownLogic,
): OperatorFunction<T, R> {
  return (source) =>
    source.lift<R>({
      // RxJS leaves the types of the arguments of `call` open.
      call: (subscriber: Subscriber<R>, upstream: Observable<T>) => subscribe(upstream, subscriber),
    });
}
