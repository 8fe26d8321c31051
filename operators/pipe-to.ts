import { isObservable, Observable, type Subscriber, type Subscription } from 'rxjs';
import { type AbsentPolicy, anAbsentPolicy, awaitMsOf } from '../lib/channel/absent-policy.ts';
import type { Channel, SendReport } from '../lib/channel/channel.ts';
import {
  sendingChannel,
  type Sender,
  type SendingChannel,
} from '../lib/channel/sending-channel.ts';
import { LaneBacklog } from '../lib/flow/backlog.ts';
import { buffered } from '../lib/flow/buffered.ts';
import { aClock, type Clock } from '../lib/flow/clock.ts';
import type { Demand, FlowConsumer } from '../lib/flow/demand.ts';
import { flowFrom } from '../lib/flow/flow-from.ts';
import { type Flow, isFlow } from '../lib/flow/flow.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { hook } from '../lib/flow/hook.ts';
import { aLane, checkValueLane, fail, type LaneOptions } from '../lib/flow/strategy.ts';
import { aFunction, checkOptions } from '../lib/model/check-options.ts';
import type { OutboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';

/** Messages that are pulled and taken at a stretch; then the event loop turns once. */
const messagesPerTurnMax = 4096;

/** Envelopes of an Observable that is no flow that may wait, if nothing else is said. */
const bufferedMax = 1024;

/** Options of `pipeTo`. */
export interface PipeToOptions<T> {
  /**
   * Where envelopes of an Observable that is no flow wait for the lanes, and what happens when that
   * is full: `dropOldest(n)`, `dropNewest(n)`, `latest()` or `fail(n)`. Not `block`: such a source
   * cannot be held back. Default `fail(1024)`. If it is given, a flow is treated the same way.
   * Iterables need none.
   */
  readonly buffer?: LaneOptions;
  /** Sees each envelope that a full buffer dropped. */
  readonly onDrop?: (envelope: OutboundEnvelope<T>) => void;
  /**
   * What becomes of an envelope whose recipient is away: not connected, or without the channel.
   * Default `'wait'`: nothing is pulled until it is there.
   */
  readonly absent?: AbsentPolicy;
  /** Default: the channel's, which is its router's. */
  readonly clock?: Clock;
}

/**
 * Sends what an iterable or a flow has, as fast as the recipients' lanes take it: the next message
 * is pulled when the one before is settled, as `send` settles it. At the end it emits one report,
 * which counts them all.
 *
 *     flow     -a-b-----c-|          b waits in front of a full lane
 *              pipeTo(channel)
 *     taken    -a-----b-c
 *     out      -----------(r|)       r: { accepted: 3, dropped: 0 }
 *
 * From one channel to another, so that who consumes slowly there holds up who sends here:
 *
 *     chat.in$.pipe(relay(), pipeTo(channel)).subscribe();
 *
 * `broadcast`, `sendTo`, `reply` and `relay` make the envelopes.
 *
 * An Observable that is no flow cannot be held back: its envelopes wait in `buffer`. While a
 * recipient is away, the pipe waits for it (`absent`), and what its lane had taken is kept for it;
 * that is an event, once. Unsubscribing stops pulling, and takes the message that waits back. An
 * iterator is closed (`return`) when it is left before its end. A source without end, and lanes
 * that never wait, leave other work its time.
 *
 * Errors: the source's, and those of `send`. None of them waits for what is in the buffer. What
 * `onDrop` throws is reported as unhandled, and the pipe goes on.
 *
 * When the node says goodbye, the pipe ends as if its source had: nothing more is pulled, and what
 * was pulled goes out.
 *
 * @throws {RxmeshError} as error notifications: those of `Channel.send`, and `RXMESH_OVERFLOW` when
 *   a `fail` buffer is full
 * @throws {TypeError} for what is no channel, and options that are not what they have to be
 * @throws {RangeError} for a buffer that blocks, or counts bytes or a rate
 */
export function pipeTo<T>(
  channel: Channel<T>,
  options: PipeToOptions<T> = {},
): (
  source: Observable<OutboundEnvelope<T>> | Iterable<OutboundEnvelope<T>>,
) => Observable<SendReport> {
  const sending = sendingChannel('pipeTo', channel);
  checkOptions('pipeTo', options, {
    buffer: aLane,
    onDrop: aFunction,
    absent: anAbsentPolicy,
    clock: aClock,
  });
  const { buffer, onDrop, absent = 'wait', clock } = options;
  const awaitMs = awaitMsOf(absent);
  if (buffer?.strategy === 'block') {
    throw new RangeError('pipeTo: an Observable cannot be held back, its buffer drops or fails');
  }
  if (buffer !== undefined) checkValueLane('pipeTo', 'buffer', buffer);
  const pipeClock = guardedClock(clock ?? sending.clock);
  const lane = buffer ?? fail(bufferedMax);
  const drop = hook(onDrop);
  const bufferOptions = {
    operator: 'pipeTo',
    backlog: () => new LaneBacklog(lane, drop),
    onDrop: drop,
    isLazy: true,
  };
  return (source) =>
    new Observable((subscriber) => {
      const pipe = new Pipe(sending, { clock: pipeClock, awaitMs }, subscriber);
      subscriber.add(pipe);
      if (!isObservable(source)) pipe.run(flowFrom(source), true);
      else if (buffer === undefined && isFlow(source)) pipe.run(source, true);
      else pipe.run(buffered(source, bufferOptions), false);
    });
}

/** One subscription: envelopes, one after the other, on their way to the lanes. */
class Pipe<T> implements FlowConsumer<OutboundEnvelope<T>> {
  readonly #subscriber: Subscriber<SendReport>;
  readonly #sender: Sender<T>;
  readonly #failed: (error: unknown) => void;
  readonly #clock: Clock;
  #demand: Demand | undefined;
  /** Whether nothing waits at the source while nothing is asked for. */
  #isHeldBack = false;
  #accepted = 0;
  #dropped = 0;
  #waiting = false;
  #ended = false;
  /** Messages since one has waited. */
  #atAStretch = 0;
  #pause: Subscription | undefined;
  readonly #leaving: Subscription;
  #isStopped = false;

  constructor(
    channel: SendingChannel<T>,
    { clock, awaitMs }: { readonly clock: Clock; readonly awaitMs: number },
    subscriber: Subscriber<SendReport>,
  ) {
    this.#clock = clock;
    this.#subscriber = subscriber;
    this.#failed = (error) => channel.failed(error);
    this.#leaving = channel.leaving$.subscribe(() => this.#stop());
    this.#sender = channel.sender((_, error) => this.#settled(error), awaitMs);
  }

  run(source: Flow<OutboundEnvelope<T>>, isHeldBack: boolean): void {
    if (this.#isStopped) {
      this.#finish();
      return;
    }
    this.#isHeldBack = isHeldBack;
    this.#demand = source.consume(this);
    if (this.#subscriber.closed) this.#demand.unsubscribe();
    else this.#demand.request(1);
  }

  unsubscribe(): void {
    this.#leaving.unsubscribe();
    this.#pause?.unsubscribe();
    this.#demand?.unsubscribe();
    this.#sender.unsubscribe();
  }

  next(envelope: OutboundEnvelope<T>): void {
    try {
      this.#waiting = !this.#sender.send(envelope);
    } catch (error) {
      this.error(error);
      return;
    }
    if (this.#waiting) {
      this.#atAStretch = 0;
      return;
    }
    this.#count();
    this.#atAStretch += 1;
    if (this.#atAStretch < messagesPerTurnMax || !this.#isHeldBack) {
      this.#askForOne();
      return;
    }
    this.#atAStretch = 0;
    this.#pause = this.#clock.schedule(this.#askForOne, 0);
  }

  error(error: unknown): void {
    // Whoever has subscribed may not look.
    this.#failed(error);
    this.#subscriber.error(error);
  }

  complete(): void {
    this.#ended = true;
    if (!this.#waiting) this.#finish();
  }

  readonly #askForOne = (): void => this.#demand?.request(1);

  #settled(error: RxmeshError | undefined): void {
    this.#waiting = false;
    if (error !== undefined && !this.#isStopped) {
      this.error(error);
      return;
    }
    this.#count();
    if (this.#ended || this.#isStopped) this.#finish();
    else this.#askForOne();
  }

  /** The node says goodbye: nothing more is pulled. What waits for room still may find it. */
  #stop(): void {
    this.#isStopped = true;
    this.#pause?.unsubscribe();
    this.#demand?.unsubscribe();
    if (this.#demand !== undefined && !this.#waiting) this.#finish();
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
