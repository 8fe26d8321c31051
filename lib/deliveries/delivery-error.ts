import { type ErrorCode, type ErrorContext, RxmeshError } from '../index.ts';
import { shortened } from '../frames/shown-error.ts';
import type { Entry } from './entry.ts';
import { Frame, kinds } from './frame.ts';

/**
 * A handler throws it to give up on a message at once. The sender's `deliver` fails with the same
 * error:
 *
 *     const numbers = deliveries(router, { id: 8, codec: json<number>() });
 *     numbers.handle(({ message }) => {
 *       if (message < 0) throw new DeliveryError('negative', 'only numbers from 0');
 *     });
 *
 * Any other error makes the handler run again. When it has failed `maxAttempts` times, the sender
 * learns only that: its `reason` is then `''`.
 */
export class DeliveryError extends RxmeshError {
  /** A code of the handler's own, for programs to test. */
  readonly reason: string;

  /**
   * @param reason a code of your own, of up to 64 characters
   * @param text a sentence for people, of up to 1,024 characters in one line
   */
  constructor(reason: string, text: string, context: ErrorContext = {}) {
    super('RXMESH_DELIVERY_FAILED', text, context);
    this.reason = reason;
  }
}

/** What `Frame.status` says. */
export const statuses = { failed: 1, unreadable: 2, version: 3 } as const;

/** A status that a frame can carry. */
export type Status = (typeof statuses)[keyof typeof statuses];

/** Creates a `failed` frame. */
export function failedFrame(seq: number, status: Status, text: string, reason = ''): Frame {
  const frame = new Frame(kinds.failed, seq);
  frame.status = status;
  return Object.assign(frame, shortened({ reason, text }));
}

/** The error that a `failed` or `refused` frame carries. Its texts come from the peer. */
export function errorOfFrame(frame: Frame, context: ErrorContext): RxmeshError {
  const { reason, text } = shortened(frame);
  if (frame.status === statuses.unreadable || frame.status === statuses.version) {
    return new RxmeshError('RXMESH_DELIVERY_REFUSED', text, context);
  }
  // A status of a later version still says that the delivery has failed.
  return new DeliveryError(reason, text, context);
}

/** An error whose text ends with that of its cause, if it has one. */
export function errorBecauseOf(
  cause: unknown,
  code: ErrorCode,
  text: string,
  context: ErrorContext,
): RxmeshError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new RxmeshError(code, text + detail, { ...context, cause });
}

/** The service is closed; with a store, that says what becomes of a message. */
export function closedError(channel: number, entry?: Entry): RxmeshError {
  let text = 'the service is closed';
  if (entry?.isStored === true) text += ': the message stays in the store';
  else if (entry !== undefined && entry.seq > 0) text += ': the message may stay in the store';
  return new RxmeshError('RXMESH_CHANNEL_CLOSED', text, { channel });
}

/** The store has thrown this. */
export function storeError(thrown: unknown, context: ErrorContext): RxmeshError {
  const reason = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  const detail = reason instanceof Error ? `: ${reason.message}` : '';
  const text = `the store of deliveries has failed${detail}`;
  return new RxmeshError('RXMESH_STORE_FAILED', text, { ...context, cause: thrown });
}
