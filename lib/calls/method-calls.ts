import { isObservable, type Observable, type Subscription } from 'rxjs';
import { type AbortSignalLike, Flow, flowFrom, type NodeId } from '../index.ts';
import type { Headers } from '../frames/headers.ts';
import { checkFunction } from '../frames/option-checks.ts';
import { AskedCall, type Content, type Question } from './asked-call.ts';
import { checkCallOptions } from './check.ts';
import type { CallBoard } from './call-board.ts';
import {
  type Answers,
  answersOf,
  asFlow,
  type ChannelHandler,
  type Handler,
  type IncomingCall,
  type IncomingChannel,
} from './handler.ts';
import type { Incomer } from './incomer.ts';
import { callEach, callOne, type FromPeer, type PeerPick } from './many.ts';
import type { NamedMethod } from './method.ts';
import { Notice, type Notifying } from './notice.ts';
import { ServedCall, type Service } from './served-call.ts';

/** Options of a call. */
export interface CallOptions {
  /**
   * How long the whole call may take, in milliseconds, from its subscription to its end. The rest
   * of it travels with the request, and the handler's `signal` fires then, too. Default: no limit.
   */
  readonly timeoutMs?: number | undefined;
  /** Aborting it cancels the call, which fails with the signal's reason. */
  readonly signal?: AbortSignalLike | undefined;
  /**
   * Short texts that travel with the request, by name: up to 32 of them, 8,192 characters in all.
   * Each call gets a copy, made on subscription.
   */
  readonly headers?: Headers | undefined;
}

/** Options of `callAny`. */
export interface CallAnyOptions extends CallOptions {
  /** Chooses the peer. Default `roundRobin()`, one for each method. */
  readonly pick?: PeerPick;
}

/** One method: calls to peers that serve it, and the handler that serves it here. */
export interface Method<Request, Response> {
  /**
   * Calls a peer on subscription. The result is a flow of the answers: one, many or none.
   *
   *     call          -c---------------      c: call(peer, request)
   *     peer          ---r--a----------      the handler answers after 3, with a latency of 2
   *     answers       --------(a|)-----
   *
   *     timeoutMs: 4  -----#-----------      RXMESH_CALL_TIMEOUT
   *     unsubscribed  ----!------------
   *     peer          ---r--!----------      the handler is left, and its signal fires, half a
   *                                          round trip later
   *
   * Demand reaches the handler: `for await` asks it for one answer at a time, `boundedMergeMap` for
   * as many as it can process. A plain subscription takes everything, and the peer may be ahead by
   * `window` answers. Each subscription is a call of its own.
   *
   * @throws {RxmeshError} as error notifications: `RXMESH_CALL_FAILED` (a `CallError`),
   *   `RXMESH_PEER_DOWN`, `RXMESH_CALL_TIMEOUT`, `RXMESH_METHOD_UNKNOWN`, `RXMESH_CALL_REFUSED`,
   *   `RXMESH_TOO_MANY_CALLS`, `RXMESH_ENCODE_FAILED`, `RXMESH_DECODE_FAILED`,
   *   `RXMESH_MESSAGE_TOO_LARGE`, `RXMESH_CREDIT_EXCEEDED`, `RXMESH_CHANNEL_CLOSED`,
   *   `RXMESH_STOPPED`, `RXMESH_NODE_ID_INVALID`
   * @throws {TypeError | RangeError} synchronously, for invalid options
   */
  call(to: NodeId, request: Request, options?: CallOptions): Flow<Response>;

  /**
   * Sends a request that gets no answer, on subscription. Completes when the channel has taken it;
   * nothing says whether the peer handles it. `await service.notify(...)` does not compile, and
   * rejects: use `lastValueFrom` with a `defaultValue`.
   *
   * @throws like `call`, for what goes wrong on this side
   */
  notify(to: NodeId, request: Request, options?: CallOptions): Notifying;

  /**
   * Calls a peer with a stream of requests, which the handler pulls as it wants them: from an
   * iterable or a flow. Of any other Observable, up to 1,024 requests wait; more fail the call, as
   * an error of the stream does. The call ends when its answers do.
   *
   * @throws like `call`
   */
  channel(
    to: NodeId,
    requests: Observable<Request> | Iterable<Request> | AsyncIterable<Request>,
    options?: CallOptions,
  ): Flow<Response>;

  /**
   * Calls one of the peers that have the channel open, chosen on subscription.
   *
   * @throws like `call`, and `RXMESH_PEER_DOWN` when there is none
   */
  callAny(request: Request, options?: CallAnyOptions): Flow<Response>;

  /**
   * Calls every peer that has the channel open on subscription, and merges what they answer. A call
   * that fails is a value with its `error`, so one peer does not end the others.
   *
   * Error: `RXMESH_CHANNEL_CLOSED`, if the service is closed.
   */
  callAll(request: Request, options?: CallOptions): Flow<FromPeer<Response>>;

