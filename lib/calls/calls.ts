/// <reference lib="esnext.disposable" preserve="true" />
import { Subscription } from 'rxjs';
import { block, type ChannelOptions, type Codec, type NodeId } from '../index.ts';
import {
  checkArguments,
  checkCount,
  checkMethod,
  checkObject,
  checkServiceOptions,
} from './check.ts';
import { type CallsRouter, type CallsSnapshot, CallBoard } from './call-board.ts';
import type { Handler } from './handler.ts';
import { roundRobin } from './many.ts';
import type { AnyMethod, MethodOptions, NamedMethod } from './method.ts';
import { type CallOptions, type Method, MethodCalls } from './method-calls.ts';
import { type RpcImpl, rpcOf } from './protobuf-service.ts';

/** The default of `maxCalls`. */
const callsMax = 1_024;
/** The default of `maxCallsInAll`. */
const callsInAllMax = 16_384;
/**
 * The default of `window`. About what a line of 100 Mbit/s and 100 ms holds of small answers. They
 * do not wait here, so it costs no memory.
 */
const windowMax = 16_384;
/** The highest value of these options. */
const optionMax: number = 2 ** 20;

/**
 * Frames are consumed as they arrive, so a peer has credit for a whole lane from the start. In a
 * short outbound lane, little of a long stream is in front of the answer to another call.
 */
const lanes = {
  inbound: block(65_536, { bytes: 32 * 1024 * 1024 }),
  outbound: block(16),
};

/** Options of a service besides its methods: those of its channel, and its bounds. */
export interface ServiceOptions extends Omit<ChannelOptions<unknown>, 'codec' | 'slowPeer'> {
  /**
   * How many calls to one peer, and how many from one peer, may run at a time. More fail with
   * `RXMESH_TOO_MANY_CALLS`. Default 1,024.
   */
  readonly maxCalls?: number;
  /** The same for all peers together. Default 16,384. */
  readonly maxCallsInAll?: number;
  /**
   * How many answers of a call may be on their way to a consumer that wants all: up to 1,024 at
   * first, and twice as many each time that many have come, up to this. Default 16,384.
   */
  readonly window?: number;
}

/** What every service has. */
export interface ServiceBase {
  /** The current counts. A copy that does not change. */
  snapshot(): CallsSnapshot;
  /**
   * Ends every call, with `RXMESH_CHANNEL_CLOSED`, and closes the channel. Handlers that run are
   * left. Closing it twice is fine.
   */
  close(): void;
  /** `close`, for `using math = calls(...)`. */
  [Symbol.dispose](): void;
}

/** A service with one method. */
export interface Calls<Request, Response> extends Method<Request, Response>, ServiceBase {}

/** The request of a method. */
export type RequestOf<M extends AnyMethod> = M['request'] extends Codec<infer T> ? T : never;

/** The response of a method. */
export type ResponseOf<M extends AnyMethod> = M['response'] extends Codec<infer T> ? T : never;

/** A service with several methods. */
export interface Service<M extends Readonly<Record<string, AnyMethod>>> extends ServiceBase {
  /** The methods: `shop.methods.order.call(peer, { item: 7 })`. */
  readonly methods: { readonly [K in keyof M]: Method<RequestOf<M[K]>, ResponseOf<M[K]>> };
  /** Serves several methods at once. Unsubscribing ends that. */
  serve(handlers: {
    readonly [K in keyof M]?: Handler<RequestOf<M[K]>, ResponseOf<M[K]>>;
  }): Subscription;
  /**
   * For `create` of a protobufjs service, generated or reflected: the functions of
   * `Adder.create(service.rpc(to))` call this peer, and resolve to the first answer. The names of
   * the methods are those of the `.proto` file.
   */
  rpc(to: NodeId, options?: CallOptions): RpcImpl;
}

