import { type ErrorCode, type ErrorContext, RxmeshError } from '../index.ts';
import { shortened } from '../frames/shown-error.ts';
import { Frame, kinds } from './frame.ts';

/**
 * An error that a handler shows to its caller. It arrives there as a `CallError`, too, with the
 * code `RXMESH_CALL_FAILED`:
 *
 *     const inverse = calls(router, { id: 7, request: json<number>(), response: json<number>() });
 *     inverse.serve(({ request: n }) => {
 *       if (n === 0) throw new CallError('division-by-zero', '0 has no inverse');
 *       return 1 / n;
 *     });
 *
 * Of any other error that a handler throws, the caller learns only that the handler has failed: its
 * `reason` is then `''`.
 */
export class CallError extends RxmeshError {
  /** A code of the handler's own, for programs to test. */
  readonly reason: string;

  /**
   * @param reason a code of your own, of up to 64 characters
   * @param text a sentence for people, of up to 1,024 characters in one line
   */
  constructor(reason: string, text: string, context: ErrorContext = {}) {
    super('RXMESH_CALL_FAILED', text, context);
    this.reason = reason;
  }
}

/** What `Frame.status` says, by the number on the wire. */
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [1, 'RXMESH_CALL_FAILED'],
  [2, 'RXMESH_METHOD_UNKNOWN'],
  [3, 'RXMESH_CALL_REFUSED'],
  [4, 'RXMESH_TOO_MANY_CALLS'],
  [5, 'RXMESH_CALL_TIMEOUT'],
]);

/** The statuses, by name. */
export const statuses = { failed: 1, unknown: 2, refused: 3, tooMany: 4, timeout: 5 } as const;

/** A status that a frame can carry. */
export type Status = (typeof statuses)[keyof typeof statuses];

/** Creates an `error` frame. */
export function errorFrame(call: number, status: Status, text: string, reason = ''): Frame {
  const frame = new Frame(kinds.error, call);
  frame.status = status;
  return Object.assign(frame, shortened({ reason, text }));
}

/** The error that an `error` frame carries. Its texts come from the peer. */
export function errorOfFrame(frame: Frame, context: ErrorContext): RxmeshError {
  const { reason, text } = shortened(frame);
  // A status of a later version still says that the call has failed.
  const code = codes.get(frame.status) ?? 'RXMESH_CALL_FAILED';
  if (code !== 'RXMESH_CALL_FAILED') return new RxmeshError(code, text, context);
  return new CallError(reason, text, context);
}
