import { block, type LaneOptions } from '../../lib/flow/strategy.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { fair, type Discipline } from '../../lib/session/discipline.ts';
import type { OpenWindow } from '../../lib/session/in-flight.ts';
import { Outbox } from '../../lib/session/outbox.ts';
import { Pump } from '../../lib/session/pump.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { FakeLink, type FakeLinkOptions } from './fake-link.ts';

/** Puts no limit on what is in flight, with records as large as a link accepts. */
const wideWindow: OpenWindow = {
  recordBytes: Infinity,
  roundTripMs: 0,
  open: true,
  pingDue: false,
  wrote: () => undefined,
  starved: () => undefined,
  pinged: () => undefined,
  ponged: () => undefined,
};

/** A pump on a fake link, under virtual time. Its failures are recorded. */
export function pumpOn(options?: FakeLinkOptions, discipline: () => Discipline = fair) {
  const clock = new VirtualClock();
  const link = new FakeLink(options);
  const failures: RxmeshError[] = [];
  const pump = new Pump({
    link,
    clock,
    discipline,
    onHeldBack: () => undefined,
    onFailure: (error) => failures.push(error),
    inFlight: wideWindow,
  });
  link.attach({
    data: () => undefined,
    credit: () => undefined,
    messageLimit: () => undefined,
    channelClosed: () => undefined,
    accepted: () => undefined,
    ping: () => undefined,
    pong: () => pump.ponged(),
    drained: () => pump.run(),
    recordEnd: () => undefined,
    ended: () => pump.stop(),
  });
  link.accept();
  link.flush();
  link.take();
  /** With credit for 1,024 messages of any size. */
  const outbox = (channel: number, priority = 1, lane: LaneOptions = block(1024)): Outbox => {
    const made = new Outbox(channel, lane, pump.counter);
    made.priority = priority;
    made.credit = 1024;
    made.creditBytes = 2 ** 30;
    return made;
  };
  const offer = (to: Outbox, ...messages: Uint8Array[]): void => {
    for (const message of messages) to.offer(message);
    pump.wake(to);
  };
  return { clock, link, pump, failures, outbox, offer };
}

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const sized = (length: number): Uint8Array => new Uint8Array(length);

/**
 * Channel and payload length of each data packet, by record: `7:100`, `7:28!` (the last). Omits
 * pings.
 */
export function shape(link: FakeLink): string[][] {
  return link.records.map((record) =>
    record
      .filter(({ type }) => type !== 'ping')
      .map((packet) =>
        packet.type === 'data'
          ? `${packet.channel}:${packet.bytes.length}${packet.last ? '!' : ''}`
          : packet.type,
      ),
  );
}
