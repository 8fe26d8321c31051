import { type Observable, type ObservableInput, type ObservedValueOf, Subscription } from 'rxjs';
import { Flow, isFlow, originOf } from '../lib/flow/flow.ts';
import { MergeRun } from '../lib/flow/merge-run.ts';
import { bufferForFlow } from '../lib/flow/merge-settings.ts';
import { aLane, checkLossyLane, fail, type LaneOptions } from '../lib/flow/strategy.ts';
import {
  aFunction,
  aNumber,
  checkArgument,
  checkOptions,
  type OptionKinds,
} from '../lib/model/check-options.ts';
import { mustBe } from '../lib/model/described.ts';

/** The default buffer for an Observable that cannot be held back. */
const bufferByDefault = fail(1024);

/** Options of `boundedMergeMap`. */
export interface BoundedMergeMapOptions<T> {
  /**
   * The most inner Observables that may be active at a time, a whole number; Infinity: no limit.
   * Default 1.
   */
  readonly concurrency?: number;
  /**
   * The key of a value, compared as keys of a `Map` are. Values with the same key are processed one
   * after another, in order of arrival. Default: values are independent.
   */
  readonly key?: (value: T) => unknown;
  /**
   * Where values wait to be started, and what happens when it is full: `dropOldest(n)`,
   * `dropNewest(n)`, `latest()` or `fail(n)`, without a number of bytes, since values have no size.
   * Default: none for a flow, which is held back so that nothing has to wait; `fail(1024)` for any
   * other Observable, which cannot be held back.
   */
  readonly buffer?: LaneOptions;
  /**
   * Called with each value that is dropped, because the buffer is full or `key` threw. Without it,
   * values are dropped silently.
   */
  readonly onDrop?: (value: T) => void;
}

const optionKinds: OptionKinds<BoundedMergeMapOptions<unknown>> = {
  concurrency: aNumber,
  key: aFunction,
  buffer: aLane,
  onDrop: aFunction,
};

/**
 * A `mergeMap` with bounded memory: at most `concurrency` inner Observables are active. A flow is
 * asked for that many values, and for another one whenever an inner Observable completes, so that
 * nothing waits and nothing is dropped:
 *
 *     asked for  a--b--c---
 *                boundedMergeMap(x => of(x).pipe(delay(3)))
 *     out        ---a--b--(c|)
 *
 * With a `buffer`, or if the source is not a flow, at most `buffer.capacity` values wait, and the
 * strategy decides about further ones:
 *
 *     in   -abc------------|
 *          boundedMergeMap(x => of(x).pipe(delay(3)), { buffer: dropNewest(1) })
 *     out  ----a--b--------|        c finds the buffer full
 *
 * With a `key`, values of one key run one after another, and different keys run in parallel:
 *
 *     in   -a-A-b---------|
 *          boundedMergeMap(x => of(x).pipe(delay(5)), { concurrency: 2, key: lowerCase })
 *     out  ------a---bA---|        A has the key of a, and waits for it; b does not
 *
 * Free keys take turns, in the order in which they became free. With a flow, at most `concurrency`
 * values, and never more than 2^20, wait for their keys in addition to those that run. While that
 * many wait, no more are requested, whatever their keys. With any other Observable, they wait in
 * `buffer`.
 *
 *     chat.in$.pipe(
 *       boundedMergeMap(({ message }) => save(message), {
 *         concurrency: 16,
 *         key: ({ from }) => from,
 *       }),
 *     );
 *
 * The result is a flow. For a consumer with demand, a result that waits occupies a slot, just like
 * an active inner Observable, so none is started before there is room for it. Inner Observables
 * with a single result, such as promises, never overrun the consumer. For those with more, up to
 * 1,024 results wait (or `concurrency`, if that is more); inner flows are asked for one result at a
 * time. Waiting results are delivered before completion or an error.
 *
 * Inner Observables that complete synchronously do not deepen the stack, however many there are. A
 * value that arrives while another one is being started waits, even if there is room for both.
 *
 * An exception from `project` becomes the error of the result, as in `mergeMap`. A value for which
 * `key` throws is dropped and passed to `onDrop`. Exceptions from `key` and `onDrop` are reported
 * as unhandled, and the flow continues.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` buffer is full
 *   or too many results wait
 * @throws {TypeError} if `project` is not a function, or for invalid options
 * @throws {RangeError} for a concurrency below 1, or a buffer that blocks or has bounds in bytes or
 *   a rate
 */
export function boundedMergeMap<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  options: BoundedMergeMapOptions<T> = {},
): (source: Observable<T>) => Flow<ObservedValueOf<O>> {
  type R = ObservedValueOf<O>;
  checkArgument('boundedMergeMap', 'project', project, aFunction);
  checkOptions('boundedMergeMap', options, optionKinds);
  const { concurrency = 1, key, buffer, onDrop } = options;
  if (!(concurrency >= 1)) {
    const fault = mustBe('concurrency', 'a number of at least 1', concurrency);
    throw new RangeError(`boundedMergeMap: ${fault}`);
  }
  if (buffer !== undefined) checkLossyLane('boundedMergeMap', 'buffer', buffer);
  // This is what `ObservedValueOf` means, but the compiler cannot infer it.
  const inner = project as unknown as (value: T, index: number) => ObservableInput<R>;
  return (source) => {
    const pulled = buffer === undefined && isFlow(source) ? source : undefined;
    const lane = pulled === undefined ? (buffer ?? bufferByDefault) : bufferForFlow(concurrency);
    const settings = { project: inner, concurrency, key, buffer: lane, onDrop };
    const begin = (run: MergeRun<T, R>): MergeRun<T, R> =>
      pulled === undefined ? run.from(source) : run.pullFrom(pulled);
    return new Flow<R>(
      (sink) => begin(new MergeRun(settings, sink, new Subscription())),
      (subscriber) => void begin(new MergeRun(settings, subscriber, subscriber)),
      originOf(source),
    );
  };
}
