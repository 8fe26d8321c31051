import type { Clock, ErrorCode, NodeId, RxmeshError } from '../index.ts';
import type { Numbers } from '../frames/numbers.ts';
import type { Entry } from './entry.ts';
import type { Attempt } from './attempt.ts';
import type { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';
import type { Journal } from './store.ts';

/** What an outbox needs of its node. */
export interface OutboxHost {
  readonly journal: Journal;
  readonly channelId: number;
  newEpoch(): Uint8Array;
  /** The numbers of openings. */
  readonly openings: Numbers;
  storeFailed(thrown: unknown, peer: NodeId): RxmeshError;
  /** Tells this node of an error. */
  report(error: RxmeshError): void;
  /** A delivery has ended. `payload` is undefined if it may go on in another process. */
  ended(outbox: Outbox, entry: Entry, payload: Uint8Array | undefined, error?: RxmeshError): void;
}

/** How often a handler is tried, and how long it may take. */
export interface HandlerRules {
  readonly maxAttempts: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Infinity if there is no limit. */
  readonly handlerTimeoutMs: number;
}

/** What an inbox needs of its node. */
export interface InboxHost {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly rules: HandlerRules;
  readonly window: number;
  readonly windowBytes: number;
  /** Whether there is a handler. */
  readonly hasHandler: boolean;
  /** Whether another handler may run. If not, the inbox gets its turn when one has ended. */
  mayRun(inbox: Inbox): boolean;
  /** Throws what the codec throws. */
  decode(payload: Uint8Array): unknown;
  /** Calls the handler. Throws what it throws. */
  readonly call: (attempt: Attempt) => unknown;
  /** A handler has begun, or ended. */
  runs(by: 1 | -1): void;
  storeFailed(thrown: unknown, peer: NodeId): RxmeshError;
  error(code: ErrorCode, text: string, peer: NodeId, cause?: unknown): RxmeshError;
  /** Tells this node of an error. */
  report(error: RxmeshError): void;
}
