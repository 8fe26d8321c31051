import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from '@jest/globals';
import { type Clock, clockFrom } from '../../../lib/flow/clock.ts';
import { uncheckedNodeId } from '../../../lib/model/node-id.ts';
import { Courier } from '../../../transports/memory/courier.ts';
import { Gate } from '../../../transports/memory/gate.ts';
import { type MemorySocket, memorySockets } from '../../../transports/memory/memory-socket.ts';
import { Log } from '../websocket/support.ts';
import { trackLeaks } from '../../support/leaks.ts';

function world(
  latencyMs: (from: string, to: string) => number = () => 0,
  bytesPerSecond: (from: string, to: string) => number = () => Infinity,
) {
  const scheduler = new VirtualTimeScheduler();
  const clock: Clock = clockFrom(scheduler);
  const courier = new Courier(clock);
  const gates = {
    dialerGate: new Gate(clock, () => undefined),
    listenerGate: new Gate(clock, () => undefined),
  };
  const power = { isOn: true };
  const connect = (dialer = 'a', listener = 'b') =>
    memorySockets({
      clock,
      courier,
      dialer: uncheckedNodeId(dialer),
      listener: uncheckedNodeId(listener),
      latencyMs,
      bytesPerSecond,
      reaches: () => power.isOn,
      ...gates,
    });
  return { scheduler, clock, connect, power, ...gates };
}

const bytes = (n: number): Uint8Array => new Uint8Array([n]);
const firsts = (log: Log<Uint8Array>): (number | undefined)[] => log.values.map(([first]) => first);

