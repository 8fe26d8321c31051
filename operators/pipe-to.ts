import { isObservable, Observable, type Subscriber, type Subscription, takeUntil } from 'rxjs';
import { type AbsentPolicy, anAbsentPolicy, awaitMsOf } from '../lib/channel/absent-policy.ts';
import type { Channel, SendReport } from '../lib/channel/channel.ts';
import {
  sendingChannel,
  type Sender,
  type SendingChannel,
} from '../lib/channel/sending-channel.ts';
import { PipeBuffer } from '../lib/channel/pipe-buffer.ts';
import { buffered } from '../lib/flow/buffered.ts';
import { aClock, type Clock } from '../lib/flow/clock.ts';
import type { Demand, FlowConsumer } from '../lib/flow/demand.ts';
import { flowFrom } from '../lib/flow/flow-from.ts';
import { type Flow, isFlow } from '../lib/flow/flow.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { hook } from '../lib/flow/hook.ts';
import { aLane, checkLossyLane, fail, type LaneOptions } from '../lib/flow/strategy.ts';
import { aFunction, checkOptions, oneOf } from '../lib/model/check-options.ts';
import type { OutboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';

/** How many messages are pulled in a row before yielding to the event loop. */
const messagesPerTurnMax = 4096;

/** How many envelopes of a plain Observable may wait by default. */
const bufferedMax = 1024;

/** Options of `pipeTo`. */
export interface PipeToOptions<T> {
  /**
   * Where envelopes of a plain Observable wait for the lanes, and what happens when it is full:
   * `dropOldest(n)`, `dropNewest(n)`, `latest()` or `fail(n)`. Not `block`, since such a source
   * cannot be held back. Default `fail(1024)`. If given, it is used for a flow as well. Iterables
   * do not need it.
   */
  readonly buffer?: LaneOptions;
  /** Called with each envelope that a full buffer drops. */
  readonly onDrop?: (envelope: OutboundEnvelope<T>) => void;
  /**
   * What to do with an envelope whose recipient is not connected, or does not have the channel
   * open. Default `'wait'`: nothing is pulled until the recipient is there.
   */
  readonly absent?: AbsentPolicy;
  /**
   * What to do with an envelope that is too long for its recipient alone, which may accept less
   * than this node. Default `'drop'`, with an event: no peer ends a pipe to others. `'fail'`: the
   * pipe fails with `RXMESH_MESSAGE_TOO_LARGE`.
   */
  readonly tooLarge?: 'drop' | 'fail';
  /** Default: the clock of the channel, which is that of its router. */
  readonly clock?: Clock;
}

/**
 * Sends the envelopes of an iterable or a flow as fast as the recipients' lanes accept them: the
 * next one is pulled when the previous one is settled, as in `send`. At the end, emits a single
 * report that counts all of them.
 *
 *     flow     -a-b-----c-|          b waits for a full lane
 *              pipeTo(channel)
 *     taken    -a-----b-c
 *     out      -----------(r|)       r: { accepted: 3, dropped: 0 }
 *
 * From one channel to another, so that a slow consumer there holds up the senders here:
 *
 *     chat.in$.pipe(relay(), pipeTo(channel)).subscribe();
 *
 * Create the envelopes with `broadcast`, `sendTo`, `reply` or `relay`.
 *
 * A plain Observable cannot be held back: its envelopes wait in `buffer`. While a recipient is
 * away, the pipe waits for it (`absent`), and what its lane had accepted is kept; an event reports
 * this once. Unsubscribing stops pulling and withdraws the message that waits. An iterator that is
 * left early is closed (`return`). Even with an endless source and lanes that never wait, the pipe
 * yields to other work.
 *
 * The result fails with the errors of the source and of `send`, without waiting for the buffer. An
 * exception from `onDrop` is reported as unhandled, and the pipe continues. A peer that is away, or
 * accepts only shorter messages, does not fail it: see `absent` and `tooLarge`.
 *
 * What the buffer drops counts in the report, and is an event: `message-dropped` without a peer.
 *
 * When the node says goodbye, the pipe ends as if its source had: it stops pulling, and sends what
 * was already pulled. What is still in the buffer when the node stops is dropped.
 *
 * @throws {RxmeshError} as error notifications: those of `Channel.send`, and `RXMESH_OVERFLOW` when
 *   a `fail` buffer is full
 * @throws {TypeError} if `channel` is not a channel, or for invalid options
 * @throws {RangeError} for a buffer that blocks or has bounds in bytes or a rate
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
    tooLarge: oneOf('drop', 'fail'),
    clock: aClock,
  });
  const { buffer, onDrop, absent = 'wait', tooLarge = 'drop', clock } = options;
  const policy = { awaitMs: awaitMsOf(absent), dropsTooLarge: tooLarge === 'drop' };
  if (buffer !== undefined) checkLossyLane('pipeTo', 'buffer', buffer);
  const pipeClock = guardedClock(clock ?? sending.clock);
  const lane = buffer ?? fail(bufferedMax);
  const drop = hook(onDrop);
  return (source) =>
    new Observable((subscriber) => {
      const pipe = new Pipe(sending, { ...policy, clock: pipeClock }, subscriber);
      subscriber.add(pipe);
      if (!isObservable(source)) pipe.run(flowFrom(source));
      else if (buffer === undefined && isFlow(source)) pipe.run(source);
      else {
        const { backlog } = (pipe.buffer = new PipeBuffer(lane, sending, drop));
        const options = { operator: 'pipeTo', backlog: () => backlog, onDrop: drop, isLazy: true };
        pipe.run(buffered(source.pipe(takeUntil(sending.leaving$)), options));
      }
    });
}

interface PipeSettings {
  readonly clock: Clock;
  readonly awaitMs: number;
  readonly dropsTooLarge: boolean;
}

/** One subscription: sends envelopes one after another to the lanes. */
class Pipe<T> implements FlowConsumer<OutboundEnvelope<T>> {
  /** What waits of a source that cannot be held back. */
  buffer: PipeBuffer<OutboundEnvelope<T>> | undefined;
  readonly #subscriber: Subscriber<SendReport>;
  readonly #sender: Sender<T>;
  readonly #failed: (error: unknown) => void;
  readonly #clock: Clock;
  #demand: Demand | undefined;
  #waiting = false;
  #ended = false;
  /** How many messages have passed since one had to wait. */
  #atAStretch = 0;
  #pause: Subscription | undefined;
  readonly #leaving: Subscription;
  #isStopped = false;

  constructor(
    channel: SendingChannel<T>,
    { clock, awaitMs, dropsTooLarge }: PipeSettings,
    subscriber: Subscriber<SendReport>,
  ) {
    this.#clock = clock;
    this.#subscriber = subscriber;
    this.#failed = (error) => channel.failed(error);
    this.#leaving = channel.leaving$.subscribe(() => this.#stop());
    this.#sender = channel.sender((_, error) => this.#settled(error), awaitMs, dropsTooLarge);
  }

  run(source: Flow<OutboundEnvelope<T>>): void {
    if (this.#isStopped) {
      this.#finish();
      return;
    }
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
    this.#atAStretch += 1;
    if (this.#atAStretch < messagesPerTurnMax || this.buffer !== undefined) this.#askForOne();
    else this.#yield();
  }

  error(error: unknown): void {
    // Report it here as well, since the subscriber may ignore errors.
    this.#failed(error);
    this.buffer?.empty();
    this.#subscriber.error(error);
  }

  complete(): void {
    this.#ended = true;
    if (!this.#waiting) this.#finish();
  }

  #askForOne(): void {
    this.#demand?.request(1);
  }

  #yield(): void {
    this.#atAStretch = 0;
    this.#pause = this.#clock.schedule(() => this.#askForOne(), 0);
  }

  #settled(error: RxmeshError | undefined): void {
    this.#waiting = false;
    if (error !== undefined && !this.#isStopped) {
      this.error(error);
      return;
    }
    const isBuffered = error === undefined && this.buffer !== undefined;
    if (this.#ended || (this.#isStopped && !isBuffered)) this.#finish();
    else this.#askForOne();
  }

  /**
   * The node is saying goodbye: stops pulling. A message that waits for room may still get it, and
   * so may what is in the buffer, whose source has ended.
   */
  #stop(): void {
    this.#isStopped = true;
    if (this.buffer !== undefined && this.#demand !== undefined) return;
    this.#pause?.unsubscribe();
    this.#demand?.unsubscribe();
    if (this.#demand !== undefined && !this.#waiting) this.#finish();
  }

  #finish(): void {
    this.buffer?.empty('node-stopped');
    const { accepted, dropped } = this.#sender;
    this.#subscriber.next({ accepted, dropped: dropped + (this.buffer?.dropped ?? 0) });
    this.#subscriber.complete();
  }
}
