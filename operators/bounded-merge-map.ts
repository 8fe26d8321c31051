import { type Observable, type ObservableInput, type ObservedValueOf, Subscription } from 'rxjs';
import { Flow, isFlow, originOf } from '../lib/flow/flow.ts';
import { MergeRun } from '../lib/flow/merge-run.ts';
import { askedFor } from '../lib/flow/merge-settings.ts';
import { aLane, checkValueLane, fail, type LaneOptions } from '../lib/flow/strategy.ts';
import {
  aFunction,
  aNumber,
  checkArgument,
  checkOptions,
  type OptionKinds,
} from '../lib/model/check-options.ts';

/** Where values of an Observable wait that cannot be held back, unless it is said. */
const bufferByDefault = fail(1024);

/** Options of `boundedMergeMap`. */
export interface BoundedMergeMapOptions<T> {
  /**
   * Inner Observables that may be alive at a time, a whole number; Infinity: no bound. Default 1.
   */
  readonly concurrency?: number;
  /**
   * What a value belongs to, compared as keys of a Map are: values of one key are worked on one
   * after the other, in the order in which they came. Default: each is on its own.
   */
  readonly key?: (value: T) => unknown;
  /**
   * Where values wait for their turn, and what happens when it is full: `dropOldest(n)`,
   * `dropNewest(n)`, `latest()` or `fail(n)`. Without a number of bytes: values have
   * no size. Default: a flow is held back, and nothing has to wait;
   * another Observable cannot be, and gets `fail(1024)`.
   */
  readonly buffer?: LaneOptions;
  /** Sees each value that is dropped: by a full buffer, or for want of a key. */
  readonly onDrop?: (value: T) => void;
}

const optionKinds: OptionKinds<BoundedMergeMapOptions<unknown>> = {
  concurrency: aNumber,
  key: aFunction,
  buffer: aLane,
  onDrop: aFunction,
};

/**
 * A `mergeMap` whose memory is bounded: at most `concurrency` inner Observables are alive. A flow
 * is asked for as many values, and for one more when an inner one completes, so that nothing waits
 * and nothing is dropped:
 *
 *     asked for  a--b--c---
 *                boundedMergeMap(x => of(x).pipe(delay(3)))
 *     out        ---a--b--(c|)
 *
 * With a `buffer`, or behind an Observable that is no flow, at most `buffer.capacity` values wait,
 * and what happens to one more is chosen:
 *
 *     in   -abc------------|
 *          boundedMergeMap(x => of(x).pipe(delay(3)), { buffer: dropNewest(1) })
 *     out  ----a--b--------|        c found the buffer full
 *
 * With a `key`, values of one key run one after the other, and those of several keys at a time:
 *
 *     in   -a-A-b---------|
 *          boundedMergeMap(x => of(x).pipe(delay(5)), { concurrency: 2, key: lowerCase })
 *     out  ------a---bA---|        A has the key of a, and waits for it; b does not
 *
 * Keys that are free take turns, in the order in which they became so. Of a flow, at most
 * `concurrency` values, and never more than 2^20, wait for their keys, beside those that run. When
 * so many wait, nothing is asked for, whatever the key of the next one would be. From another
 * Observable, they wait in `buffer`.
 *
 *     chat.in$.pipe(
 *       boundedMergeMap(({ message }) => save(message), {
 *         concurrency: 16,
 *         key: ({ from }) => from,
 *       }),
 *     );
 *
 * The result is a flow. For a consumer with demand, a result that waits takes a place like an inner
 * Observable that is alive: none is started before there is room for it. Inner Observables of one
 * result each, as promises are, never overrun the consumer. Of those that give more, up to 1,024
 * results wait (or `concurrency`, if that is more); inner flows are asked for their results one at
 * a time. What waits is delivered before the end, be it an error or not.
 *
 * A million inner Observables that complete synchronously need no more stack than one. A value that
 * comes while another one is being started waits as well, also when there is room for it beside
 * that.
 *
 * What `project` throws is the error of the result, as in `mergeMap`. A value for which `key`
 * throws is dropped, and told. What `key` and `onDrop` throw is reported as unhandled, and the flow
 * goes on.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` buffer is full,
 *   or when too many results wait
 * @throws {TypeError} for a `project` that is no function, and options that are not what they have
 *   to be
 * @throws {RangeError} for a concurrency below 1, and a buffer that blocks, or counts bytes or a
 *   rate
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
    throw new RangeError(`boundedMergeMap: concurrency is at least 1, not ${concurrency}`);
  }
  if (buffer?.strategy === 'block') {
    const text = 'boundedMergeMap: a flow is held back without a buffer, and others cannot be';
    throw new RangeError(text);
  }
  if (buffer !== undefined) checkValueLane('boundedMergeMap', 'buffer', buffer);
  // Which is what `ObservedValueOf` means, but the compiler does not know.
  const inner = project as unknown as (value: T, index: number) => ObservableInput<R>;
  return (source) => {
    const pulled = buffer === undefined && isFlow(source) ? source : undefined;
    const lane = pulled === undefined ? (buffer ?? bufferByDefault) : askedFor(concurrency);
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
