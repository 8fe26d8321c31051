import type { Observable } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { OutboundEnvelope } from '../model/envelope.ts';
import type { RxmeshError } from '../model/error.ts';
import type { Channel, SendReport } from './channel.ts';

/**
 * Sends one message after another: the next one once every recipient's lane has taken or dropped
 * the previous one. The sender itself is the report on all of them.
 */
export interface Sender<T> extends SendReport {
  /**
   * Offers a message to its recipients' lanes. Returns true if it is settled. If it returns false,
   * the message is waiting for lanes, and `settled` is called once when it no longer is.
   *
   * @throws {RxmeshError} like `Channel.send`
   * @throws {TypeError} if the previous message is still waiting
   */
  send(envelope: OutboundEnvelope<T>): boolean;
  /** Withdraws the waiting message, if there is one; `settled` is not called for it. */
  unsubscribe(): void;
}

/**
 * Called when a message that had to wait no longer does: with the report on all messages so far,
 * and with this message's error if there is one.
 */
export type Settled = (report: SendReport, error?: RxmeshError) => void;

/** A channel as seen by `pipeTo`: it sends without creating an Observable for each message. */
export interface SendingChannel<T> extends Channel<T> {
  readonly clock: Clock;
  /** Emits when the node says goodbye: sources should stop. */
  readonly leaving$: Observable<void>;
  /**
   * @param awaitMs how long a message may wait for an absent recipient, in milliseconds
   * @param dropsTooLarge whether a message that is too long for its recipient alone is only
   *   dropped, and not an error
   */
  sender(settled: Settled, awaitMs: number, dropsTooLarge?: boolean): Sender<T>;
  /** Envelopes were dropped before they were offered to any lane. */
  lost(count: number, reason: 'lane-full' | 'node-stopped'): void;
  /** A stream that was piped to the channel has failed. */
  failed(error: unknown): void;
}

/**
 * The `SendingChannel` behind a `Channel`.
 * @throws {TypeError} if `channel` was not opened by a router or a switchboard
 */
export function sendingChannel<T>(operator: string, channel: Channel<T>): SendingChannel<T> {
  if (isSending(channel)) return channel;
  throw new TypeError(`${operator}: channel must be one that openChannel returned`);
}

function isSending<T>(channel: Channel<T>): channel is SendingChannel<T> {
  const given: unknown = channel;
  return typeof given === 'object' && given !== null && 'sender' in given && 'clock' in given;
}
