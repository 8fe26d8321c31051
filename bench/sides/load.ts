import { setImmediate, setTimeout } from 'node:timers/promises';
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

/** What else is sent, and for how long. */
export interface Load {
  /** Messages on channel 0, besides the pings. */
  readonly perSecond: number;
  readonly durationMs: number;
  /** What is sent in this time, at first, is not counted: a process that was idle begins slowly. */
  readonly settleMs: number;
  /**
   * Between an answer and the next ping, evenly spread, so that pings do not keep step with the
   * load.
   */
  readonly pauseUs: readonly [min: number, max: number];
}

/** The timers of Node are not finer: a timer is up to this late. */
const timerUs = 1200;

/**
 * Sends `perSecond` messages on channel 0, every millisecond as many as are due, and meanwhile lone
 * pings, one after the other. Between them the process sleeps, as a user's does: one that looks at
 * the clock all the time takes the processor that the other side needs.
 */
export async function pingUnderLoad(peer: Dialed, first: number, load: Load): Promise<Pinged> {
  const startedUs = nowUs();
  const endUs = startedUs + (load.settleMs + load.durationMs) * 1000;
  const [count, roundTripsUs] = await Promise.all([
    sendLoad(peer, first, load, startedUs, endUs),
    pings(peer, load, endUs),
  ]);
  return { roundTripsUs, count, seconds: (nowUs() - startedUs) / 1e6 };
}

/** Returns how many messages were sent, those of the beginning included. */
async function sendLoad(
  peer: Dialed,
  first: number,
  { perSecond }: Load,
  startedUs: number,
  endUs: number,
): Promise<number> {
  if (perSecond === 0) return 0;
  let sent = 0;
  for (let now = startedUs; now < endUs; now = nowUs()) {
    const due = Math.floor(((now - startedUs) / 1e6) * perSecond) - sent;
    if (due > 0) await peer.send(0, first + sent, due);
    sent += Math.max(0, due);
    await setTimeout(1);
  }
  return sent;
}

/** Returns the round trips that count, in microseconds. */
async function pings(
  peer: Dialed,
  { durationMs, pauseUs: [pauseMinUs, pauseMaxUs] }: Load,
  endUs: number,
): Promise<readonly number[]> {
  const roundTripsUs: number[] = [];
  for (let now = nowUs(); now < endUs;) {
    const dueUs = now + pauseMinUs + Math.random() * (pauseMaxUs - pauseMinUs);
    await until(dueUs);
    await peer.ping();
    now = nowUs();
    if (dueUs > endUs - durationMs * 1000) roundTripsUs.push(now - dueUs);
  }
  return roundTripsUs;
}

/**
 * Sleeps as long as timers are fine enough, and looks at the clock in each turn of the event loop
 * for the rest.
 */
async function until(dueUs: number): Promise<void> {
  for (let leftUs = dueUs - nowUs(); leftUs > 0; leftUs = dueUs - nowUs()) {
    await (leftUs > timerUs + 1000 ? setTimeout((leftUs - timerUs) / 1000) : setImmediate());
  }
}