describe('a socket in memory', () => {
  it('delivers at once, in order, without a copy', () => {
    const { outbound, inbound } = world().connect();
    const frames = new Log(inbound.frames$);
    const frame = bytes(1);
    outbound.send(frame);
    outbound.send(bytes(2));
    expect(frames.values[0]).toBe(frame);
    expect(firsts(frames)).toEqual([1, 2]);
  });

  it('lets two sides answer each other 200,000 times on a flat stack', () => {
    const { scheduler, connect } = world();
    const { outbound, inbound } = connect();
    let left = 200_000;
    const answer = (socket: MemorySocket) =>
      socket.frames$.subscribe((frame) => {
        left -= 1;
        if (left > 0) socket.send(frame);
      });
    answer(outbound);
    answer(inbound);
    outbound.send(bytes(0));
    // The courier gave others a turn meanwhile.
    expect(left).toBe(200_000 - 4_096);
    scheduler.maxFrames = Infinity;
    scheduler.flush();
    expect(left).toBe(0);
  });

  it('passes a frame along a thousand nodes on a flat stack', () => {
    const { connect } = world();
    let depth = 0;
    let deepest = 0;
    let reached = 0;
    const hops = Array.from({ length: 1_000 }, (_, i) => connect(`${i}`, `${i + 1}`));
    for (const [i, { inbound }] of hops.entries()) {
      inbound.frames$.subscribe((frame) => {
        depth += 1;
        reached += 1;
        deepest = Math.max(deepest, depth);
        hops[i + 1]?.outbound.send(frame);
        depth -= 1;
      });
    }
    hops[0]?.outbound.send(bytes(1));
    expect([reached, deepest]).toEqual([1_000, 1]);
  });

  it.each([0, 5])(
    'holds what is on its way, %i ms one way, and lets it go in order',
    (latencyMs) => {
      const { scheduler, connect } = world(() => latencyMs);
      const { outbound, inbound } = connect();
      const frames = new Log(inbound.frames$);
      outbound.send(bytes(1));
      inbound.hold(true);
      inbound.hold(true);
      for (const n of [2, 3, 4, 5]) outbound.send(bytes(n));
      outbound.close();
      scheduler.flush();
      expect(firsts(frames)).toEqual(latencyMs === 0 ? [1] : []);
      inbound.hold(false);
      inbound.hold(false);
      scheduler.flush();
      expect(firsts(frames)).toEqual([1, 2, 3, 4, 5]);
      expect(frames.end).toBe('complete');
    },
  );

  it('is not writable when four frames are held', () => {
    const { outbound, inbound } = world().connect();
    inbound.frames$.subscribe();
    inbound.hold(true);
    for (const n of [1, 2, 3, 4]) {
      expect(outbound.writable).toBe(true);
      outbound.send(bytes(n));
    }
    expect(outbound.writable).toBe(false);
  });

  it('is writable while less than four frames are unread, and tells when it is again', () => {
    const { outbound, inbound } = world().connect();
    const frames = new Log(inbound.frames$);
    const drained = new Log(outbound.drained$);
    inbound.pause(true);
    for (let i = 0; i < 4; i += 1) {
      expect(outbound.writable).toBe(true);
      outbound.send(bytes(i));
    }
    expect([outbound.writable, drained.values.length, frames.values]).toEqual([false, 0, []]);
    inbound.pause(false);
    expect([outbound.writable, drained.values.length]).toEqual([true, 1]);
    expect(firsts(frames)).toEqual([0, 1, 2, 3]);
  });

  it('takes 64 frames that are on their way', () => {
    const { scheduler, connect } = world(() => 10);
    const { outbound, inbound } = connect();
    new Log(inbound.frames$);
    const drained = new Log(outbound.drained$);
    for (let i = 0; i < 63; i += 1) outbound.send(bytes(i));
    expect(outbound.writable).toBe(true);
    outbound.send(bytes(63));
    expect(outbound.writable).toBe(false);
    scheduler.flush();
    expect([outbound.writable, drained.values.length, scheduler.now()]).toEqual([true, 1, 10]);
  });

  it('is full when four of the frames that were on their way wait for a reader', () => {
    const { scheduler, connect } = world(() => 10);
    const { outbound, inbound } = connect();
    inbound.pause(true);
    const read = new Log(inbound.frames$);
    const drained = new Log(outbound.drained$);
    for (let i = 0; i < 6; i += 1) outbound.send(bytes(i));
    expect(outbound.writable).toBe(true);
    scheduler.flush();
    expect([outbound.writable, drained.values.length]).toEqual([false, 0]);
    inbound.pause(false);
    scheduler.flush();
    expect([outbound.writable, drained.values.length, read.values.length]).toEqual([true, 1, 6]);
  });

  it('keeps the order when a later frame is faster', () => {
    const delays = [30, 10, 50];
    const { scheduler, clock, connect } = world(() => delays.shift() ?? 0);
    const { outbound, inbound } = connect();
    const arrivals: [number | undefined, number][] = [];
    inbound.frames$.subscribe(([first]) => arrivals.push([first, clock.now()]));
    for (const n of [1, 2, 3, 4]) outbound.send(bytes(n));
    scheduler.flush();
    expect(arrivals).toEqual([
      [1, 30],
      [2, 30],
      [3, 50],
      [4, 50],
    ]);
  });

  it('keeps sixteen frames for a late subscriber; one more fails both sides', () => {
    const { connect } = world();
    const patient = connect();
    for (let i = 0; i < 16; i += 1) patient.outbound.send(bytes(i));
    expect(new Log(patient.inbound.frames$).values.length).toBe(16);
    const flooded = connect();
    const own = new Log(flooded.outbound.frames$);
    for (let i = 0; i < 17; i += 1) flooded.outbound.send(bytes(i));
    const other = new Log(flooded.inbound.frames$);
    expect([own.end, other.end]).toEqual(['RXMESH_CONNECTION_FAILED', 'RXMESH_CONNECTION_FAILED']);
  });

  it.each([0, 10])('closes after what was sent, with a latency of %i', (latencyMs) => {
    const { scheduler, connect } = world(() => latencyMs);
    const { outbound, inbound } = connect();
    outbound.send(bytes(1));
    outbound.close();
    outbound.close();
    outbound.send(bytes(2));
    scheduler.flush();
    const [own, other] = [new Log(outbound.frames$), new Log(inbound.frames$)];
    expect([own.end, other.end, firsts(other)]).toEqual(['complete', 'complete', [1]]);
    expect([inbound.writable, new Log(inbound.drained$).end]).toEqual([false, 'complete']);
    inbound.send(bytes(3));
    expect(own.values).toEqual([]);
  });

  it.each([0, 10])('drops what waits when it is destroyed, with a latency of %i', (latencyMs) => {
    const { scheduler, connect } = world(() => latencyMs);
    const { outbound, inbound } = connect();
    const other = new Log(inbound.frames$);
    inbound.pause(true);
    outbound.send(bytes(1));
    outbound.close();
    outbound.destroy();
    outbound.destroy();
    inbound.pause(false);
    scheduler.flush();
    expect([other.end, other.values]).toEqual(['RXMESH_CONNECTION_FAILED', []]);
    expect(scheduler.actions).toEqual([]);
  });

  it('holds nobody up when its reader has left', () => {
    const { outbound, inbound } = world().connect();
    const frames = new Log(inbound.frames$);
    frames.subscription.unsubscribe();
    for (let i = 0; i < 100; i += 1) outbound.send(bytes(i));
    expect(outbound.writable).toBe(true);
    expect(new Log(inbound.frames$).end).toMatch(/^TypeError/);
  });

  it('carries frames one after the other, at the bandwidth of its direction', () => {
    const rate = (from: string): number => (from === 'a' ? 1_000 : 100_000);
    const { scheduler, connect } = world(() => 7, rate);
    const { outbound, inbound } = connect();
    const arrivals: string[] = [];
    inbound.frames$.subscribe(({ length }) => arrivals.push(`in ${length} at ${scheduler.now()}`));
    outbound.frames$.subscribe(({ length }) =>
      arrivals.push(`out ${length} at ${scheduler.now()}`),
    );
    outbound.send(new Uint8Array(100));
    outbound.send(new Uint8Array(50));
    inbound.send(new Uint8Array(1_000));
    scheduler.flush();
    expect(arrivals).toEqual(['out 1000 at 17', 'in 100 at 107', 'in 50 at 157']);
    // The line was free in between.
    outbound.send(new Uint8Array(20));
    scheduler.flush();
    expect(arrivals.at(-1)).toBe('in 20 at 184');
  });

  it('is writable again when the line has carried a frame, before it arrives', () => {
    const { scheduler, connect } = world(
      () => 500,
      () => 1_000,
    );
    const { outbound, inbound } = connect();
    new Log(inbound.frames$);
    const drainedAt: number[] = [];
    outbound.drained$.subscribe(() => {
      drainedAt.push(scheduler.now());
      if (drainedAt.length < 3) outbound.send(new Uint8Array(100));
    });
    for (let i = 0; i < 4; i += 1) outbound.send(new Uint8Array(100));
    expect(outbound.writable).toBe(false);
    scheduler.flush();
    expect(drainedAt).toEqual([100, 200, 300]);
  });

  it('is writable again after a silence that began with frames on their way', () => {
    const { scheduler, connect } = world(() => 10);
    const { outbound, inbound } = connect();
    new Log(inbound.frames$);
    const drained = new Log(outbound.drained$);
    for (let i = 0; i < 6; i += 1) outbound.send(bytes(i));
    inbound.hold(true);
    expect(outbound.writable).toBe(false);
    inbound.hold(false);
    scheduler.flush();
    expect([outbound.writable, drained.values.length]).toEqual([true, 1]);
  });

  it('lets a frozen node read nothing, and then everything in order', () => {
    const { connect, listenerGate } = world();
    const { outbound, inbound } = connect();
    const frames = new Log(inbound.frames$);
    listenerGate.freeze();
    for (const n of [1, 2, 3, 4]) outbound.send(bytes(n));
    outbound.close();
    expect([firsts(frames), outbound.writable, frames.end]).toEqual([[], false, 'open']);
    listenerGate.thaw();
    inbound.resume();
    expect([firsts(frames), frames.end]).toEqual([[1, 2, 3, 4], 'complete']);
  });

  it('notifies a frozen sender that it may write only once it goes on', () => {
    const { connect, dialerGate } = world();
    const { outbound, inbound } = connect();
    const frames = new Log(inbound.frames$);
    const drained = new Log(outbound.drained$);
    inbound.pause(true);
    for (const n of [1, 2, 3, 4]) outbound.send(bytes(n));
    dialerGate.freeze();
    inbound.pause(false);
    expect([frames.values.length, drained.values.length]).toEqual([4, 0]);
    dialerGate.thaw();
    outbound.resume();
    outbound.resume();
    expect(drained.values).toHaveLength(1);
  });

  it('shows a frozen node a cut only once it goes on', () => {
    const { connect, listenerGate } = world();
    const { outbound, inbound } = connect();
    const [one, other] = [new Log(outbound.frames$), new Log(inbound.frames$)];
    listenerGate.freeze();
    outbound.fail('cut');
    inbound.fail('cut');
    expect([one.end, other.end]).toEqual(['RXMESH_CONNECTION_FAILED', 'open']);
    listenerGate.thaw();
    expect(other.end).toBe('RXMESH_CONNECTION_FAILED');
  });

  it('stays half-open when one side is abandoned, and is reset once its node is back', () => {
    const { scheduler, power, connect } = world(() => 5);
    const { outbound, inbound } = connect();
    const [log, gone] = [new Log(outbound.frames$), new Log(inbound.frames$)];
    power.isOn = false;
    inbound.abandon();
    expect(gone.end).toBe('RXMESH_CONNECTION_FAILED');
    inbound.send(bytes(0));
    inbound.destroy();
    for (const n of [1, 2, 3, 4]) {
      expect(outbound.writable).toBe(true);
      outbound.send(bytes(n));
    }
    expect(outbound.writable).toBe(false);
    scheduler.flush();
    expect([log.values, log.end]).toEqual([[], 'open']);
    power.isOn = true;
    inbound.knock();
    scheduler.flush();
    expect([gone.values, log.end]).toEqual([[], 'RXMESH_CONNECTION_FAILED']);
  });

  it('resets an unused half-open connection when something is sent on it', () => {
    const { scheduler, power, connect } = world(() => 5);
    const { outbound, inbound } = connect();
    const log = new Log(outbound.frames$);
    power.isOn = false;
    inbound.abandon();
    power.isOn = true;
    inbound.knock();
    scheduler.flush();
    expect(log.end).toBe('open');
    outbound.send(bytes(1));
    outbound.send(bytes(2));
    scheduler.flush();
    expect(log.end).toBe('RXMESH_CONNECTION_FAILED');
  });
});

trackLeaks();
