/// <reference lib="esnext.disposable" preserve="true" />
import { firstValueFrom, map, type Observable, type Subscription } from 'rxjs';
import {
  block,
  type ChannelOptions,
  type Codec,
  isNodeId,
  type NodeId,
  RxmeshError,
  type StoreOperation,
} from '../index.ts';
import { addressHint, checkFunction, checkOptionNames, mustBe } from '../frames/option-checks.ts';
import { type Attempt, type Handled, type Incoming, problemOf } from './attempt.ts';
import { Board } from './board.ts';
import type { DeliveriesRouter, DeliveriesSnapshot } from './board-options.ts';
import { checkArguments, checkCodec, checkCount, checkStore, checkTime } from './check.ts';
import { type Delivering, DeliverWhenSubscribed } from './delivering.ts';
import { Entry } from './entry.ts';
import type { DeliveryStore } from './store.ts';

/** The defaults of the options with these names. */
const messagesMax = 1_024;
const bytesMax: number = 4 * 1024 * 1024;
const messagesInAllMax = 16_384;
const bytesInAllMax: number = 64 * 1024 * 1024;
const windowMax = 1_024;
const windowBytesMax: number = 1024 * 1024;
const handlersMax = 16;
const sendersMax = 16_384;
const attemptsMax = 8;
const firstRetryMs = 100;
const lastRetryMs = 10_000;

const optionNames = [
  ...['id', 'codec', 'store', 'maxMessages', 'maxBytes', 'maxMessagesInAll', 'maxBytesInAll'],
  ...['timeoutMs', 'window', 'windowBytes', 'concurrency', 'handlerTimeoutMs', 'maxAttempts'],
  ...['retryMinMs', 'retryMaxMs', 'maxSenders'],
  ...['inbound', 'outbound', 'priority', 'messageBytesMax'],
];

/** What `deliver` takes. `error` is of those that `undelivered$` has emitted. */
const outgoingNames = ['to', 'message', 'timeoutMs', 'operations', 'error'];

/** Frames are consumed as they arrive: what waits is bounded by the window. */
const lanes = {
  inbound: block(65_536, { bytes: 32 * 1024 * 1024 }),
  outbound: block(64),
};

/** Handles messages. An exception, rejection or error makes it run again. */
export type DeliveryHandler<T> = (incoming: Incoming<T>) => Handled;

/** A message to deliver. */
export interface Outgoing<T> {
  readonly to: NodeId;
  readonly message: T;
  /**
   * How long to try, in milliseconds. Then the delivery fails with `RXMESH_DELIVERY_TIMEOUT`, and
   * the message is not sent again. Default: the option of the service, or no limit.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Changes of the store that are made together with keeping the message: both or none of them.
   * Needs a store.
   */
  readonly operations?: readonly StoreOperation[] | undefined;
}

/** A message whose delivery has failed. */
export interface FailedDelivery<T> {
  readonly to: NodeId;
  /** `undefined` if the codec can no longer read what it has written to the store. */
  readonly message: T | undefined;
  readonly error: RxmeshError;
}

/** Options of deliveries, besides those of their channel. */
export interface DeliveriesOptions<T> extends Omit<ChannelOptions<T>, 'slowPeer'> {
  /**
   * An abstract-level database, such as `ClassicLevel`. What is to be delivered, and what has been
   * handled, then survives a crash. Its keys begin with `rxmesh-deliveries/`, so the database may
   * hold other things too. One node at a time may use it. Default: memory.
   */
  readonly store?: DeliveryStore | undefined;
  /**
   * How many messages may be kept for one peer. More fail with `RXMESH_OUTBOX_FULL`. Default 1,024.
   */
  readonly maxMessages?: number;
  /** How many bytes of messages may be kept for one peer. Default 4 MiB. */
  readonly maxBytes?: number;
  /** The same for all peers together. Default 16,384 messages. */
  readonly maxMessagesInAll?: number;
  /** The same for all peers together. Default 64 MiB. */
  readonly maxBytesInAll?: number;
  /** How long each delivery is tried, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /**
   * How many messages of one peer may be on their way, or wait here for the handler. Default 1,024,
   * so that a long line is full; their bytes are bounded, too.
   */
  readonly window?: number;
  /** How many bytes of these messages. The last one may exceed it. Default 1 MiB. */
  readonly windowBytes?: number;
  /**
   * How many messages are handled at a time, each from a different peer: those of one peer wait for
   * each other. Use 1 if messages of several peers change the same records. Default 16.
   */
  readonly concurrency?: number;
  /**
   * How long the handler may take, in milliseconds. After that, the attempt has failed. Default: no
   * limit.
   */
  readonly handlerTimeoutMs?: number | undefined;
  /** How many times the handler is run for a message before its delivery fails. Default 8. */
  readonly maxAttempts?: number;
  /** The pause before the second attempt, in milliseconds. It doubles each time. Default 100. */
  readonly retryMinMs?: number;
  /** The longest pause, in milliseconds. Default 10,000. */
  readonly retryMaxMs?: number;
  /**
   * For how many senders the service remembers what it has handled. Beyond that, it forgets the
   * sender that has been disconnected for the longest time. Default 16,384.
   */
  readonly maxSenders?: number;
}

