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
   * How far each consumer may fall behind the fastest, and what happens then: `block(n)`,
   * `dropOldest(n)`, `dropNewest(n)`, `latest()` or `fail(n)`. Without a number of bytes: values
   * have no size. Default: the slowest sets the pace.
   */
  readonly buffer?: LaneOptions;
  /** Sees each value that a consumer misses, once for each consumer. */
  readonly onDrop?: (value: T) => void;
}

/**
 * One subscription to a flow for several consumers, each of which gets every value from when it
 * came. The slowest sets the pace: a value is asked for when all of them want one.
 *
 *     a requests  2-----1--------
 *     b requests  --1------1-----
 *     flow        --a------b-----
 *                 shareFlow()
 *     a           --a------b-----
 *     b           --a------b-----
 *
 * With a `buffer` each consumer has a lane of its own. A value is asked for when one consumer wants
 * it, and waits in the lanes of those that do not:
 *
 * - `block(n)`: a consumer may fall `n` values behind; then it holds the others back
 * - `dropOldest(n)`, `dropNewest(n)`, `latest()`: each goes at its own pace, and misses what its
 *   lane drops
 * - `fail(n)`: a consumer that falls further behind gets `RXMESH_OVERFLOW`; the others go on
 *
 *     a requests  3----------
 *     b requests  ---------2-
 *     flow        (abc)------
 *                 shareFlow({ buffer: dropOldest(2) })
 *     a           (abc)------
 *     b           ---------(bc)
 *     onDrop      a----------      b's lane had no place for it
 *
 * Nothing is asked for while no consumer wants a value, so that one alone misses nothing, whatever
 * the buffer. A subscriber as usual wants everything: behind a source that has it all at once, as
 * an iterable does, subscribe when the other consumers are there.
 *
 *     const texts$ = chat.in$.pipe(
 *       map(({ message }) => message),
 *       shareFlow({ buffer: block(64) }),
 *     );
 *     texts$.pipe(boundedMergeMap((text) => save(text))).subscribe();
 *     texts$.pipe(onBackpressure(latest())).subscribe(show);
 *
 * The source is consumed from the first consumer on, until the last has left, and anew for the next
 * one. It is consumed anew, too, for one that comes after its end. The end, be it an error or not,
 * comes behind what waits. What `onDrop` throws is reported as unhandled, and the flow goes on.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` lane is full:
 *   what waits in it is dropped then, and told
 * @throws {TypeError} for options that are not what they have to be; when it is applied, for an
 *   Observable that is no flow
 * @throws {RangeError} for a buffer that counts bytes or a rate
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

/** The source, from the first consumer until it ends or the last consumer has left. */
class SharedRun<T> implements FlowConsumer<T> {
  readonly #settings: SharedSettings<T>;
  readonly #onOver: () => void;
  readonly #hub = new Hub<T>(() => this.#resume());
  /** Undefined before the first consumer, and when it is over. */
  #upstream: Demand | undefined;
  #isConsumed = false;
  /** A value was asked for, and has not come. */
  #isAsked = false;
  /** The value that has come: it waits for a consumer that came meanwhile and wants none yet. */
  #arrived: { readonly value: T } | undefined;
  #isResuming = false;
  #end: (() => void) | undefined;

  /** @param onOver whoever comes from now on needs another run */
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

  /** A lane has places for values that its consumer has not requested. */
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

  /**
   * A loop that is not entered twice: whoever gets a value may request the next, leave, or join.
   */
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
   * Asks for one value: more than one would have to wait for who joins meanwhile. False: not now.
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
  return new RxmeshError('RXMESH_OVERFLOW', `shareFlow: ${waiting} values wait already`);
}