/**
 * Opens a channel for calls: questions to peers and their answers, one, many or none.
 *
 *     interface Sum { readonly a: number; readonly b: number }
 *     const math = calls(router, { id: 0x20, request: json<Sum>(), response: json<number>() });
 *     math.serve(({ request: { a, b } }) => a + b);
 *
 *     math.call(to, { a: 1, b: 2 }).subscribe((sum) => console.log(sum));
 *
 * Every node can do both: serve and call. With several methods, each has its own codecs:
 *
 *     const shop = calls(router, {
 *       id: 0x21,
 *       methods: {
 *         price: { request: json<string>(), response: json<number>() },
 *         watch: { request: json<string>(), response: json<number>() },
 *       },
 *     });
 *     shop.serve({ price: () => 7, watch: () => [7, 8, 9].values() });
 *     shop.methods.price.call(to, 'tea').subscribe((price) => console.log(price));
 *
 * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`, `RXMESH_STOPPED`, from
 *   `openChannel`
 * @throws {TypeError} for an unknown option, or one of the wrong kind
 * @throws {RangeError} if a bound is not a whole number from 1 to 2^20
 */
export function calls<Request, Response>(
  router: CallsRouter,
  options: ServiceOptions & MethodOptions<Request, Response>,
): Calls<Request, Response>;
export function calls<const M extends Readonly<Record<string, AnyMethod>>>(
  router: CallsRouter,
  options: ServiceOptions & { readonly methods: M },
): Service<M>;
export function calls(
  router: CallsRouter,
  options: ServiceOptions & (AnyMethod | { readonly methods: Readonly<Record<string, AnyMethod>> }),
): ServiceBase {
  checkArguments(router, options);
  checkServiceOptions(options);
  if ('methods' in options) {
    const { methods, ...serviceOptions } = options;
    for (const [name, method] of Object.entries(methods)) checkMethod(name, method);
    return new ManyMethods(boardOf(router, serviceOptions), methods);
  }
  const { request, response, aroundCalls, aroundHandler, ...serviceOptions } = options;
  const method = { request, response, aroundCalls, aroundHandler };
  checkMethod('calls', method);
  return new OneMethod(boardOf(router, serviceOptions), named('', method));
}

function boardOf(router: CallsRouter, options: ServiceOptions): CallBoard {
  const {
    maxCalls = callsMax,
    maxCallsInAll = callsInAllMax,
    window = windowMax,
    ...channelOptions
  } = options;
  const limits = { maxCalls, maxCallsInAll, window };
  for (const [name, value] of Object.entries(limits)) checkCount(name, value, optionMax);
  return new CallBoard(router, { ...lanes, ...channelOptions }, limits);
}

/** Its middleware is for the types of its codecs, which `calls` has checked. */
function named(name: string, method: AnyMethod): NamedMethod<unknown, unknown> {
  return { ...(method as MethodOptions<unknown, unknown>), name };
}

class OneMethod<Request, Response>
  extends MethodCalls<Request, Response>
  implements Calls<Request, Response>
{
  readonly #board: CallBoard;

  constructor(board: CallBoard, method: NamedMethod<Request, Response>) {
    super(board, method, roundRobin());
    this.#board = board;
  }

  snapshot(): CallsSnapshot {
    return this.#board.snapshot();
  }

  close(): void {
    this.#board.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class ManyMethods implements ServiceBase {
  readonly methods: Readonly<Record<string, Method<unknown, unknown>>>;
  readonly #board: CallBoard;

  constructor(board: CallBoard, methods: Readonly<Record<string, AnyMethod>>) {
    this.#board = board;
    this.methods = Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [
        name,
        new MethodCalls(board, named(name, method), roundRobin()),
      ]),
    );
  }

  serve(handlers: Readonly<Record<string, Handler<unknown, unknown> | undefined>>): Subscription {
    checkObject('serve: the handlers', handlers);
    const served = new Subscription();
    try {
      for (const [name, handler] of Object.entries(handlers)) {
        const method = this.methods[name];
        if (method === undefined) throw new TypeError(`serve: there is no method ${name}`);
        if (handler !== undefined) served.add(method.serve(handler));
      }
    } catch (thrown) {
      served.unsubscribe();
      throw thrown;
    }
    return served;
  }

  rpc(to: NodeId, options?: CallOptions): RpcImpl {
    return rpcOf(this.#board, to, options);
  }

  snapshot(): CallsSnapshot {
    return this.#board.snapshot();
  }

  close(): void {
    this.#board.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
