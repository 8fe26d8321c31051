import type { Observable } from 'rxjs';
import { dropAll, LaneBacklog } from '../lib/flow/backlog.ts';
import type { Demand, FlowConsumer, FlowSink } from '../lib/flow/demand.ts';
import { Flow, isFlow } from '../lib/flow/flow.ts';
import { hook } from '../lib/flow/hook.ts';
import { Hub } from '../lib/flow/hub.ts';
import { aLane, checkValueLane, type LaneOptions } from '../lib/flow/strategy.ts';
import { aFunction, checkOptions } from '../lib/model/check-options.ts';
import { described } from '../lib/model/described.ts';
import { RxmeshError } from '../lib/model/error.ts';

/** Options of `shareFlow`. */
export interface ShareFlowOptions<T> {
  /**
   * How far a consumer may fall behind the fastest one, and what happens then: `block(n)`,
   * `dropOldest(n)`, `dropNewest(n)`, `latest()` or `fail(n)`, without a number of bytes, since
   * values have no size. Default: no buffer, the slowest consumer sets the pace.
   */
  readonly buffer?: LaneOptions;
  /**
   * Called with each value that a consumer misses, once per consumer. Without it, values are missed
   * silently.
   */
  readonly onDrop?: (value: T) => void;
}

/**
 * Shares one subscription to a flow among several consumers. Each gets every value from the time it
 * joined. The slowest sets the pace: a value is requested once all of them want one.
 *
 *     a requests  2-----1--------
 *     b requests  --1------1-----
 *     flow        --a------b-----
 *                 shareFlow()
 *     a           --a------b-----
 *     b           --a------b-----
 *
 * With a `buffer`, each consumer has its own lane. A value is requested as soon as one consumer
 * wants it, and waits in the lanes of the others:
 *
 * - `block(n)`: a consumer may fall `n` values behind, and then holds the others back
 * - `dropOldest(n)`, `dropNewest(n)`, `latest()`: consumers run at their own pace, and miss what
 *   their lanes drop
 * - `fail(n)`: a consumer that falls further behind gets `RXMESH_OVERFLOW`; the others continue
 *
 *     a requests  3----------
 *     b requests  ---------2-
 *     flow        (abc)------
 *                 shareFlow({ buffer: dropOldest(2) })
 *     a           (abc)------
 *     b           ---------(bc)
 *     onDrop      a----------      b's lane had no room for it
 *
 * Nothing is requested while no consumer wants a value, so a single consumer misses nothing,
 * whatever the buffer. A plain subscriber wants everything: if the source is an iterable or
 * otherwise has all its values ready, subscribe it after the other consumers.
 *
 *     const texts$ = chat.in$.pipe(
 *       map(({ message }) => message),
 *       shareFlow({ buffer: block(64) }),
 *     );
 *     texts$.pipe(boundedMergeMap((text) => save(text))).subscribe();
 *     texts$.pipe(onBackpressure(latest())).subscribe(show);
 *
 * The source is consumed from the first consumer until the last one has left, and again for the
 * next one, also after the source has ended. Its completion or error is delivered after the waiting
 * values. An exception from `onDrop` is reported as unhandled, and the flow continues.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` lane is full:
 *   what waits in it is then dropped and passed to `onDrop`
 * @throws {TypeError} for invalid options; when applied, for an Observable that is not a flow
 * @throws {RangeError} for a buffer that has bounds in bytes or a rate
 */
export function shareFlow<T>(
  options: ShareFlowOptions<T> = {},
): (source: Observable<T>) => Flow<T> {
  checkOptions('shareFlow', options, { buffer: aLane, onDrop: aFunction });
  const { buffer } = options;
  const onDrop = hook(options.onDrop);
  if (buffer !== undefined) checkValueLane('shareFlow', 'buffer', buffer);
  return (source) => {
    if (!isFlow(source)) {
      const text = `shareFlow: source must be a flow, got ${described(source)}`;
      throw new TypeError(`${text}; onBackpressure or flowFrom makes one of it`);
    }
    let run: SharedRun<T> | undefined;
    const begin = (): SharedRun<T> => {
      const begun: SharedRun<T> = new SharedRun({ source, buffer, onDrop }, () => {
        if (run === begun) run = undefined;
      });
      return begun;
    };
    return new Flow<T>((sink) => (run ??= begin()).join(sink), undefined, source.origin);
  };
}

