import { AsyncSubject, type Observable, type Observer } from 'rxjs';
import { aSignal, promised } from '../flow/abort.ts';
import type { Clock } from '../flow/clock.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowIterator } from '../flow/iterate.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import { checkEnvelope, type InboundEnvelope, type OutboundEnvelope } from '../model/envelope.ts';
import { checkOptions } from '../model/check-options.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { checkPeerReport, type PeerReport } from '../model/peer-report.ts';
import type { ChannelEnd, Credit, Grant, Inbox } from '../session/channel-end.ts';
import type { AbsenceSnapshot, CloseReason } from './absences.ts';
import { anAbsentPolicy, awaitMsOf } from './absent-policy.ts';
import type { Sending, SendOnceOptions, SendOptions, SendReport, Undelivered } from './channel.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { Inbound } from './inbound.ts';
import type { PeerInbox } from './inbox.ts';
import { Outbound } from './outbound.ts';
import type { Sender, SendingChannel, Settled } from './sending-channel.ts';

/**
 * A channel that is open on this node: its receiving and sending sides, opened and closed together.
 */
export class LocalChannel<T> implements SendingChannel<T>, ChannelEnd {
  readonly id: number;
  readonly outbound: LaneOptions;
  readonly priority: number;
  readonly messageBytesMax: number;
  readonly in$: Flow<InboundEnvelope<T>>;
  readonly out: Observer<OutboundEnvelope<T>>;
  readonly reports: Observer<PeerReport>;
  readonly closed$: Observable<void>;
  readonly undelivered$: Observable<Undelivered<T>>;
  readonly clock: Clock;
  readonly leaving$: Observable<void>;

  readonly #host: ChannelHost;
  readonly #inbound: Inbound<T>;
  readonly #outbound: Outbound<T>;
  readonly #closed = new AsyncSubject<void>();
  #isClosed = false;

  constructor(settings: ChannelSettings<T>, host: ChannelHost) {
    this.id = settings.id;
    this.outbound = settings.outbound;
    this.priority = settings.priority;
    this.messageBytesMax = settings.messageBytesMax;
    this.#host = host;
    this.clock = host.clock;
    this.leaving$ = host.leaving$;
    this.#inbound = new Inbound(settings, host);
    this.#outbound = new Outbound(settings, host);
    this.in$ = this.#inbound.in$;
    this.undelivered$ = this.#outbound.undelivered$;
    this.closed$ = this.#closed.asObservable();
    this.out = this.#observer((envelope) => this.#outbound.push(envelope));
    this.reports = this.#observer((report) => {
      checkPeerReport(report);
      host.reported(report);
    });
  }

  [Symbol.asyncIterator](): FlowIterator<InboundEnvelope<T>> {
    return this.in$[Symbol.asyncIterator]();
  }

  send(envelope: OutboundEnvelope<T>, options: SendOptions = {}): Sending {
    checkEnvelope('send', envelope);
    checkOptions('send', options, { absent: anAbsentPolicy });
    return this.#outbound.send(envelope, awaitMsOf(options.absent ?? 'drop'));
  }

  async sendOnce(
    envelope: OutboundEnvelope<T>,
    options: SendOnceOptions = {},
  ): Promise<SendReport> {
    checkEnvelope('sendOnce', envelope);
    checkOptions('sendOnce', options, { absent: anAbsentPolicy, signal: aSignal });
    const awaitMs = awaitMsOf(options.absent ?? 'drop');
    return promised(this.#outbound.send(envelope, awaitMs), options.signal);
  }

  sender(settled: Settled, awaitMs: number, dropsTooLarge = false): Sender<T> {
    return this.#outbound.sender(settled, awaitMs, dropsTooLarge);
  }

  lost(count: number, reason: 'lane-full' | 'node-stopped'): void {
    this.#host.dropped({ direction: 'outbound', channel: this.id, reason, count });
  }

  failed(error: unknown): void {
    this.#host.sourceFailed(this.id, error);
  }

  close(): void {
    this.end('channel-closed');
  }

  /** Closes the channel; messages that still wait are dropped for this reason. */
  end(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outbound.close();
    this.#inbound.close();
    // First, since senders that hear of the end may open the channel again.
    this.#host.closed(this);
    this.#outbound.discard(reason);
    this.#inbound.discard(reason);
    // Before `in$` completes, so that a consumer that would resubscribe can see that the channel is
    // closed.
    this.#closed.next();
    this.#closed.complete();
    this.#inbound.complete();
    this.#outbound.complete();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get inboxes(): Iterable<PeerInbox> {
    return this.#inbound.inboxes;
  }

  get isConsumed(): boolean {
    return this.#inbound.isConsumed;
  }

  /** Whether the consumers, if there are any, have taken everything that has arrived. */
  get hasCaughtUp(): boolean {
    return !this.isConsumed || this.#inbound.isEmpty;
  }

  /** What waits for absent recipients. */
  absences(): readonly AbsenceSnapshot[] {
    return this.#outbound.absences.snapshot();
  }

  /** Stops decoding messages from the current connection of this peer. */
  mute(peer: NodeId): void {
    this.#inbound.mute(peer);
  }

  /** See `Absences.refill`. */
  refill(peer: NodeId): void {
    this.#outbound.refill(peer);
  }

  /** See `ChannelEnd`. */
  reached(peer: NodeId): void {
    this.#outbound.reached(peer);
  }

  /** See `ChannelEnd`. */
  unsent(
    peer: NodeId,
    messages: readonly Uint8Array[],
    reason: DropReason,
    keepMs: number,
  ): boolean {
    return this.#outbound.unsent(peer, messages, reason, keepMs);
  }

  /** See `ChannelEnd`. */
  displaced(message: Uint8Array): void {
    this.#outbound.displaced(message);
  }

  /** See `ChannelEnd`. */
  join(peer: NodeId, granted: Credit, grant: Grant): Inbox {
    return this.#inbound.join(peer, granted, grant);
  }

  #observer<V>(next: (value: V) => void): Observer<V> {
    return {
      next,
      error: (error) => this.#host.sourceFailed(this.id, error),
      complete: () => undefined,
    };
  }
}
