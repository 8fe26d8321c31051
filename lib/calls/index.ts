/**
 * Calls: questions to peers and their answers, with demand, cancellation and typed errors.
 *
 *     const math = calls(router, { id: 0x20, request: json<number>(), response: json<number>() });
 *     math.serve(({ request }) => request * request);
 *     math.call(to, 4).subscribe((square) => console.log(square));
 *
 * @packageDocumentation
 */
export {
  calls,
  type Calls,
  type RequestOf,
  type ResponseOf,
  type Service,
  type ServiceBase,
  type ServiceOptions,
} from './calls.ts';
export { CallError } from './call-error.ts';
export type { CallsRouter, CallsSnapshot } from './call-board.ts';
export type {
  Answers,
  ChannelHandler,
  Handler,
  Incoming,
  IncomingCall,
  IncomingChannel,
} from './handler.ts';
export {
  type Candidate,
  type FromPeer,
  leastPending,
  lowestRoundTrip,
  type PeerPick,
  roundRobin,
} from './many.ts';
export type {
  AnyMethod,
  CallMiddleware,
  HandlerMiddleware,
  MethodOptions,
  OutgoingCall,
} from './method.ts';
export type { Headers as CallHeaders } from '../frames/headers.ts';
export type { CallAnyOptions, CallOptions, Method } from './method-calls.ts';
export type { Notifying } from './notice.ts';
export { methodsOf, type ReflectedService, type RpcImpl } from './protobuf-service.ts';
export type { PlatformAbortSignal } from '#platform/abort-controller';