/** Acknowledged delivery: see `deliveries`. */
export interface Deliveries<T> {
  /**
   * Keeps a message until the recipient's handler has completed, on subscription. Then emits it and
   * completes.
   *
   *     deliver   -d----------------      d: deliver({ to, message })
   *     handler   ---h--|-----------      the handler takes 3, with a latency of 2
   *     result    --------(d|)------
   *
   * The peer need not be connected. Unsubscribing withdraws the message: it is not sent again, but
   * the peer may have handled it. Each subscription is a delivery of its own. In an `async`
   * function use `await firstValueFrom(orders.deliver(...))`: `await orders.deliver(...)` does not
   * compile, and rejects.
   *
   * What `undelivered$` emits may be delivered again as it is: its `error` is ignored.
   *
   * @throws {RxmeshError} as error notifications: `RXMESH_OUTBOX_FULL`, `RXMESH_DELIVERY_TIMEOUT`,
   *   `RXMESH_DELIVERY_FAILED` (a `DeliveryError`), `RXMESH_DELIVERY_REFUSED`,
   *   `RXMESH_ENCODE_FAILED`, `RXMESH_MESSAGE_TOO_LARGE`, `RXMESH_STORE_FAILED`,
   *   `RXMESH_CHANNEL_CLOSED`, `RXMESH_NODE_ID_INVALID`, `RXMESH_UNDELIVERABLE` (to itself)
   * @throws {TypeError | RangeError} synchronously, for invalid or unknown options
   */
  deliver(outgoing: Outgoing<T>): Delivering<T>;

  /**
   * Handles the messages of peers, those of one peer in order, one after another. A message is
   * handled when the handler has returned, or its promise or Observable has completed. With a
   * store, the handler may return changes of it, which are written in one batch with the note that
   * the message is handled: all of that happens exactly once.
   *
   * Without a handler, peers keep their messages. Unsubscribing takes no further messages.
   *
   * @throws {TypeError} if there is a handler already
   */
  handle(handler: DeliveryHandler<T>): Subscription;

  /**
   * Deliveries that have failed, also those of an earlier process, for which nobody waits. Those
   * that were withdrawn are not among them.
   */
  readonly undelivered$: Observable<FailedDelivery<T>>;

  /**
   * Resolves when no message waits here any more, those of an earlier process included; immediately
   * if none does. Rejects with `RXMESH_CHANNEL_CLOSED` if the service ends first.
   */
  whenEmpty(): Promise<void>;

  /** The current counts. A copy that does not change. */
  snapshot(): DeliveriesSnapshot;

  /**
   * Ends everything here and closes the channel. Deliveries fail with `RXMESH_CHANNEL_CLOSED`. With
   * a store, their messages stay there. Closing it twice is fine.
   */
  close(): void;

  /** `close`, for `using orders = deliveries(...)`. */
  [Symbol.dispose](): void;
}

/**
 * Opens a channel for messages that must arrive: each is kept until its recipient's handler has
 * completed, sent again after a reconnect, and recognised if it has been handled.
 *
 *     const orders = deliveries(router, { id: 0x30, codec: json<string>() });
 *     orders.handle(({ message }) => console.log(message));
 *     orders.deliver({ to, message: 'tea' }).subscribe(() => console.log('it is handled'));
 *
 * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`, `RXMESH_STOPPED`, from
 *   `openChannel`
 * @throws {TypeError} if the codec is missing, or the store is not an abstract-level database
 * @throws {RangeError} if a bound is not a whole number in its range
 */
