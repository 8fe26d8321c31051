import type { NodeId } from './node-id.ts';
import { printable } from './quote.ts';

/**
 * The `code` of an `RxmeshError`. Codes are stable; messages may change. `docs/errors.md` lists the
 * cause and remedy of each.
 */
export type ErrorCode =
  // wrong use
  | 'RXMESH_OPTIONS_INVALID'
  | 'RXMESH_PLATFORM_UNSUPPORTED'
  | 'RXMESH_ALREADY_STARTED'
  | 'RXMESH_NOT_STARTED'
  | 'RXMESH_STOPPED'
  | 'RXMESH_CHANNEL_OPEN'
  | 'RXMESH_CHANNEL_CLOSED'
  | 'RXMESH_CALLBACK_FAILED'
  | 'RXMESH_FATAL'
  // values
  | 'RXMESH_NODE_ID_INVALID'
  | 'RXMESH_KEY_INVALID'
  | 'RXMESH_IDENTITY_FILE'
  | 'RXMESH_ADDRESS_INVALID'
  | 'RXMESH_ENDPOINT_INVALID'
  | 'RXMESH_NODE_INFO_INVALID'
  // the peer store
  | 'RXMESH_STORE_FAILED'
  | 'RXMESH_STORE_RECORD_INVALID'
  | 'RXMESH_STORE_RECORD_NEWER'
  // reaching a peer
  | 'RXMESH_LISTEN_FAILED'
  | 'RXMESH_RESOLVE_FAILED'
  | 'RXMESH_RESOLVE_TIMEOUT'
  | 'RXMESH_DIAL_FAILED'
  | 'RXMESH_DIAL_TIMEOUT'
  | 'RXMESH_PROTOCOL_UNKNOWN'
  // proving a peer
  | 'RXMESH_HANDSHAKE_FAILED'
  | 'RXMESH_HANDSHAKE_TIMEOUT'
  | 'RXMESH_IDENTITY_MISMATCH'
  | 'RXMESH_SELF_CONNECTION'
  | 'RXMESH_INCOMPATIBLE'
  // being accepted
  | 'RXMESH_ORIGIN_REFUSED'
  | 'RXMESH_UPGRADE_INVALID'
  | 'RXMESH_TOO_MANY_CONNECTIONS'
  | 'RXMESH_TOO_MANY_HANDSHAKES'
  | 'RXMESH_DUPLICATE_CONNECTION'
  | 'RXMESH_PEERS_FULL'
  | 'RXMESH_PEER_BANNED'
  | 'RXMESH_PEER_REFUSED'
  | 'RXMESH_NOT_ADMITTED'
  // while connected
  | 'RXMESH_CONNECTION_CLOSED'
  | 'RXMESH_CONNECTION_FAILED'
  | 'RXMESH_PEER_TIMEOUT'
  | 'RXMESH_RECORD_INVALID'
  | 'RXMESH_PROTOCOL_VIOLATION'
  | 'RXMESH_CREDIT_EXCEEDED'
  | 'RXMESH_PEER_EVICTED'
  | 'RXMESH_PEER_REPLACED'
  | 'RXMESH_SCORE_TOO_LOW'
  | 'RXMESH_DISCIPLINE_FAILED'
  | 'RXMESH_SLOW_PEER'
  // messages
  | 'RXMESH_ENCODE_FAILED'
  | 'RXMESH_DECODE_FAILED'
  | 'RXMESH_MESSAGE_TOO_LARGE'
  | 'RXMESH_OVERFLOW'
  | 'RXMESH_DEMAND_LOST'
  | 'RXMESH_UNDELIVERABLE'
  // calls
  | 'RXMESH_CALL_FAILED'
  | 'RXMESH_CALL_REFUSED'
  | 'RXMESH_CALL_TIMEOUT'
  | 'RXMESH_CALL_CANCELLED'
  | 'RXMESH_METHOD_UNKNOWN'
  | 'RXMESH_TOO_MANY_CALLS'
  | 'RXMESH_PEER_DOWN'
  // deliveries
  | 'RXMESH_DELIVERY_FAILED'
  | 'RXMESH_DELIVERY_REFUSED'
  | 'RXMESH_DELIVERY_TIMEOUT'
  | 'RXMESH_OUTBOX_FULL';

