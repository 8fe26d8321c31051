import type { Headers } from '../frames/headers.ts';

/** The version of the protocol in `call`, `notify` and `channel` frames. */
export const wireVersion = 1;

/** What a frame says. `docs/wire.md` specifies the numbers. */
export const kinds = {
  /** caller: a request, which asks for answers */
  call: 1,
  /** caller: a request that gets no answer */
  notify: 2,
  /** caller: a call whose requests follow, in `request` frames */
  channel: 3,
  /** caller: the other side may send this many more answers */
  credit: 4,
  /** caller: no more answers are wanted */
  cancel: 5,
  /** caller: requests of a `channel` call */
  request: 6,
  /** caller: there are no more requests */
  requestsEnd: 7,
  /** handler: answers */
  answer: 8,
  /** handler: there are no more answers */
  end: 9,
  /** handler: the call has failed */
  error: 10,
  /** handler: the caller may send this many more requests */
  requestCredit: 11,
} as const;

/** The most values that one frame may carry. */
export const valuesLimit = 256;

/** The value of a frame that carries none. */
const nothing = new Uint8Array(0);

/** One message of the calls protocol. A field that its kind does not use keeps its default. */
export class Frame {
  /** One of `kinds`, or a number of a later version. */
  kind: number;
  /** The number of the call, chosen by the caller. */
  call: number;
  /** How many more values the receiver of this frame may send. */
  credit = 0;
  /** An encoded request or answer. */
  payload: Uint8Array = nothing;
  /** In `answer` and `request`: the values that follow it. */
  more: Uint8Array[] | undefined;
  /** Whether no further value follows those of this frame. */
  isLast = false;
  /** The name of the method; empty for a service with a single one. */
  method = '';
  /** How much time the call has left, in milliseconds; 0: no limit. */
  timeoutMs = 0;
  /** Why the call has failed: see `statuses`. */
  status = 0;
  /** The handler's own code for its error. */
  reason = '';
  /** The handler's text for its error. */
  text = '';
  /** The version of the protocol. */
  version = 0;
  /** What travels with a request besides it. */
  headers: Headers | undefined;

  constructor(kind: number, call: number) {
    this.kind = kind;
    this.call = call;
  }
}
