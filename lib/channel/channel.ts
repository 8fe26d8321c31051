/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable, Observer } from 'rxjs';
import type { Codec } from '../codec/codec.ts';
import type { AbortSignalLike } from '../flow/abort.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowIterator } from '../flow/iterate.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { InboundEnvelope, OutboundEnvelope } from '../model/envelope.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import type { AbsentPolicy } from './absent-policy.ts';

/**
 * What a broadcast sent with `send` or `pipeTo` does about a recipient whose `block` lane is full.
 *
 * - `wait`: it waits for that lane, however long that takes
 * - `{ dropAfterMs }`: it waits; if nothing has been written from the lane for that long, the peer
 *   misses this message and all further ones until its lane moves again. Each one is an event and
 *   counts as dropped in its `SendReport`
 * - `drop`: the same after 1,000 ms, which is longer than a round trip
 * - `{ evictAfterMs }`: it waits; if the lane has not moved for that long, the peer is reported
 *   (`RXMESH_SLOW_PEER`, `disconnect`). A router then evicts it; a node built by hand does so with
 *   `evict`
 *
 * Times are whole milliseconds, from 1.
 */
export type SlowPeerPolicy =
  'wait' | 'drop' | { readonly dropAfterMs: number } | { readonly evictAfterMs: number };

/** Options of `openChannel`. */
export interface ChannelOptions<T> {
  /**
   * A whole number from 0 to 65,535, the same on every node. None is reserved, but peer exchange
   * takes 0 unless its options name another.
   */
  readonly id: number;
  /** Turns messages into bytes and back: `protobuf(Type)`, `oneof(...)`, `json()`, `raw()`. */
  readonly codec: Codec<T>;
  /**
   * Where messages from a peer wait for this node's consumers; one lane per peer. Default
   * `block(65_536, { bytes: 32 MiB, initial: 64 })`: a peer starts with credit for 64 messages and
   * 4 MiB, and gets more if a long round trip requires it.
   */
  readonly inbound?: LaneOptions;
  /**
   * Where messages to a peer wait; one lane per peer. Default `block(256)`, which holds up to 4
   * MiB.
   */
  readonly outbound?: LaneOptions;
  /**
   * The channel's weight among a peer's channels when more is waiting than the connection can send.
   * The discipline `fair` shares bytes in proportion to it; `priority` sends the highest first. An
   * integer from 1 to 255; default 1.
   */
  readonly priority?: number;
  /** What a broadcast does about a peer that cannot keep up. Default `wait`. */
  readonly slowPeer?: SlowPeerPolicy;
  /**
   * The longest encoded message, in bytes, in both directions. Default 4 MiB. Peers learn this
   * limit and refuse to send longer messages.
   */
  readonly messageBytesMax?: number;
}

/** The outcome of one `send`. */
export interface SendReport {
  /** How many recipients' lanes accepted the message. */
  readonly accepted: number;
  /**
   * For how many recipients it was dropped; `router.events$` says why. It is 1 for a broadcast
   * without any recipient.
   */
  readonly dropped: number;
}

/**
 * What `Channel.send` returns: an Observable that sends when it is subscribed. It is not a promise,
 * and `then` makes `await channel.send(...)` an error, to the compiler and at run time: that would
 * send nothing. Use `sendOnce` there.
 */
export interface Sending extends Observable<SendReport> {
  /** Not for use: no function has this type. */
  then(onSent: never, onFailed: never): void;
}

/** Options of `Channel.send`. */
export interface SendOptions {
  /** What to do if the recipient is absent. Default `'drop'`. */
  readonly absent?: AbsentPolicy;
}

/** Options of `Channel.sendOnce`. */
export interface SendOnceOptions extends SendOptions {
  /** Aborting it withdraws the message from the lanes that have not accepted it yet. */
  readonly signal?: AbortSignalLike;
}

/** A message that was not sent. */
export interface Undelivered<T> {
  readonly to: NodeId;
  readonly message: T;
  readonly reason: DropReason;
}

/** A typed, bidirectional stream of envelopes, shared with every peer that has the channel open. */
export interface Channel<T> {
  readonly id: number;

