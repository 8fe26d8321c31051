/// <reference lib="esnext.disposable" preserve="true" />
import { noop, type Observer } from 'rxjs';
import { dropOldest, Flow, RxmeshError } from '../index.ts';
import { onBackpressure } from '../../operators/index.ts';
import { checkMethod } from '../frames/option-checks.ts';
import { Board, type GossipSnapshot } from './board.ts';
import { channelOptionsFrom } from './channel-options.ts';
import {
  type Gossiped,
  type GossipOptions,
  type GossipRouter,
  settingsFrom,
  topicFault,
} from './options.ts';

/** Messages from any node to all nodes that have the same gossip. */
export interface Gossip<T> {
  /**
   * Messages of other nodes, each once, in no particular order. Several subscribers each get every
   * message. One that consumes with demand and falls behind by more than `inboxMax` misses the
   * oldest ones, which is an event (`source-failed` with `RXMESH_OVERFLOW`) and counts as `missed`;
   * it holds back nobody else. Completes when the gossip closes.
   */
  readonly in$: Flow<Gossiped<T>>;
  /**
   * Sends a message to all nodes that have this gossip and want its topic. It is not emitted by
   * this node's own `in$`.
   *
   * @throws {RxmeshError} `RXMESH_ENCODE_FAILED`, `RXMESH_MESSAGE_TOO_LARGE`,
   *   `RXMESH_CHANNEL_CLOSED`
   * @throws {TypeError} if messages are signed and there is no `identity`
   * @throws {RangeError} if the topic is too long
   */
  publish(message: T): void;
  /**
   * Publishes what an Observable emits: `source$.subscribe(news.published)`. What `publish` would
   * throw is an event (`source-failed`) instead.
   */
  readonly published: Observer<T>;
  /** The current counts. A copy that does not change. */
  snapshot(): GossipSnapshot;
  /** Leaves, and closes the channel. Closing it twice is fine. */
  close(): void;
  /** `close`, for `using news = gossip(...)`. */
  [Symbol.dispose](): void;
}

/**
 * Opens a channel for gossip: what one node publishes reaches all nodes, over any number of links,
 * and every node passes it on to about one other.
 *
 *     const news = gossip(router, { id: 0x40, codec: json<string>(), identity });
 *     news.in$.subscribe(({ message, origin }) => console.log(origin, message));
 *     news.publish('hello, everyone');
 *
 * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`, `RXMESH_STOPPED`, from
 *   `openChannel`
 * @throws {TypeError} for an unknown option, or one of the wrong kind
 * @throws {RangeError} for a number out of range
 */
export function gossip<T>(router: GossipRouter, options: GossipOptions<T>): Gossip<T> {
  checkMethod('gossip: router', router, 'openChannel');
  const settings = settingsFrom(options);
  const { codec, verdict = () => 'accept' } = options;
  const board = new Board(router, {
    channel: channelOptionsFrom(options, settings.numbers),
    settings,
    decode: (bytes) => codec.decode(bytes),
    // What it gets was decoded by the codec of `T`.
    verdict: (incoming) => verdict(incoming as Gossiped<T>),
  });
  return new GossipOn(board, options);
}

class GossipOn<T> implements Gossip<T> {
  readonly in$: Flow<Gossiped<T>>;
  readonly published: Observer<T>;
  readonly #board: Board;
  readonly #options: GossipOptions<T>;

  constructor(board: Board, options: GossipOptions<T>) {
    this.#board = board;
    this.#options = options;
    this.in$ = this.#inbox();
    this.published = {
      next: (message) => {
        try {
          this.publish(message);
        } catch (error) {
          board.channel.out.error(error);
        }
      },
      error: (error: unknown) => board.channel.out.error(error),
      complete: noop,
    };
  }

  publish(message: T): void {
    const { identity, signed = true } = this.#options;
    if (signed && identity === undefined) {
      const advice = 'pass identity, or signed: false on every node';
      throw new TypeError(`publish: messages are signed and there is no identity: ${advice}`);
    }
    const topic = this.#options.topic?.(message) ?? '';
    const fault = topicFault(topic);
    if (fault !== undefined) throw new RangeError(`publish: ${fault}`);
    this.#board.publish(this.#encode(message), topic);
  }

  snapshot(): GossipSnapshot {
    return this.#board.snapshot();
  }

  close(): void {
    this.#board.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Each consumer has a lane of its own. */
  #inbox(): Flow<Gossiped<T>> {
    const { accepted$, channel, context } = this.#board;
    const { inboxMax } = context.settings.numbers;
    const lane = onBackpressure<unknown>(dropOldest(inboxMax), {
      onDrop: () => {
        context.counts.missed += 1;
        context.reporter.missed(inboxMax, context.counts.missed);
      },
    });
    // With the clock of the channel, for operators that wait.
    const { origin } = channel.in$;
    const source = new Flow<unknown>(
      (sink) => {
        const subscription = accepted$.subscribe(sink);
        return { request: noop, unsubscribe: () => subscription.unsubscribe() };
      },
      (subscriber) => accepted$.subscribe(subscriber),
      origin,
    );
    // What it emits was decoded by the codec of `T`.
    return lane(source) as Flow<Gossiped<T>>;
  }

  #encode(message: T): Uint8Array {
    const { channel, context } = this.#board;
    const place = { channel: channel.id };
    let payload: Uint8Array;
    try {
      payload = this.#options.codec.encode(message);
    } catch (cause) {
      if (cause instanceof RxmeshError) throw cause;
      const text = `the message does not encode: ${String(cause)}`;
      throw new RxmeshError('RXMESH_ENCODE_FAILED', text, { ...place, cause });
    }
    const { messageBytesMax } = context.settings.numbers;
    if (payload.length <= messageBytesMax) return payload;
    const text = `the message has ${payload.length} bytes, more than ${messageBytesMax}`;
    throw new RxmeshError('RXMESH_MESSAGE_TOO_LARGE', text, place);
  }
}
