import type { Subscription } from 'rxjs';
import {
  type AbortSignalLike,
  type Demand,
  type Flow,
  type FlowSink,
  type NodeId,
  RxmeshError,
} from '../index.ts';
import type { Asked, CallPeer } from './call-peer.ts';
import { encoded } from './encoded.ts';
import { errorOfFrame } from './call-error.ts';
import type { CallBoard } from './call-board.ts';
import { copyOfHeaders, type Headers } from '../frames/headers.ts';
import { Frame, kinds, wireVersion } from './frame.ts';
import { FrameSource } from './frame-queue.ts';
import { Inflow } from './inflow.ts';
import type { NamedMethod } from './method.ts';
import { Outflow, type OutflowOwner } from './outflow.ts';

/** What to send: a request, a request that wants no answer, or a stream of requests. */
export type Content<Request> =
  | { readonly kind: 'call' | 'notify'; readonly request: Request }
  | { readonly kind: 'channel'; readonly requests: Flow<Request> };

/** A call to make. */
export interface Question<Request, Response> {
  readonly method: NamedMethod<Request, Response>;
  readonly to: NodeId;
  readonly content: Content<Request>;
  readonly timeoutMs: number;
  readonly signal: AbortSignalLike | undefined;
  readonly headers: Headers | undefined;
}

/**
 * A call that this node makes, from the first request of its consumer to its end. It sends the
 * caller's frames, and receives the handler's.
 */