/** Details of an error besides its code and message. */
export interface ErrorContext {
  /** The underlying error, if any. */
  readonly cause?: unknown;
  /** Node ID of the peer involved, if known. */
  readonly peer?: NodeId;
  /** ID of the channel involved, if any. */
  readonly channel?: number;
}

/** Any error raised by rxmesh. Test its `code`, which is stable, rather than its message. */
export class RxmeshError extends Error {
  override readonly name = 'RxmeshError';
  readonly code: ErrorCode;
  // Declared only: a field would be there even without a value, and Node would print it.
  declare readonly peer?: NodeId;
  declare readonly channel?: number;

  /**
   * Also true for errors from another copy of rxmesh or from another realm, recognized by name and
   * code.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // For a subclass, only its own instances count.
    if (this !== RxmeshError || typeof value !== 'object' || value === null) return false;
    const { name, code } = value as Partial<Record<keyof RxmeshError, unknown>>;
    return name === 'RxmeshError' && typeof code === 'string' && code.startsWith('RXMESH_');
  }

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    if (context.peer !== undefined) this.peer = context.peer;
    if (context.channel !== undefined) this.channel = context.channel;
    writeStack(this);
    writeStack(context.cause);
  }
}

/**
 * Reads the stack of an error. V8 writes it when it is first read; until then the error keeps alive
 * the objects whose methods are on the stack. Events, logs and reports are kept for long, and would
 * keep links and sessions that have ended.
 */
function writeStack(error: unknown): void {
  try {
    if (error instanceof Error) Reflect.get(error, 'stack');
  } catch {
    // The cause is the application's, and so is a getter that throws.
  }
}

/** The peer and channel to add to an error that lacks them. */
export type ErrorPlace = Omit<ErrorContext, 'cause'>;

/**
 * Adds a peer and a channel to an error, in a copy with the same code, message and cause. A peer or
 * channel that it already has stays. With nothing to add, the error itself is returned.
 */
export function withContext(error: RxmeshError, context: ErrorPlace): RxmeshError {
  const { peer = context.peer, channel = context.channel } = error;
  if (peer === error.peer && channel === error.channel) return error;
  return new RxmeshError(error.code, error.message, {
    cause: error.cause,
    ...(peer !== undefined && { peer }),
    ...(channel !== undefined && { channel }),
  });
}

/**
 * Converts anything thrown to an `RxmeshError` about the peer and channel in `context`. An
 * `RxmeshError` keeps its code and message (see `withContext`); anything else becomes the cause of
 * a new error with this code and message.
 */
export function toRxmeshError(
  thrown: unknown,
  code: ErrorCode,
  message: string,
  context: ErrorPlace = {},
): RxmeshError {
  if (thrown instanceof RxmeshError) return withContext(thrown, context);
  return errorOf(thrown, code, message, context);
}

/**
 * Wraps anything thrown in an `RxmeshError` with this code. Unlike `toRxmeshError`, it wraps an
 * `RxmeshError` too.
 */
export function errorOf(
  thrown: unknown,
  code: ErrorCode,
  message: string,
  context: ErrorPlace = {},
): RxmeshError {
  const text = `${message}: ${printable(detailOf(thrown))}`;
  return new RxmeshError(code, text, { ...context, cause: thrown });
}

/** The message of anything thrown. `instanceof Error` would miss errors from another realm. */
export function detailOf(thrown: unknown): string {
  try {
    if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
      if (typeof thrown.message === 'string') return thrown.message;
    }
    return String(thrown);
  } catch {
    return 'something that has no text';
  }
}
