import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Dialed } from '../contestants/contestant.ts';
import { nowUs } from './now.ts';

/** Results of pings that shared a connection with other messages. */
export interface Pinged {
  /** Round-trip times, each measured from when the message was due. */
  readonly roundTripsUs: readonly number[];
  /** Other messages sent in the meantime. */
  readonly count: number;
  readonly seconds: number;
}

/** The background load of a measurement. */
export interface Load {
  /** Messages on channel 0, in addition to the pings. */
  readonly perSecond: number;
  readonly durationMs: number;
  /** Initial time that does not count, because an idle process starts slowly. */
  readonly settleMs: number;
  /**
   * Pause between an answer and the next ping, evenly distributed so that pings do not synchronize
   * with the load.
   */
  readonly pauseUs: readonly [min: number, max: number];
}

/** How late a timer of Node may be. */
const timerUs = 1200;

/**
 * Sends `perSecond` messages on channel 0, in batches every millisecond, and lone pings at the same
 * time, one after the other. The process sleeps between pings, as an application would: polling the
 * clock would take processor time from the other side.
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

/** Returns how many messages were sent, including those that do not count. */
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

/** Sleeps while timers are precise enough, then polls the clock in each turn of the event loop. */
async function until(dueUs: number): Promise<void> {
  for (let leftUs = dueUs - nowUs(); leftUs > 0; leftUs = dueUs - nowUs()) {
    await (leftUs > timerUs + 1000 ? setTimeout((leftUs - timerUs) / 1000) : setImmediate());
  }
}