export class AskedCall<Request, Response>
  extends FrameSource
  implements Demand, Asked, OutflowOwner<Request>
{
  readonly #board: CallBoard;
  readonly #question: Question<Request, Response>;
  readonly #sink: FlowSink<Response>;
  readonly #inflow: Inflow<Response>;
  /** The requests of a call that sends a stream of them. */
  readonly #outflow: Outflow<Request> | undefined;
  /** Those of the moment at which the call was subscribed to. */
  readonly #headers: Headers | undefined;
  #hasEndedRequests = false;
  #peer: CallPeer | undefined;
  #number = 0;
  /** 0 if there is no limit. */
  #dueAtMs = 0;
  #timer: Subscription | undefined;
  /** Listens to the signal, if there is one. */
  #aborted: (() => void) | undefined;
  #isSent = false;
  #isOver = false;
  /** The other side has yet to hear that the call is over. */
  #mustCancel = false;

  constructor(board: CallBoard, question: Question<Request, Response>, sink: FlowSink<Response>) {
    super();
    this.#board = board;
    this.#question = question;
    this.#sink = sink;
    this.#inflow = new Inflow(sink, question.method.response, board.limits.window);
    const { headers } = question;
    this.#headers = headers && copyOfHeaders('call', headers);
    if (question.content.kind !== 'channel') return;
    this.#outflow = new Outflow(0, this);
  }

  // For the consumer

  request(): void {
    if (this.#peer === undefined) this.#start();
    else if (this.#isSent && this.#inflow.due > 0) this.#peer.queue.add(this);
  }

  unsubscribe(): void {
    this.#leave();
  }

  // For the peer

  answered({ payload, more, isLast }: Frame): void {
    const isTaken =
      more === undefined ? this.#take(payload, isLast) : this.#takeAll([payload, ...more], isLast);
    if (!isTaken) return;
    if (isLast) this.#inflow.complete();
    else this.request();
  }

  #takeAll(payloads: readonly Uint8Array[], isLast: boolean): boolean {
    const last = payloads.length - 1;
    return payloads.every((payload, at) => this.#take(payload, isLast && at === last));
  }

  /** Takes an answer. Returns false if the call is over, unless this is the last one. */
  #take(payload: Uint8Array, isLast: boolean): boolean {
    if (!this.#inflow.spend()) {
      const peer = this.#peer;
      const error = peer?.violation('RXMESH_CREDIT_EXCEEDED', 'more answers than asked for');
      this.failed(error);
      if (error !== undefined) peer?.report(error);
      return false;
    }
    if (isLast) this.#settle();
    try {
      this.#inflow.deliver(payload);
    } catch (thrown) {
      const { to } = this.#question;
      const text = `an answer of ${to} does not decode`;
      this.#leave();
      this.#inflow.error(this.#board.errorOf(thrown, 'RXMESH_DECODE_FAILED', text, to));
      return false;
    }
    return isLast || !this.#isOver;
  }

  ended(): void {
    this.#settle();
    this.#inflow.complete();
  }

  refused(frame: Frame): void {
    this.#settle();
    const { to: peer } = this.#question;
    this.#inflow.error(errorOfFrame(frame, { peer, channel: this.#board.channel.id }));
  }

  requestsWanted(count: number): void {
    this.#outflow?.grant(count);
  }

  failed(error: unknown): void {
    if (this.#isOver) return;
    this.#leave();
    this.#inflow.error(error);
  }

  /** There are requests to send, or their end. */
  ready(): void {
    this.#peer?.queue.add(this);
  }

  // For the queue

  override takeFrame(valuesMax: number): Frame | undefined {
    if (this.#mustCancel) {
      this.#mustCancel = false;
      this.#peer?.cancelled();
      return new Frame(kinds.cancel, this.#number);
    }
    if (this.#isOver) return undefined;
    if (!this.#isSent) return this.#firstFrame();
    const credit = this.#inflow.grant();
    if (credit === 0) return this.#nextRequests(valuesMax);
    const frame = new Frame(kinds.credit, this.#number);
    frame.credit = credit;
    return frame;
  }

  override hasFrame(): boolean {
    if (this.#isOver) return this.#mustCancel;
    return this.#inflow.due > 0 || this.#hasRequest();
  }

  override sent(): void {
    if (this.#question.content.kind !== 'notify' || this.#isOver) return;
    this.#settle();
    this.#inflow.complete();
  }

  override notSent(error: unknown): void {
    this.failed(error);
  }

  #start(): void {
    const { signal, timeoutMs, to } = this.#question;
    if (signal?.aborted === true) {
      this.#isOver = true;
      this.#sink.error(signal.reason);
      return;
    }
    const peer = this.#board.peerFor(to);
    if (peer instanceof RxmeshError) {
      this.#isOver = true;
      this.#sink.error(peer);
      return;
    }
    this.#peer = peer;
    this.#number = peer.asks(this);
    if (signal !== undefined) {
      this.#aborted = () => this.failed(signal.reason);
      signal.addEventListener('abort', this.#aborted);
    }
    if (timeoutMs > 0) {
      const { clock } = this.#board;
      this.#dueAtMs = clock.now() + timeoutMs;
      this.#timer = clock.schedule(() => this.#late(), timeoutMs);
    }
    peer.queue.add(this);
  }

  #firstFrame(): Frame | undefined {
    const { method, content } = this.#question;
    const frame = new Frame(kinds[content.kind], this.#number);
    if (content.kind !== 'channel') {
      const payload = this.#encoded(content.request);
      if (payload === undefined) return undefined;
      frame.payload = payload;
    }
    frame.version = wireVersion;
    frame.method = method.name;
    frame.timeoutMs = this.#timeLeftMs();
    frame.headers = this.#headers;
    frame.credit = content.kind === 'notify' ? 0 : this.#inflow.grant();
    this.#isSent = true;
    if (content.kind === 'channel') this.#outflow?.from(content.requests);
    return frame;
  }

  #hasRequest(): boolean {
    const outflow = this.#outflow;
    if (outflow === undefined || this.#hasEndedRequests) return false;
    return outflow.hasValue || outflow.isDone;
  }

  #nextRequests(valuesMax: number): Frame | undefined {
    const outflow = this.#outflow;
    if (outflow === undefined || !this.#hasRequest()) return undefined;
    if (outflow.failure !== undefined && outflow.isDone) {
      this.failed(outflow.failure.error);
      return undefined;
    }
    if (!outflow.hasValue) {
      this.#hasEndedRequests = true;
      return new Frame(kinds.requestsEnd, this.#number);
    }
    const frame = new Frame(kinds.request, this.#number);
    if (!outflow.fill(frame, valuesMax)) {
      if (outflow.failure !== undefined) this.failed(outflow.failure.error);
      return undefined;
    }
    frame.isLast = outflow.isDone && outflow.failure === undefined;
    this.#hasEndedRequests = frame.isLast;
    return frame;
  }

  /** Returns undefined if the call has failed, or was left from within the codec. */
  #encoded(request: Request): Uint8Array | undefined {
    try {
      const bytes = this.encode(request);
      return this.#isOver ? undefined : bytes;
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** @throws {RxmeshError} `RXMESH_ENCODE_FAILED` */
  encode(request: Request): Uint8Array {
    const { method, to } = this.#question;
    try {
      return encoded(method.request, request);
    } catch (thrown) {
      const text = `a request to ${to} does not encode`;
      throw this.#board.errorOf(thrown, 'RXMESH_ENCODE_FAILED', text, to);
    }
  }

  /** At least 1, since 0 means that there is no limit. */
  #timeLeftMs(): number {
    if (this.#dueAtMs === 0) return 0;
    return Math.max(1, Math.ceil(this.#dueAtMs - this.#board.clock.now()));
  }

  #late(): void {
    const { to, timeoutMs } = this.#question;
    const text = `${to} did not finish the call within ${timeoutMs} ms`;
    this.failed(this.#board.error('RXMESH_CALL_TIMEOUT', text, to));
  }

  /** Ends the call here, and there if it has begun there. */
  #leave(): void {
    if (this.#isOver) return;
    const peer = this.#peer;
    this.#settle();
    if (peer === undefined) return;
    peer.queue.remove(this);
    if (!this.#isSent || peer.isGone) return;
    this.#mustCancel = true;
    peer.cancels();
    peer.queue.add(this);
  }

  /** Ends the call here. */
  #settle(): void {
    this.#isOver = true;
    this.#outflow?.stop();
    this.#timer?.unsubscribe();
    if (this.#aborted !== undefined) {
      this.#question.signal?.removeEventListener('abort', this.#aborted);
    }
    this.#peer?.settled(this.#number);
  }
}