  /**
   * Messages from all peers. Without subscribers they wait in each peer's lane. Several subscribers
   * each get every message, at the pace of the slowest one that consumes with demand. A peer can
   * never make it error; it completes when the channel closes.
   *
   * A message counts as consumed once it has been emitted, and its sender may then send another. If
   * handling a message takes time, consume with demand (`boundedMergeMap`, `pipeTo`, `for await`).
   */
  readonly in$: Flow<InboundEnvelope<T>>;

  /** `in$`, one message at a time: the loop asks for the next one when it is ready. */
  [Symbol.asyncIterator](): FlowIterator<InboundEnvelope<T>>;

  /**
   * Sends without waiting. A lane that has no room drops messages by its strategy, and
   * `router.events$` reports them; a full `block` lane drops the new message. `complete` and
   * `error` of a stream that feeds it leave the channel open; the error becomes an event.
   *
   *     source$.pipe(broadcast()).subscribe(channel.out)
   */
  readonly out: Observer<OutboundEnvelope<T>>;

  /**
   * Returns an Observable that sends when subscribed; the call by itself sends nothing. To send
   * immediately, use `sendOnce`.
   *
   * The Observable emits one report and completes once every recipient's lane has accepted the
   * message or dropped it. With `block` lanes that is lossless:
   *
   *     source$.pipe(concatMap((message) => channel.send({ to, message })))
   *
   * For many messages, `source$.pipe(sendTo(to), pipeTo(channel))` is cheaper. In an `async`
   * function use `sendOnce`: `await channel.send(...)` does not compile, and rejects.
   *
   * A recipient that is not connected, or disconnects, counts as a drop, not as an error. For a
   * broadcast, so does a lane that 1,024 sends are already waiting for. Unsubscribing early
   * withdraws the message from the lanes that have not accepted it yet.
   *
   * @throws {RxmeshError} as error notifications: `RXMESH_ENCODE_FAILED`,
   *   `RXMESH_MESSAGE_TOO_LARGE`, `RXMESH_CHANNEL_CLOSED`, `RXMESH_UNDELIVERABLE` (the envelope has
   *   no recipient), `RXMESH_NODE_ID_INVALID` (`to` is not a node ID), `RXMESH_OVERFLOW` (a `fail`
   *   lane is full, or 1,024 sends are already waiting for the lane to `to`)
   * @throws {TypeError} synchronously, if the envelope is missing or an option is wrong
   */
  send(envelope: OutboundEnvelope<T>, options?: SendOptions): Sending;

  /**
   * Sends immediately, and resolves with the report: `send` for `async` functions.
   *
   *     const { dropped } = await channel.sendOnce({ to, message: 'hello' });
   *
   * Rejects with the errors of `send`, or with the signal's reason if it is aborted before the
   * lanes have accepted the message.
   */
  sendOnce(envelope: OutboundEnvelope<T>, options?: SendOnceOptions): Promise<SendReport>;

  /**
   * Messages that a lane had accepted, or its strategy dropped, and that will not be sent: the peer
   * disconnected or closed the channel, this node closed it, or the lane was full. They are decoded
   * only while there is a subscriber. To lose nothing that was not yet written when a peer leaves:
   *
   *     channel.undelivered$
   *       .pipe(
   *         filter(({ reason }) => reason === 'peer-down' || reason === 'channel-not-open'),
   *         mergeMap(({ to, message }) => channel.send({ to, message }, { absent: 'wait' })),
   *       )
   *       .subscribe();
   *
   * Do not send messages with other reasons again here, or it never ends: a full lane drops another
   * message for this one, and a message that is too large stays too large.
   *
   * Messages that were written just before a connection broke may or may not have arrived; there is
   * no way to know. Completes when the channel closes.
   */
  readonly undelivered$: Observable<Undelivered<T>>;

  /**
   * Takes reports about peers: good ones raise a peer's score, bad ones lower it, and severe ones
   * end its connection.
   */
  readonly reports: Observer<PeerReport>;

  /**
   * Closes the channel here. Messages that can be written immediately still are; all others are
   * dropped and reported. `in$` completes, waiting sends fail, and the ID can be opened again. A
   * channel that is opened again may still receive what peers sent before they knew of it. Closing
   * it twice is fine.
   */
  close(): void;

  /** `close`, for `using channel = router.openChannel(...)`. */
  [Symbol.dispose](): void;

  /** Emits once and completes when the channel closes; immediately if it is already closed. */
  readonly closed$: Observable<void>;
}