export function deliveries<T>(
  router: DeliveriesRouter,
  options: DeliveriesOptions<T>,
): Deliveries<T> {
  checkArguments(router, options);
  checkOptionNames('deliveries', options, optionNames);
  const {
    codec,
    store,
    maxMessages = messagesMax,
    maxBytes = bytesMax,
    maxMessagesInAll = messagesInAllMax,
    maxBytesInAll = bytesInAllMax,
    timeoutMs,
    window = windowMax,
    windowBytes = windowBytesMax,
    concurrency = handlersMax,
    handlerTimeoutMs,
    maxAttempts = attemptsMax,
    retryMinMs = firstRetryMs,
    retryMaxMs = lastRetryMs,
    maxSenders = sendersMax,
    ...channelOptions
  } = options;
  checkCodec(codec);
  checkStore(store);
  checkTime('timeoutMs', timeoutMs);
  checkTime('handlerTimeoutMs', handlerTimeoutMs);
  checkTime('retryMinMs', retryMinMs);
  checkTime('retryMaxMs', retryMaxMs);
  const limits = {
    ...{ maxMessages, maxBytes, maxMessagesInAll, maxBytesInAll },
    ...{ window, windowBytes, concurrency, maxSenders },
  };
  for (const [name, value] of Object.entries({ ...limits, maxAttempts })) checkCount(name, value);
  const rules = {
    ...{ maxAttempts, retryMinMs, retryMaxMs },
    handlerTimeoutMs: handlerTimeoutMs ?? Infinity,
  };
  const channel = { ...lanes, ...channelOptions };
  const decode = (bytes: Uint8Array): T => codec.decode(bytes);
  const board = new Board(router, { channel, limits, rules, store, decode });
  return new DeliveriesOn(board, codec, timeoutMs);
}

class DeliveriesOn<T> implements Deliveries<T> {
  readonly undelivered$: Observable<FailedDelivery<T>>;
  readonly #board: Board;
  readonly #codec: Codec<T>;
  readonly #timeoutMs: number | undefined;

  constructor(board: Board, codec: Codec<T>, timeoutMs: number | undefined) {
    this.#board = board;
    this.#codec = codec;
    this.#timeoutMs = timeoutMs;
    this.undelivered$ = board.lost$.pipe(
      map(({ to, payload, error }) => ({ to, message: this.#read(payload), error })),
    );
  }

  deliver(outgoing: Outgoing<T>): Delivering<T> {
    checkOptionNames('deliver', outgoing, outgoingNames);
    const { to, message, timeoutMs = this.#timeoutMs, operations = [] } = outgoing;
    checkTime('timeoutMs', timeoutMs);
    const problem = problemOf(operations);
    if (problem !== undefined) throw problem;
    if (operations.length > 0 && !this.#board.journal.hasStore) {
      throw new TypeError('deliver: operations need a store, but there is none');
    }
    return new DeliverWhenSubscribed((subscriber) => {
      const entry = this.#entry(to, message, timeoutMs);
      if (entry instanceof RxmeshError) {
        subscriber.error(entry);
        return undefined;
      }
      entry.operations = operations;
      entry.waiter = {
        handled: () => {
          subscriber.next({ to, message });
          subscriber.complete();
        },
        failed: (error) => subscriber.error(error),
      };
      const board = this.#board;
      if (timeoutMs !== undefined) {
        entry.timer = board.clock.schedule(() => board.late(to, entry), timeoutMs);
      }
      const error = board.post(to, entry);
      if (error !== undefined) {
        entry.timer?.unsubscribe();
        subscriber.error(error);
      }
      return () => {
        entry.waiter = undefined;
        board.withdraw(to, entry);
      };
    });
  }

  handle(handler: DeliveryHandler<T>): Subscription {
    checkFunction('handle: the handler', handler);
    // What it gets was decoded by the codec of `T`.
    return this.#board.handle((attempt: Attempt) => handler(attempt as Incoming<T>));
  }

  async whenEmpty(): Promise<void> {
    if (!this.#board.isEmpty) await firstValueFrom(this.#board.emptied$);
  }

  snapshot(): DeliveriesSnapshot {
    return this.#board.snapshot();
  }

  close(): void {
    this.#board.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #entry(to: NodeId, message: T, timeoutMs: number | undefined): Entry | RxmeshError {
    const board = this.#board;
    if (!isNodeId(to)) {
      const text = `deliver: ${mustBe('to', 'a node ID', to)}${addressHint(to)}`;
      return new RxmeshError('RXMESH_NODE_ID_INVALID', text);
    }
    try {
      const dueDateMs = timeoutMs === undefined ? 0 : board.date() + Math.ceil(timeoutMs);
      return new Entry(this.#codec.encode(message), dueDateMs);
    } catch (thrown) {
      const text = `a message to ${to} does not encode`;
      return board.error('RXMESH_ENCODE_FAILED', text, to, thrown);
    }
  }

  #read(payload: Uint8Array): T | undefined {
    try {
      return this.#codec.decode(payload);
    } catch {
      return undefined;
    }
  }
}