  /**
   * Answers calls and notices. Without a handler, a call fails with `RXMESH_METHOD_UNKNOWN`.
   * Unsubscribing refuses further calls; those that run go on. For a notice, many answers are left
   * at the first one.
   *
   * @throws {TypeError} if there is a handler already
   */
  serve(handler: Handler<Request, Response>): Subscription;

  /** The same for calls of `channel`, which send a stream of requests. */
  serveChannel(handler: ChannelHandler<Request, Response>): Subscription;
}

const noOptions: CallOptions = {};

/** The calls of one method on a board. */
export class MethodCalls<Request, Response> implements Method<Request, Response> {
  readonly #board: CallBoard;
  readonly #method: NamedMethod<Request, Response>;
  readonly #pick: PeerPick;

  constructor(board: CallBoard, method: NamedMethod<Request, Response>, pick: PeerPick) {
    this.#board = board;
    this.#method = method;
    this.#pick = pick;
  }

  call(to: NodeId, request: Request, options: CallOptions = noOptions): Flow<Response> {
    return this.#ask(to, { kind: 'call', request }, options);
  }

  notify(to: NodeId, request: Request, options: CallOptions = {}): Notifying {
    checkCallOptions('notify', options);
    const question = this.#question(to, { kind: 'notify', request }, options);
    const board = this.#board;
    // A notice has no answers, so the type of their flow is free.
    return new Notice((sink) => new AskedCall(board, question, sink), undefined, board.origin);
  }

  channel(
    to: NodeId,
    requests: Observable<Request> | Iterable<Request> | AsyncIterable<Request>,
    options: CallOptions = {},
  ): Flow<Response> {
    return this.#ask(to, { kind: 'channel', requests: requestsOf(requests) }, options, 'channel');
  }

  callAny(request: Request, options: CallAnyOptions = {}): Flow<Response> {
    const { pick = this.#pick, ...callOptions } = options;
    checkFunction('callAny: pick', pick);
    checkCallOptions('callAny', callOptions);
    return callOne(this.#board, pick, (to) => this.call(to, request, callOptions));
  }

  callAll(request: Request, options: CallOptions = {}): Flow<FromPeer<Response>> {
    checkCallOptions('callAll', options);
    return callEach(this.#board, (to) => this.call(to, request, options));
  }

  serve(handler: Handler<Request, Response>): Subscription {
    checkFunction('serve: the handler', handler);
    return this.#serve('call', (call) => handler(call as IncomingCall<Request>));
  }

  serveChannel(handler: ChannelHandler<Request, Response>): Subscription {
    checkFunction('serveChannel: the handler', handler);
    return this.#serve('channel', (call) => handler(call as IncomingChannel<Request>));
  }

  #ask(to: NodeId, content: Content<Request>, options: CallOptions, name = 'call'): Flow<Response> {
    if (options !== noOptions) checkCallOptions(name, options);
    const { aroundCalls, name: method } = this.#method;
    if (aroundCalls === undefined) return this.#answers(to, content, options);
    const { timeoutMs, signal } = options;
    const headers: Record<string, string> = { ...options.headers };
    const answers = this.#answers(to, content, { timeoutMs, signal, headers });
    const request = content.kind === 'call' ? content.request : undefined;
    const call = { to, request, method, timeoutMs, signal, headers };
    return aroundCalls.reduceRight((inner, around) => asFlow(around(inner, call)), answers);
  }

  #answers(to: NodeId, content: Content<Request>, options: CallOptions): Flow<Response> {
    const board = this.#board;
    const question = this.#question(to, content, options);
    return new Flow((sink) => new AskedCall(board, question, sink), undefined, board.origin);
  }

  #question(
    to: NodeId,
    content: Content<Request>,
    options: CallOptions,
  ): Question<Request, Response> {
    const { timeoutMs = 0, signal, headers } = options;
    return { method: this.#method, to, content, timeoutMs, signal, headers };
  }

  #serve(kind: 'call' | 'channel', answer: Service<Request, Response>['answer']): Subscription {
    const method = this.#method;
    const service = { method, answer: around(method, answer, this.#board) };
    return this.#board.serve(
      kind,
      method.name,
      (peer, frame) => new ServedCall(this.#board, service, peer, frame),
    );
  }
}

/** Puts a method's middleware around its handler. */
function around<Request, Response>(
  { aroundHandler }: NamedMethod<Request, Response>,
  answer: (call: Incomer<Request>) => Answers<Response>,
  board: CallBoard,
): (call: Incomer<Request>) => Answers<Response> {
  if (aroundHandler === undefined || aroundHandler.length === 0) return answer;
  return (call) =>
    aroundHandler.reduceRight(
      (inner, middleware) => asFlow(middleware(inner, call)),
      answersOf(
        () => answer(call),
        (over) => board.keepPlace(call.from, over),
      ),
    );
}

function requestsOf<Request>(
  requests: Observable<Request> | Iterable<Request> | AsyncIterable<Request>,
): Flow<Request> {
  return isObservable(requests) ? asFlow(requests) : flowFrom(requests);
}
