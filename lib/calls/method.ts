import type { Observable } from 'rxjs';
import type { AbortSignalLike, Codec, Flow, NodeId } from '../index.ts';
import type { Incoming } from './handler.ts';

/** A call to a peer, as middleware sees it. */
export interface OutgoingCall<Request> {
  readonly to: NodeId;
  /** The request; `undefined` if the call sends a stream of them. */
  readonly request: Request | undefined;
  /** The method's name; empty in a service with a single method. */
  readonly method: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignalLike | undefined;
  /**
   * What travels with the request. Middleware may set headers before it subscribes to the answers:
   * each subscription is a call with the headers of that moment.
   */
  readonly headers: Record<string, string>;
}

/**
 * Wraps every call that this node makes: gets its answers, which are cold, and returns what the
 * caller subscribes to.
 */
export type CallMiddleware<Request, Response> = (
  answers: Flow<Response>,
  call: OutgoingCall<Request>,
) => Observable<Response>;

/**
 * Wraps every call that this node serves: gets the handler's answers, and returns what is sent. The
 * handler runs on subscription, so middleware that does not subscribe refuses the call.
 */
export type HandlerMiddleware<Request, Response> = (
  answers: Flow<Response>,
  call: Incoming<Request>,
) => Observable<Response>;

/**
 * `T`, which is not inferred from where this stands: `NoInfer` of TypeScript 5.4, for those before.
 * Otherwise middleware for any types would make the types of a method unknown.
 */
type NotInferred<T> = [T][T extends unknown ? 0 : never];

/** A method: its codecs, and the middleware around its calls. */
export interface MethodOptions<Request, Response> {
  /** Encodes what a caller sends. */
  readonly request: Codec<Request>;
  /** Encodes what a handler answers. */
  readonly response: Codec<Response>;
  /** Middleware around calls to peers, the first one outermost. Default: none. */
  readonly aroundCalls?:
    readonly CallMiddleware<NotInferred<Request>, NotInferred<Response>>[] | undefined;
  /** Middleware around the handler, the first one outermost. Default: none. */
  readonly aroundHandler?:
    readonly HandlerMiddleware<NotInferred<Request>, NotInferred<Response>>[] | undefined;
}

/** A method with the name under which it travels. */
export interface NamedMethod<Request, Response> extends MethodOptions<Request, Response> {
  readonly name: string;
}

/** `MethodOptions` of any types, as part of a map. */
export interface AnyMethod {
  readonly request: Codec<unknown>;
  readonly response: Codec<unknown>;
  readonly aroundCalls?: readonly ((...args: never) => unknown)[] | undefined;
  readonly aroundHandler?: readonly ((...args: never) => unknown)[] | undefined;
}
