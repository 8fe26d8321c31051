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
 * What a broadcast that is sent with `send` or `pipeTo` does about a recipient whose `block`
 * lane is full.
 *
 * - `wait`: it waits for that lane, however long
 * - `{ dropAfterMs }`: it waits; when nothing was written from the lane for that long, the peer
 *   misses this message, and those that follow until its lane moves again; each is an event, and
 *   counted in the reports
 * - `drop`: the same after 1,000 ms, which is longer than a round trip
 * - `{ evictAfterMs }`: it waits; when the lane has taken nothing for that long, the peer is
 *   reported (`RXMESH_SLOW_PEER`, `disconnect`), and a router evicts it; a node by hand does so
 *   with `evict`
 *
 * Times are whole milliseconds, from 1.
 */
export type SlowPeerPolicy =
  'wait' | 'drop' | { readonly dropAfterMs: number } | { readonly evictAfterMs: number };

/** What `openChannel` takes. */
export interface ChannelOptions<T> {
  /** 0 to 65,535; the same at every node. */
  readonly id: number;
  /** Turns messages into bytes and back: `protobuf(Type)`, `oneof(...)`, `json()`, `raw()`. */
  readonly codec: Codec<T>;
  /** Where a peer's messages wait for this node's consumers, for each peer. Default
   * `block(65_536, { bytes: 32 MiB, initial: 64 })`: 64 messages and 4 MiB, and more as far as a
   * long line needs it. */
  readonly inbound?: LaneOptions;
  /** Where messages to a peer wait, for each peer. Default `block(256)`, of 4 MiB. */
  readonly outbound?: LaneOptions;
  /**
   * What the channel weighs against the other ones of a peer, when more waits to be sent than the
   * connection takes. With the discipline `fair` channels get bytes in proportion to it, with
   * `priority` the highest goes first. 1 to 255, whole; default 1.
   */
  readonly priority?: number;
  /** What a broadcast does about a peer that does not keep up. Default `wait`. */
  readonly slowPeer?: SlowPeerPolicy;
  /**
   * Encoded size of a message, at most, both ways. In bytes; default 4 MiB. Peers are told of it:
   * what they send is refused there already.
   */
  readonly messageBytesMax?: number;
}

/** What became of one `send`. */
export interface SendReport {
  /** How many recipients' lanes have taken the message. */
  readonly accepted: number;
  /** How many recipients it was dropped for; `router.events$` says why. */
  readonly dropped: number;
}

/** Options of `Channel.send`. */
export interface SendOptions {
  /** What becomes of a message whose recipient is away. Default `'drop'`. */
  readonly absent?: AbsentPolicy;
}

/** Options of `Channel.sendOnce`. */
export interface SendOnceOptions extends SendOptions {
  /** Aborting it takes the message back from the lanes that have not taken it yet. */
  readonly signal?: AbortSignalLike;
}

/** A message that did not go out. */
export interface Undelivered<T> {
  readonly to: NodeId;
  readonly message: T;
  readonly reason: DropReason;
}

/** A typed, bidirectional stream of envelopes, shared by all peers that have opened it. */
export interface Channel<T> {
  readonly id: number;

  /**
   * Messages from all peers. Without a subscriber they wait in their peer's lane; several
   * subscribers each get every message, at the pace of the slowest that consumes with demand. It
   * never errors because of a peer; it completes when the channel closes.
   *
   * A message counts as consumed, and its sender may send another, when it has been emitted:
   * consume with demand (`boundedMergeMap`, `pipeTo`, `for await`) when the work behind it takes
   * time.
   */
  readonly in$: Flow<InboundEnvelope<T>>;

  /** `in$`, one message at a time: the next one is asked for when the loop wants it. */
  [Symbol.asyncIterator](): FlowIterator<InboundEnvelope<T>>;

  /**
   * Sends without waiting: what a lane does not take is dropped, by its strategy, and told on
   * `router.events$` (so `block` on a full lane is a drop here). `complete` and `error` of a stream
   * that is subscribed to it leave the channel open; the error is an event.
   *
   *     source$.pipe(broadcast()).subscribe(channel.out)
   */
  readonly out: Observer<OutboundEnvelope<T>>;

  /**
   * Sends when subscribed: emits one report and completes when every recipient's lane has taken the
   * message or dropped it. With `block` lanes that is lossless:
   *
   *     source$.pipe(concatMap((message) => channel.send({ to, message })))
   *
   * For many messages, `source$.pipe(sendTo(to), pipeTo(channel))` costs less. An `async` function
   * uses `sendOnce`; `await channel.send(...)` rejects.
   *
   * A recipient that is not connected, or leaves, counts as a drop, not as an error. So does, for a
   * broadcast, a lane for which 1,024 sends wait already. Unsubscribing before the end takes the
   * message back from the lanes that have not taken it yet.
   *
   * @throws {RxmeshError} as error notifications: `RXMESH_ENCODE_FAILED`,
   * `RXMESH_MESSAGE_TOO_LARGE`, `RXMESH_CHANNEL_CLOSED`, `RXMESH_UNDELIVERABLE` (an envelope
   * without a recipient), `RXMESH_NODE_ID_INVALID` (`to` is no node ID), `RXMESH_OVERFLOW` (a full `fail` lane, or `to` a lane for which 1,024
   * sends wait already)
   * @throws {TypeError} at the call, without an envelope or for a wrong option
   */
  send(envelope: OutboundEnvelope<T>, options?: SendOptions): Observable<SendReport>;

  /**
   * `send` for `async` functions: sends now, and resolves with the report.
   *
   *     const { dropped } = await channel.sendOnce({ to, message: 'hello' });
   *
   * It rejects with the errors of `send`, and with the signal's reason when that is aborted before
   * the lanes have taken the message.
   */
  sendOnce(envelope: OutboundEnvelope<T>, options?: SendOnceOptions): Promise<SendReport>;

  /**
   * Messages that a lane had taken, or its strategy has dropped, and that do not go out: their peer
   * has gone, or closed the channel, or this node has; or the lane was full. They are decoded only
   * while somebody is subscribed. So nothing is lost that was not written:
   *
   *     channel.undelivered$
   *       .pipe(mergeMap(({ to, message }) => channel.send({ to, message }, { absent: 'wait' })))
   *       .subscribe();
   *
   * What was written when a connection broke may have arrived or not; nobody can know. It completes
   * when the channel closes.
   */
  readonly undelivered$: Observable<Undelivered<T>>;

  /**
   * Takes reports on what peers did: good ones raise the peer's score, others lower it, and the
   * severe ones end its connection.
   */
  readonly reports: Observer<PeerReport>;

  /**
   * Closes the channel here. What can be written at once still is; what else waits is dropped and
   * told. `in$` completes, waiting sends fail, and the id can be opened again. Doing it twice is
   * fine.
   */
  close(): void;

  /** `close`, for `using channel = router.openChannel(...)`. */
  [Symbol.dispose](): void;

  /** Emits once, and completes, when the channel is closed; at once if it is. */
  readonly closed$: Observable<void>;
}