interface SharedSettings<T> {
  readonly source: Flow<T>;
  readonly buffer: LaneOptions | undefined;
  readonly onDrop: (value: T) => void;
}

/**
 * One run of the source, from the first consumer until the source ends or the last consumer leaves.
 */
class SharedRun<T> implements FlowConsumer<T> {
  readonly #settings: SharedSettings<T>;
  readonly #onOver: () => void;
  readonly #hub = new Hub<T>(() => this.#resume());
  /** Undefined before the first consumer, and after the run. */
  #upstream: Demand | undefined;
  #isConsumed = false;
  /** Whether a value was requested and has not arrived yet. */
  #isAsked = false;
  /**
   * A value that has arrived, but waits for a consumer that joined meanwhile and has no demand yet.
   */
  #arrived: { readonly value: T } | undefined;
  #isResuming = false;
  #end: (() => void) | undefined;

  /** @param onOver called when this run accepts no further consumers */
  constructor(settings: SharedSettings<T>, onOver: () => void) {
    this.#settings = settings;
    this.#onOver = onOver;
  }

  join(sink: FlowSink<T>): Demand {
    const places = this.#connect(sink);
    this.#consume();
    this.#resume();
    return {
      request: (count) => {
        places.request(count);
        this.#resume();
      },
      unsubscribe: () => {
        places.unsubscribe();
        if (this.#hub.isEmpty) this.#leave();
      },
    };
  }

  next(value: T): void {
    this.#isAsked = false;
    this.#arrived = { value };
    this.#resume();
  }

  error(error: unknown): void {
    this.#endWith(() => this.#hub.error(error));
  }

  complete(): void {
    this.#endWith(() => this.#hub.complete());
  }

  /** A lane has room for values that its consumer has not requested. */
  #connect(sink: FlowSink<T>): Demand {
    const { buffer, onDrop } = this.#settings;
    if (buffer === undefined) return this.#hub.connect(sink);
    const lane = new LaneBacklog(buffer, onDrop);
    sink.keep(lane, {
      onOverflow: (value) => {
        const error = overflow(lane.size);
        dropAll(lane, onDrop, value);
        sink.fail(error);
      },
    });
    const places = this.#hub.connect(sink);
    places.request(buffer.strategy === 'block' ? buffer.capacity : Infinity);
    return places;
  }

  #consume(): void {
    if (this.#isConsumed) return;
    this.#isConsumed = true;
    const upstream = this.#settings.source.consume(this);
    if (this.#end === undefined) this.#upstream = upstream;
  }

  /** Guarded against re-entry: a consumer that gets a value may request another, leave, or join. */
  #resume(): void {
    if (this.#isResuming) return;
    this.#isResuming = true;
    while (this.#hub.ready) {
      const arrived = this.#arrived;
      if (arrived !== undefined) {
        this.#arrived = undefined;
        this.#hub.next(arrived.value);
      } else if (!this.#ask()) break;
    }
    this.#isResuming = false;
    if (this.#arrived === undefined) this.#end?.();
  }

  /**
   * Requests a single value, since a second one would have to wait for consumers that join
   * meanwhile. Returns false if there is nothing to request now.
   */
  #ask(): boolean {
    if (this.#isAsked || this.#upstream === undefined || !this.#hub.isWanted) return false;
    this.#isAsked = true;
    this.#upstream.request(1);
    return true;
  }

  #endWith(end: () => void): void {
    this.#upstream = undefined;
    this.#end = end;
    this.#onOver();
    this.#resume();
  }

  #leave(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    this.#arrived = undefined;
    this.#onOver();
    upstream?.unsubscribe();
  }
}

function overflow(waiting: number): RxmeshError {
  const text = `shareFlow: the buffer of ${waiting} values is full`;
  const advice = 'make it larger, drop with dropOldest(n), or consume faster';
  return new RxmeshError('RXMESH_OVERFLOW', `${text}: ${advice}`);
}
