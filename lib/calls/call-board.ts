import { Subscription } from 'rxjs';
import {
  type Channel,
  type ChannelOptions,
  type Clock,
  type ErrorCode,
  type FlowOrigin,
  isNodeId,
  type NodeId,
  type RouterLike,
  RxmeshError,
  systemClock,
} from '../index.ts';
import { addressHint, mustBe } from '../frames/option-checks.ts';
import { type Numbers, numbersOf } from '../frames/numbers.ts';
import { type LostBecause, watchOpenings } from '../frames/openings.ts';
import { CallPeer, type CallPeerHost, type Serve } from './call-peer.ts';
import { type Frame, kinds } from './frame.ts';
import { frameCodec } from './frame-codec.ts';

/** What calls need of a router. */
export type CallsRouter = Pick<RouterLike, 'openChannel' | 'events$' | 'snapshot'>;

/** The bounds of a service. */
export interface CallBoardLimits {
  readonly maxCalls: number;
  readonly maxCallsInAll: number;
  readonly window: number;
}

/** What a service does at the moment. */
export interface CallsSnapshot {
  /** Calls to peers that have not ended. */
  readonly asking: number;
  /** Calls from peers that have not ended, or whose handlers have not. */
  readonly serving: number;
  /**
   * Messages that arrived for no call, so far: answers to calls that had been cancelled, refused
   * notices, and the like.
   */
  readonly dropped: number;
}

/** Where the calls of a node on one channel meet: its peers, its handlers and its limits. */
export class CallBoard implements CallPeerHost {
  readonly channel: Channel<Frame>;
  readonly messageBytesMax: number;
  readonly clock: Clock;
  /** Where the flows of answers come from. */
  readonly origin: FlowOrigin;
  readonly limits: CallBoardLimits;
  asking = 0;
  serving = 0;
  dropped = 0;
  /** What serves calls and notices, by the method's name. */
  readonly #calls = new Map<string, Serve>();
  /** What serves calls with many requests. */
  readonly #channels = new Map<string, Serve>();
  /** Those that have the channel open. */
  readonly #peers = new Map<NodeId, CallPeer>();
  /** By peer, how many handlers go on though their calls are over. */
  readonly #outlasting = new Map<NodeId, number>();
  readonly #scope = new Subscription();
  readonly #router: CallsRouter;
  readonly #numbers: Numbers;
  #closed: RxmeshError | undefined;

