import { isObservable, Observable, type Subscriber, type Subscription } from 'rxjs';
import type { Channel, Sender, SendReport } from '../lib/channel/channel.ts';
import { systemClock, type Clock } from '../lib/flow/clock.ts';
import { Flow } from '../lib/flow/flow.ts';
import { checkValueLane, fail, type LaneOptions } from '../lib/flow/strategy.ts';
import {
  BufferedSupply,
  FlowSupply,
  IterableSupply,
  type Supply,
  type Taker,
} from '../lib/flow/supply.ts';
import type { OutboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';

/** Messages that are pulled and taken at a stretch; then the event loop turns once. */
const messagesPerTurnMax = 4096;

/** Envelopes of an Observable that is no flow that may wait, if nothing else is said. */
const bufferedMax = 1024;

/** Options of `pipeTo`. */
export interface PipeToOptions<T> {
  /**
   * Where envelopes of an Observable that is no flow wait for the lanes, and what happens when that is
   * full: `dropOldest(n)`, `dropNewest(n)`, `latest()` or `fail(n)`. Not `block`: such a source cannot be
   * held back. Default `fail(1024)`. If it is given, a flow is treated the same way. Iterables need none.
   */
  readonly buffer?: LaneOptions;
  /** Sees each envelope that a full buffer dropped. */
  readonly onDrop?: (envelope: OutboundEnvelope<T>) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * Sends what an iterable or a flow has, as fast as the recipients' lanes take it: the next message is
 * pulled when the one before is settled, as `send` settles it. At the end it emits one report, which counts
 * them all.
 *
 *     flow     -a-b-----c-|          b waits in front of a full lane
 *              pipeTo(channel)
 *     taken    -a-----b-c
 *     out      -----------(r|)       r: { accepted: 3, dropped: 0 }
 *
 * From one channel to another, so that who consumes slowly there holds up who sends here:
 *
 *     chat.in$
 *       .pipe(
 *         map(({ from, message }) => ({ broadcast: true as const, except: from, message })),
 *         pipeTo(channel),
 *       )
 *       .subscribe();
 *
 * An Observable that is no flow cannot be held back: its envelopes wait in `buffer`. A recipient that is
 * not there is a drop in the report. Unsubscribing stops pulling, and takes the message that waits back. An
 * iterator is closed (`return`) when it is left before its end. A source without end, and lanes that never
 * wait, leave other work its time.
 *
 * Errors: the source's, what `onDrop` throws, and those of `send`. None of them waits for what is in the
 * buffer.
 *
 * @throws {RxmeshError} as error notifications: those of `Channel.send`, and `RXMESH_OVERFLOW` when a
 *   `fail` buffer is full
 * @throws {RangeError} for a buffer that is no lane, blocks, or counts bytes or a rate
 */
export function pipeTo<T>(
  channel: Pick<Channel<T>, 'sender'>,
  options: PipeToOptions<T> = {},
): (
  source: Observable<OutboundEnvelope<T>> | Iterable<OutboundEnvelope<T>>,
) => Observable<SendReport> {
  const { buffer, onDrop, clock = systemClock } = options;
  if (buffer?.strategy === 'block') {
    throw new RangeError('pipeTo: an Observable cannot be held back, its buffer drops or fails');
  }
  if (buffer !== undefined) checkValueLane('pipeTo', buffer);
  return (source) =>
    new Observable((subscriber) => {
      const pipe = new Pipe(channel, clock, subscriber);
      subscriber.add(pipe);
      pipe.run(supplyOf(source));

      function supplyOf(from: typeof source): Supply {
        if (!isObservable(from)) return new IterableSupply(from, pipe);
        if (buffer === undefined && from instanceof Flow) return new FlowSupply(from, pipe);
        return new BufferedSupply(from, pipe, buffer ?? fail(bufferedMax), onDrop);
      }
    });
}

/** One subscription: the envelopes of a supply, one after the other, on their way to the lanes. */
class Pipe<T> implements Taker<OutboundEnvelope<T>> {
  readonly #subscriber: Subscriber<SendReport>;
  readonly #sender: Sender<T>;
  readonly #clock: Clock;
  #supply: Supply | undefined;
  #accepted = 0;
  #dropped = 0;
  #waiting = false;
  #ended = false;
  /** Messages since one has waited. */
  #atAStretch = 0;
  #pause: Subscription | undefined;

  constructor(
    channel: Pick<Channel<T>, 'sender'>,
    clock: Clock,
    subscriber: Subscriber<SendReport>,
  ) {
    this.#clock = clock;
    this.#subscriber = subscriber;
    this.#sender = channel.sender((_, error) => this.#settled(error));
  }

  run(supply: Supply): void {
    this.#supply = supply;
    supply.pull();
    // It may have ended this while it was being subscribed to.
    if (this.#subscriber.closed) supply.close();
  }

  unsubscribe(): void {
    this.#pause?.unsubscribe();
    this.#supply?.close();
    this.#sender.unsubscribe();
  }

  next(envelope: OutboundEnvelope<T>): boolean {
    try {
      this.#waiting = !this.#sender.send(envelope);
    } catch (error) {
      this.error(error);
      return false;
    }
    if (this.#waiting) {
      this.#atAStretch = 0;
      return false;
    }
    this.#count();
    this.#atAStretch += 1;
    if (this.#atAStretch < messagesPerTurnMax || this.#supply?.isHeldBack !== true) return true;
    this.#atAStretch = 0;
    this.#pause = this.#clock.schedule(this.#goOn, 0);
    return false;
  }

  error(error: unknown): void {
    this.#subscriber.error(error);
  }

  complete(): void {
    this.#ended = true;
    if (!this.#waiting) this.#finish();
  }

  readonly #goOn = (): void => this.#supply?.pull();

  #settled(error: RxmeshError | undefined): void {
    this.#waiting = false;
    if (error !== undefined) {
      this.error(error);
      return;
    }
    this.#count();
    if (this.#ended) this.#finish();
    else this.#supply?.pull();
  }

  #count(): void {
    this.#accepted += this.#sender.accepted;
    this.#dropped += this.#sender.dropped;
  }

  #finish(): void {
    this.#subscriber.next({ accepted: this.#accepted, dropped: this.#dropped });
    this.#subscriber.complete();
  }
}
