import type { Observable } from 'rxjs';
import { type Backlog, LaneBacklog, LatestByKey } from '../lib/flow/backlog.ts';
import { buffered, type BufferOptions, prefetched } from '../lib/flow/buffered.ts';
import { type Flow, isFlow, originOf } from '../lib/flow/flow.ts';
import { hook } from '../lib/flow/hook.ts';
import { checkValueLane, laneCapacityMax, type LaneOptions } from '../lib/flow/strategy.ts';
import { aFunction, aNumber, checkOptions } from '../lib/model/check-options.ts';
import { described, mustBe } from '../lib/model/described.ts';

/** Options of `onBackpressure`. */
export interface OnBackpressureOptions<T> {
  /** Called with each value that is dropped. Without it, values are dropped silently. */
  readonly onDrop?: (value: T) => void;
  /** With `latest()`: keeps the newest value of each key, compared as keys of a `Map` are. */
  readonly key?: (value: T) => unknown;
  /** How many keys may wait, 1 to 2^20. Default 1,024. */
  readonly keysMax?: number;
}

/**
 * Turns any Observable into a flow. Values that arrive while the consumer has no demand wait in a
 * lane, whose strategy decides what happens when it is full: `dropOldest(n)`, `dropNewest(n)` and
 * `latest()` drop, and `fail(n)` is an error.
 *
 *     in        -a-b-c-d-|
 *               onBackpressure(dropOldest(2))
 *     requests  ----------1-2-----
 *     out       ----------c-(d|)--
 *     onDrop    -----a-b---        a makes room for c, b for d
 *
 * With `key`, `latest()` keeps the newest value of each key, in the order in which the keys
 * arrived:
 *
 *     in        -a1-b1-a2-----|
 *               onBackpressure(latest(), { key: (value) => value[0] })
 *     requests  ----------2----
 *     out       ----------(a2 b1)-|
 *     onDrop    -------a1----------
 *
 * `block(n)` is only for flows: enough values are requested so that at most `n` of them wait, and
 * none is dropped.
 *
 * A plain subscriber has unbounded demand, so everything passes immediately. Consuming with demand
 * subscribes to the source right away, so values emitted before the first request wait as well, and
 * so do values that arrive while another one is being delivered. The source's completion waits its
 * turn behind them. Its error does not: values that wait are then dropped and passed to `onDrop`.
 *
 * A value for which `key` throws is dropped and passed to `onDrop`. Exceptions from `key` and
 * `onDrop` are reported as unhandled, and the flow continues.
 *
 * In `pipe` the result is a flow as well, but the type of an Observable's `pipe` hides that.
 * Instead:
 *
 *     const newest$ = onBackpressure<string>(latest())(source$);
 *     for await (const text of newest$) await save(text);
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` lane is full
 * @throws {TypeError} for an invalid strategy or options, and for `key` without `latest()`; when
 *   applied, for `block` on an Observable that is not a flow
 * @throws {RangeError} if `keysMax` is not a whole number from 1 to 2^20
 */
export function onBackpressure<T>(
  strategy: LaneOptions,
  options: OnBackpressureOptions<T> = {},
): (source: Observable<T>) => Flow<T> {
  const settings = settingsFrom(strategy, options);
  return (source) => {
    if (strategy.strategy !== 'block') {
      return buffered(source, { ...settings, origin: originOf(source) });
    }
    if (!isFlow(source)) {
      const text = `onBackpressure: block() needs a flow, got ${described(source)}`;
      throw new TypeError(`${text}: use dropOldest(n), dropNewest(n), latest() or fail(n)`);
    }
    return prefetched(source, strategy.capacity, settings);
  };
}

function settingsFrom<T>(
  strategy: LaneOptions,
  options: OnBackpressureOptions<T>,
): BufferOptions<T> {
  checkValueLane('onBackpressure', 'strategy', strategy);
  checkOptions('onBackpressure', options, { onDrop: aFunction, key: aFunction, keysMax: aNumber });
  const { key, keysMax = 1024 } = options;
  const onDrop = hook(options.onDrop);
  if (key !== undefined && strategy.strategy !== 'latest') {
    const text = `strategy must be latest() with a key, got ${strategy.strategy}()`;
    throw new TypeError(`onBackpressure: ${text}`);
  }
  if (!(Number.isInteger(keysMax) && keysMax >= 1 && keysMax <= laneCapacityMax)) {
    const range = `an integer from 1 to ${laneCapacityMax}`;
    throw new RangeError(`onBackpressure: ${mustBe('keysMax', range, keysMax)}`);
  }
  const backlog = (): Backlog<T> =>
    key === undefined ? new LaneBacklog(strategy, onDrop) : new LatestByKey(key, keysMax, onDrop);
  return { operator: 'onBackpressure', onDrop, backlog };
}