  constructor(
    router: CallsRouter,
    options: Omit<ChannelOptions<Frame>, 'codec'>,
    limits: CallBoardLimits,
  ) {
    this.limits = limits;
    this.messageBytesMax = options.messageBytesMax ?? Infinity;
    this.#router = router;
    this.channel = router.openChannel({ ...options, codec: frameCodec });
    this.#numbers = numbersOf(router, this.channel.id);
    this.clock = this.channel.in$.clock ?? systemClock;
    this.origin = { clock: this.clock };
    const openings = {
      opened: (id: NodeId) => {
        const peer = new CallPeer(id, this);
        this.#peers.set(id, peer);
        peer.start();
      },
      lost: (id: NodeId, because: LostBecause) => {
        this.#lost(id, this.error('RXMESH_PEER_DOWN', `${id} has ${because}`, id));
      },
    };
    this.#scope.add(watchOpenings(router, this.channel.id, openings));
    this.#scope.add(
      this.channel.in$.subscribe({
        next: ({ from, message }) => this.#receive(from, message),
        complete: () => this.#end(),
      }),
    );
  }

  /** The peers that have the channel open. */
  get peers(): ReadonlyMap<NodeId, CallPeer> {
    return this.#peers;
  }

  /** The error of calls after the service was closed, or its router stopped. */
  get closed(): RxmeshError | undefined {
    return this.#closed;
  }

  /** The peer to call, or the error if it cannot be called now. */
  peerFor(id: NodeId): CallPeer | RxmeshError {
    if (this.#closed !== undefined) return this.#closed;
    const peer = this.#peers.get(id);
    if (peer === undefined) {
      if (!isNodeId(id)) {
        const text = `${mustBe('the peer of a call', 'a node ID', id)}${addressHint(id)}`;
        return new RxmeshError('RXMESH_NODE_ID_INVALID', text);
      }
      const isUp = this.#router.snapshot().peers.some((peer) => peer.id === id);
      const what = isUp ? 'has not opened the channel' : 'is not connected';
      return this.error('RXMESH_PEER_DOWN', `${id} ${what}`, id);
    }
    if (peer.isGone) return this.error('RXMESH_STOPPED', 'the router is stopping', id);
    const { maxCalls, maxCallsInAll } = this.limits;
    if (peer.asking >= maxCalls) {
      const text = `${maxCalls} calls to ${id} have not ended, as many as maxCalls allows`;
      return this.error('RXMESH_TOO_MANY_CALLS', text, id);
    }
    if (this.asking >= maxCallsInAll) {
      const text = `${maxCallsInAll} calls have not ended, as many as maxCallsInAll allows`;
      return this.error('RXMESH_TOO_MANY_CALLS', text, id);
    }
    return peer;
  }

  /** The error for a call to any peer when there is none. */
  nobody(): RxmeshError {
    const { id: channel } = this.channel;
    const text = `no connected peer has channel ${channel} open`;
    return this.#closed ?? new RxmeshError('RXMESH_PEER_DOWN', text, { channel });
  }

  /** The last round trips of pings, by peer. */
  roundTrips(): ReadonlyMap<NodeId, number | undefined> {
    const { peers } = this.#router.snapshot();
    return new Map(peers.map(({ id, roundTripMs }) => [id, roundTripMs]));
  }

  nextNumber(): number {
    return this.#numbers.next();
  }

  get lastNumber(): number {
    return this.#numbers.last;
  }

  /**
   * Whether a call has ever had this number. The numbers are one series for all peers, so that a
   * peer which comes back cannot answer a new call with what belongs to an old one, also of a
   * service that was closed and opened again. An answer to another peer's call is dropped and
   * counted like a late one.
   */
  wasGiven(number: number): boolean {
    return this.#numbers.wasGiven(number);
  }

  /** @throws {TypeError} if the method has a handler already */
  serve(kind: 'call' | 'channel', name: string, serve: Serve): Subscription {
    const serves = kind === 'call' ? this.#calls : this.#channels;
    if (serves.has(name)) {
      const what = name === '' ? 'there' : `for method ${name} there`;
      throw new TypeError(`serve: ${what} is a handler already; unsubscribe it first`);
    }
    serves.set(name, serve);
    return new Subscription(() => serves.delete(name));
  }

  serveOf({ kind, method }: Frame): Serve | undefined {
    return (kind === kinds.channel ? this.#channels : this.#calls).get(method);
  }

  mayServe({ id, serving }: CallPeer): boolean {
    const { maxCalls, maxCallsInAll } = this.limits;
    const running = serving + (this.#outlasting.get(id) ?? 0);
    return running < maxCalls && this.serving < maxCallsInAll;
  }

  /** A handler whose call is over keeps a place until it is over itself. */
  keepPlace(peer: NodeId, over: PromiseLike<unknown>): void {
    this.#outlast(peer, 1);
    const giveUp = (): void => this.#outlast(peer, -1);
    // What it throws now was for a caller that has left.
    void Promise.resolve(over).then(giveUp, giveUp);
  }

  /** Creates an error about this channel and a peer. */
  error(code: ErrorCode, text: string, peer: NodeId): RxmeshError {
    return new RxmeshError(code, text, { peer, channel: this.channel.id });
  }

  /** The same with what was thrown as its cause. */
  errorOf(thrown: unknown, code: ErrorCode, text: string, peer: NodeId): RxmeshError {
    const detail = thrown instanceof Error ? `: ${thrown.message}` : '';
    return new RxmeshError(code, text + detail, {
      peer,
      channel: this.channel.id,
      cause: thrown,
    });
  }

  /** Reports a handler's error as a `source-failed` event. */
  report(thrown: unknown, text: string, peer: NodeId): void {
    this.channel.out.error(this.errorOf(thrown, 'RXMESH_CALL_FAILED', text, peer));
  }

  snapshot(): CallsSnapshot {
    const { asking, serving, dropped } = this;
    return { asking, serving, dropped };
  }

  /** Ends every call and closes the channel. */
  close(): void {
    this.#end();
    this.channel.close();
  }

  #end(): void {
    if (this.#closed !== undefined) return;
    const { id: channel } = this.channel;
    this.#closed = new RxmeshError('RXMESH_CHANNEL_CLOSED', 'the service is closed', { channel });
    this.#scope.unsubscribe();
    for (const id of [...this.#peers.keys()]) this.#lost(id, this.#closed);
  }

  #lost(id: NodeId, error: RxmeshError): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    peer.gone(error);
  }

  #outlast(peer: NodeId, change: 1 | -1): void {
    this.serving += change;
    const count = (this.#outlasting.get(peer) ?? 0) + change;
    if (count > 0) this.#outlasting.set(peer, count);
    else this.#outlasting.delete(peer);
  }

  #receive(from: NodeId, frame: Frame): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) this.dropped += 1;
    else peer.receive(frame);
  }
}
