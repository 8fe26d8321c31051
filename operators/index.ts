/**
 * The operators that make up rxmesh's router. Each works on its own, so you can assemble a node's
 * pipelines by hand: see `examples/gateway.ts`. Others connect channels with each other:
 *
 *     chat.in$.pipe(rateLimit({ perSecond: 100 }), relay(), pipeTo(channel)).subscribe();
 *
 * @packageDocumentation
 */
export { accept, type AcceptOptions } from './accept.ts';
export { accessList, type AccessList, type AccessRules } from './access-list.ts';
export { admit, type Admission, type AdmitOptions, type Verdict } from './admit.ts';
export { batch, type BatchOptions } from './batch.ts';
export { boundedMergeMap, type BoundedMergeMapOptions } from './bounded-merge-map.ts';
export { broadcast, type BroadcastOptions } from './broadcast.ts';
export { decode, type DecodeOptions } from './decode.ts';
export { dedupe, type DedupeOptions } from './dedupe.ts';
export { dial, type DialOptions } from './dial.ts';
export { encode, type EncodeOptions } from './encode.ts';
export { evict } from './evict.ts';
export { fromReadableStream } from './from-readable-stream.ts';
export { handshake, type HandshakeOptions } from './handshake.ts';
export { ofKind } from './of-kind.ts';
export { onBackpressure, type OnBackpressureOptions } from './on-backpressure.ts';
export { pipeTo, type PipeToOptions } from './pipe-to.ts';
export { rateLimit, type RateLimitOptions } from './rate-limit.ts';
export { relay } from './relay.ts';
export { reply } from './reply.ts';
export { route, type SessionEvent } from './route.ts';
export { sendTo } from './send-to.ts';
export { shareFlow, type ShareFlowOptions } from './share-flow.ts';
export { toReadableStream, type ToReadableStreamOptions } from './to-readable-stream.ts';
export type { PlatformReadableStream } from '#platform/readable-stream';
export { unwrap, type UnwrapOptions } from './unwrap.ts';
export { wrap, type WrapOptions } from './wrap.ts';
