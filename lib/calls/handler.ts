import { isObservable, type Observable } from 'rxjs';
import type { PlatformAbortSignal } from '#platform/abort-controller';
import type { Headers } from '../frames/headers.ts';
import { fail, Flow, flowFrom, isFlow, type NodeId } from '../index.ts';

/** How many values of an Observable may wait, since it cannot be held back. */
const bufferedMax = 1_024;

/** A call from a peer. */
export interface Incoming<Request> {
  /** The peer that calls. Its identity is proven. */
  readonly from: NodeId;
  /** The request; `undefined` if the call sends a stream of them. */
  readonly request: Request | undefined;
  /** The method's name; empty in a service with a single method. */
  readonly method: string;
  /** What the caller has sent besides the request; empty if nothing. */
  readonly headers: Headers;
  /**
   * Is aborted when the call ends early: its caller cancels it, leaves, or runs out of time. The
   * `reason` is an `RxmeshError`: `RXMESH_CALL_CANCELLED`, `RXMESH_PEER_DOWN` or
   * `RXMESH_CALL_TIMEOUT`.
   */
  readonly signal: PlatformAbortSignal;
  /**
   * How many milliseconds the call has left, for calls made on its behalf; `undefined` if its
   * caller set no limit.
   */
  readonly timeLeftMs: number | undefined;
}

/** A call with one request. */
export interface IncomingCall<Request> extends Incoming<Request> {
  readonly request: Request;
}

/** A call that sends a stream of requests. */
export interface IncomingChannel<Request> extends Incoming<Request> {
  readonly request: undefined;
  /**
   * The requests. Each is sent when it is wanted here. For one consumer; it fails with the reason
   * of `signal` when the call ends early.
   */
  readonly requests: Flow<Request>;
}

/**
 * The answers of a handler:
 *
 * - a value: one answer; `undefined` is none
 * - a promise: the same, later
 * - a flow, an iterator (what a generator function returns) or an async iterable: many answers,
 *   each pulled when the caller wants it
 * - any other Observable: many answers. Up to 1,024 wait for a slow caller; more fail the call
 *
 * An array is a value. `flowFrom(array)` makes many answers of it.
 */
export type Answers<Response> =
  | Response
  | undefined
  | PromiseLike<Response | undefined>
  | Observable<Response>
  | AsyncIterable<Response>
  | IterableIterator<Response>;

/** Answers calls. An exception or rejection fails the call. */
export type Handler<Request, Response> = (call: IncomingCall<Request>) => Answers<Response>;

/** Answers calls that send a stream of requests. */
export type ChannelHandler<Request, Response> = (
  call: IncomingChannel<Request>,
) => Answers<Response>;

/** An Observable that can be consumed with demand. */
export function asFlow<T>(source: Observable<T>): Flow<T> {
  return isFlow(source) ? source : flowFrom(source, fail(bufferedMax));
}

/** Hears that a handler was left, and when it is over: it may wait for something at the moment. */
export type OnLeft = (over: PromiseLike<unknown>) => void;

/** Several answers as a flow; `undefined` for a value or a promise. */
export function flowOf<Response>(
  answers: Answers<Response>,
  onLeft: OnLeft,
): Flow<Response> | undefined {
  if (typeof answers !== 'object' || answers === null) return undefined;
  if (isObservable(answers)) return asFlow(answers);
  if (Symbol.asyncIterator in answers) return flowFrom(watched(answers, onLeft));
  // An array or a Map is iterable, too, but is a value.
  const isIterator = Symbol.iterator in answers && 'next' in answers;
  return isIterator ? flowFrom(answers) : undefined;
}

/** Whether an answer comes later. What `send` and `notify` return only looks like a promise. */
export function isPromise<Response>(
  answers: Answers<Response>,
): answers is PromiseLike<Response | undefined> {
  if (typeof answers !== 'object' || answers === null || isObservable(answers)) return false;
  return 'then' in answers && typeof answers.then === 'function';
}

/** The answers of a handler as a flow that calls it on subscription. */
export function answersOf<Response>(
  answer: () => Answers<Response>,
  onLeft: OnLeft,
): Flow<Response> {
  return new Flow((sink) => {
    const answers = answer();
    const flow = flowOf(isPromise(answers) ? onlyAnswer(answers) : answers, onLeft);
    if (flow !== undefined) return flow.consume(sink);
    return flowFrom(answers === undefined ? [] : [answers as Response]).consume(sink);
  });
}

async function* onlyAnswer<Response>(
  answer: PromiseLike<Response | undefined>,
): AsyncGenerator<Response> {
  const value = await answer;
  if (value !== undefined) yield value;
}

/** The same answers. A generator that is left goes on until it no longer waits. */
function watched<Response>(
  answers: AsyncIterable<Response>,
  onLeft: OnLeft,
): AsyncIterable<Response> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        next: () => iterator.next(),
        return: async (value?: unknown) => {
          const over = iterator.return?.(value);
          if (over !== undefined) onLeft(over);
          return (await over) ?? { done: true, value };
        },
      };
    },
  };
}
