/* eslint-disable @typescript-eslint/no-deprecated -- see flow.ts */
import type { Observable, OperatorFunction, Subscriber, TeardownLogic } from 'rxjs';

/**
 * An operator, made as RxJS makes its own: behind a flow its result is a flow, and carries demand
 * if it answers each value at once, with one value or none.
 *
 * @param subscribe subscribes to the source for one subscriber of the result
 */
export function operate<T, R>(
  subscribe: (source: Observable<T>, subscriber: Subscriber<R>) => TeardownLogic,
): OperatorFunction<T, R> {
  return (source) =>
    source.lift<R>({
      // RxJS says nothing of the type of what `call` is given.
      call: (subscriber: Subscriber<R>, upstream: Observable<T>) => subscribe(upstream, subscriber),
    });
}
