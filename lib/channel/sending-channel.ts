import type { Observable } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { OutboundEnvelope } from '../model/envelope.ts';
import type { RxmeshError } from '../model/error.ts';
import type { Channel, SendReport } from './channel.ts';

/**
 * Sends one message after the other, the next when the one before is settled: when every
 * recipient's lane has taken it or dropped it. As an object, it is the report on the message that
 * was sent last.
 */
export interface Sender<T> extends SendReport {
  /**
   * Offers a message to its recipients' lanes. True: it is settled. False: it waits for lanes, and
   * `settled` is called once, when it is.
   *
   * @throws {RxmeshError} as `Channel.send` has them
   * @throws {TypeError} the message before still waits
   */
  send(envelope: OutboundEnvelope<T>): boolean;
  /** Takes the message that waits back, if one does: `settled` is not called for it. */
  unsubscribe(): void;
}

/** Hears of each message that had to wait: what became of it, and its error if it has one. */
export type Settled = (report: SendReport, error?: RxmeshError) => void;

/** A channel as `pipeTo` sees it: it sends without making an Observable for each message. */
export interface SendingChannel<T> extends Channel<T> {
  readonly clock: Clock;
  /** Emits when the node says goodbye: sources give no more. */
  readonly leaving$: Observable<void>;
  /** @param awaitMs how long a message waits for a recipient that is away, in milliseconds */
  sender(settled: Settled, awaitMs: number): Sender<T>;
  /** What was piped to it has failed. */
  failed(error: unknown): void;
}

/**
 * What stands behind a `Channel`.
 * @throws {TypeError} `channel` is no channel that a router or a switchboard has opened
 */
export function sendingChannel<T>(operator: string, channel: Channel<T>): SendingChannel<T> {
  if (isSending(channel)) return channel;
  throw new TypeError(`${operator}: channel must be one that openChannel returned`);
}

function isSending<T>(channel: Channel<T>): channel is SendingChannel<T> {
  const given: unknown = channel;
  return typeof given === 'object' && given !== null && 'sender' in given && 'clock' in given;
}
