/**
 * The operators that rxmesh's router is composed of, each usable on its own: a node's pipelines can be
 * put together by hand from them, see `examples/gateway.ts`.
 *
 * @packageDocumentation
 */
export { accept, type AcceptOptions } from './accept.ts';
export { boundedMergeMap, type BoundedMergeMapOptions } from './bounded-merge-map.ts';
export { dedupe, type DedupeOptions } from './dedupe.ts';
export { dial, type DialOptions } from './dial.ts';
export { evict } from './evict.ts';
export { fromReadableStream } from './from-readable-stream.ts';
export { handshake, type HandshakeOptions } from './handshake.ts';
export { onBackpressure, type OnBackpressureOptions } from './on-backpressure.ts';
export { pipeTo, type PipeToOptions } from './pipe-to.ts';
export { rateLimit, type RateLimitOptions } from './rate-limit.ts';
export { route, type SessionEvent } from './route.ts';
export { toReadableStream, type ToReadableStreamOptions } from './to-readable-stream.ts';
export type { PlatformReadableStream } from '#platform/readable-stream';
