import { setImmediate as turn } from 'node:timers/promises';
import type { Dialed } from '../contestants/contestant.ts';
import { nowUs } from './now.ts';

/** What a lone message met that shared its connection with others. */
export interface Pinged {
  /** Round trips, each from when the message was due. */
  readonly roundTripsUs: readonly number[];
  /** Other messages that were sent meanwhile. */
  readonly count: number;
  readonly seconds: number;
}

/** Messages of the load are sent this often, as many as are due. */
const tickUs = 200;

/** What else is sent, and for how long. */
export interface Load {
  /** Messages on channel 0, besides the pings. */
  readonly perSecond: number;
  readonly durationMs: number;
  /** Between an answer and the next ping, evenly spread, so that pings do not keep step with the load. */
  readonly pauseUs: readonly [min: number, max: number];
}

/**
 * Sends `perSecond` messages on channel 0, and meanwhile lone pings, one after the other. It looks at the
 * clock in each turn of the event loop, since timers are coarse beside what is measured.
 */
export async function pingUnderLoad(
  peer: Dialed,
  first: number,
  { perSecond, durationMs, pauseUs: [pauseMinUs, pauseMaxUs] }: Load,
): Promise<Pinged> {
  const startedUs = nowUs();
  const endUs = startedUs + durationMs * 1000;
  const roundTripsUs: number[] = [];
  let [sent, isSending, failure] = [0, false, undefined as unknown];
  let [isPinging, pingDueUs] = [false, startedUs];
  const fail = (error: unknown): void => {
    failure ??= error;
  };
  let nextTickUs = startedUs;

  const send = (count: number): void => {
    isSending = true;
    const from = first + sent;
    sent += count;
    peer
      .send(0, from, count)
      .then(() => (isSending = false))
      .catch(fail);
  };
  const ping = (): void => {
    isPinging = true;
    peer
      .ping()
      .then(() => {
        const now = nowUs();
        roundTripsUs.push(now - pingDueUs);
        pingDueUs = now + pauseMinUs + Math.random() * (pauseMaxUs - pauseMinUs);
        isPinging = false;
      })
      .catch(fail);
  };

  for (let now = startedUs; now < endUs || isSending || isPinging; now = nowUs()) {
    if (failure !== undefined) throw failure as Error;
    if (now < endUs && !isSending && now >= nextTickUs) {
      const due = Math.floor(((now - startedUs) / 1e6) * perSecond) - sent;
      if (due > 0) send(due);
      nextTickUs = now + tickUs;
    }
    if (now < endUs && !isPinging && now >= pingDueUs) ping();
    await turn();
  }
  return { roundTripsUs, count: sent, seconds: (nowUs() - startedUs) / 1e6 };
}
