import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../../lib/model/error.ts';
import {
  FaultySocket,
  type FaultySocketOptions,
} from '../../../lib/testing/faulty/faulty-socket.ts';
import type { FrameFault } from '../../../lib/testing/faulty/frames.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { TestSocket } from '../../support/frame-socket-pair.ts';
import { expectIdle } from '../../support/leaks.ts';

const codeOf = (error: unknown): string =>
  error instanceof RxmeshError ? error.code : String(error);

/** A dialer's socket on a line, what it reads and reports, and when. */
function onLine(options: Partial<FaultySocketOptions> = {}) {
  const clock = new VirtualClock();
  const inner = new TestSocket('outbound');
  const faults: FrameFault[] = [];
  let ended = 0;
  const socket = new FaultySocket(inner, {
    ...{ clock, line: {}, faults: {}, seed: 1, connection: 0 },
    report: (fault) => faults.push(fault),
    onEnd: () => (ended += 1),
    ...options,
  });
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${clock.now()} ${what}`);
  socket.frames$.subscribe({
    next: (frame) => note(`frame ${String(frame[0])}`),
    error: (error: unknown) => note(codeOf(error)),
    complete: () => note('end'),
  });
  socket.drained$.subscribe(() => note('drained'));
  return { clock, inner, socket, faults, log, ended: () => ended };
}

/** A frame that begins with its number. */
const frame = (number: number, length = 1): Uint8Array => new Uint8Array(length).fill(number);
const numbersOf = (frames: readonly Uint8Array[]): unknown[] => frames.map(([first]) => first);

describe('a socket on a line', () => {
  it('without latency, passes frames on at once in both directions', () => {
    const { inner, socket, log, clock } = onLine();
    socket.send(frame(1));
    expect(numbersOf(inner.outbox)).toEqual([1]);
    inner.arrive(frame(2));
    expect(log).toEqual(['0 frame 2']);
    expectIdle(clock.scheduler);
  });

  it('delays frames each way, and never changes their order', () => {
    const { inner, socket, log, clock } = onLine({ line: { latencyMs: 10, jitterMs: 20 } });
    for (let n = 0; n < 50; n += 1) {
      socket.send(frame(n));
      inner.arrive(frame(n));
      clock.advance(1);
    }
    clock.advance(30);
    const order = Array.from({ length: 50 }, (_, n) => n);
    expect(numbersOf(inner.outbox)).toEqual(order);
    const arrivals = log.map((line) => /^(.*) frame (.*)$/.exec(line)?.slice(1).map(Number) ?? []);
    expect(arrivals.map(([, n]) => n)).toEqual(order);
    for (const [atMs = 0, n = 0] of arrivals) {
      expect(atMs - n).toBeGreaterThanOrEqual(10);
      expect(atMs - n).toBeLessThanOrEqual(30);
    }
  });

  it('carries as many bytes a second as it may, and has its sender wait meanwhile', () => {
    const { inner, socket, log, clock } = onLine({ line: { bytesPerSecond: 1_000_000 } });
    let sent = 0;
    while (socket.writable && sent < 1_000) socket.send(frame((sent += 1) & 0xff, 10_000));
    // 100 ms wait in the queue, and what fills it.
    expect(sent).toBe(11);
    clock.advance(9.5);
    expect(inner.outbox).toHaveLength(0);
    clock.advance(90.5);
    expect(inner.outbox).toHaveLength(10);
    clock.advance(10);
    expect(inner.outbox).toHaveLength(11);
    expect(log).toHaveLength(1);
    expect(log[0]).toMatch(/drained$/);
    expect(socket.writable).toBe(true);
  });

  it('waits for the socket below, and says so', () => {
    const { inner, socket, log } = onLine();
    inner.writable = false;
    expect(socket.writable).toBe(false);
    socket.send(frame(1));
    expect(inner.outbox).toHaveLength(0);
    inner.writable = true;
    inner.drained.next();
    expect(numbersOf(inner.outbox)).toEqual([1]);
    expect(log).toEqual(['0 drained']);
  });

  it('reads nothing while its reader pauses it, and pauses the socket below', () => {
    const { inner, socket, log } = onLine();
    socket.pause(true);
    inner.arrive(frame(1));
    inner.arrive(frame(2));
    expect([inner.paused, log]).toEqual([true, []]);
    socket.pause(false);
    expect([inner.paused, log]).toEqual([false, ['0 frame 1', '0 frame 2']]);
  });

  it('pauses the socket below while a slow line is full, and goes on later', () => {
    const { inner, log, clock } = onLine({ line: { bytesPerSecond: 1_000_000 } });
    for (let n = 1; n <= 11; n += 1) inner.arrive(frame(n, 10_000));
    expect(inner.paused).toBe(true);
    clock.advance(110);
    expect(inner.paused).toBe(false);
    expect(log).toHaveLength(11);
  });

  it('frozen, passes nothing and has its sender wait; thawed, it passes all', () => {
    const { inner, socket, log, clock } = onLine({ line: { latencyMs: 5 } });
    socket.send(frame(1));
    inner.arrive(frame(2));
    socket.freeze();
    clock.advance(1_000);
    expect([inner.outbox, log, socket.writable, inner.paused]).toEqual([[], [], false, true]);
    socket.thaw();
    expect(numbersOf(inner.outbox)).toEqual([1]);
    expect(log).toEqual(['1000 frame 2', '1000 drained']);
    expect(inner.paused).toBe(false);
  });

  it('closes behind what was sent, in the time that the line takes', () => {
    const { inner, socket, log, clock, ended } = onLine({ line: { latencyMs: 5 } });
    socket.send(frame(1));
    socket.close();
    expect([log, inner.state, socket.closed, ended()]).toEqual([['0 end'], 'open', false, 0]);
    clock.advance(5);
    expect([numbersOf(inner.outbox), inner.state, ended()]).toEqual([[1], 'closed', 1]);
    inner.outbox = [];
    expect(socket.closed).toBe(true);
    expectIdle(clock.scheduler);
  });

  it('closes although the socket below takes nothing', () => {
    const busy = onLine();
    busy.inner.writable = false;
    busy.socket.send(frame(1));
    busy.socket.close();
    expect([numbersOf(busy.inner.outbox), busy.inner.state]).toEqual([[1], 'closed']);
  });

  it('closed while the line is frozen, closes behind what was sent when it is thawed', () => {
    const { inner, socket, clock, ended } = onLine();
    socket.freeze();
    socket.send(frame(1));
    socket.close();
    clock.advance(60_000);
    expect([inner.outbox, inner.state, ended()]).toEqual([[], 'open', 0]);
    socket.thaw();
    expect([numbersOf(inner.outbox), inner.state, ended()]).toEqual([[1], 'closed', 1]);
    expectIdle(clock.scheduler);
  });

  it('frozen while it closes, takes no time for it until it is thawed', () => {
    const { inner, socket, clock, ended } = onLine({ line: { latencyMs: 5_000 } });
    socket.close();
    clock.advance(4_999);
    socket.freeze();
    clock.advance(60_000);
    expect([inner.state, ended()]).toEqual(['open', 0]);
    socket.thaw();
    expect([inner.state, ended()]).toEqual(['closed', 1]);
    expectIdle(clock.scheduler);
  });

  it('destroyed, drops what is on its way out, and the other side hears of it after the latency', () => {
    const { inner, socket, log, clock, ended } = onLine({ line: { latencyMs: 5 } });
    socket.send(frame(1));
    clock.advance(4);
    socket.destroy();
    expect([log, socket.closed, ended()]).toEqual([['4 end'], false, 0]);
    clock.advance(4);
    expect(inner.state).toBe('open');
    clock.advance(1);
    expect([numbersOf(inner.outbox), inner.state, socket.closed]).toEqual([[], 'destroyed', true]);
    expect(ended()).toBe(1);
    expectIdle(clock.scheduler);
  });

  it('destroyed twice, still tells the first reason after the latency', () => {
    const { inner, socket, clock } = onLine({ line: { latencyMs: 5 } });
    const reasons: (string | undefined)[] = [];
    inner.destroy = (reason?: string) => reasons.push(reason);
    socket.destroy('too busy');
    socket.destroy();
    expect(reasons).toEqual([]);
    clock.advance(5);
    expect(reasons).toEqual(['too busy']);
    expectIdle(clock.scheduler);
  });

  it('destroyed without latency, or while it closes, ends the socket below at once', () => {
    const direct = onLine();
    direct.socket.destroy();
    expect([direct.inner.state, direct.log]).toEqual(['destroyed', ['0 end']]);
    const closing = onLine({ line: { latencyMs: 5 } });
    closing.socket.send(frame(1));
    closing.socket.close();
    closing.socket.destroy();
    expect([closing.inner.outbox, closing.inner.state]).toEqual([[], 'destroyed']);
    for (const { clock } of [direct, closing]) expectIdle(clock.scheduler);
  });

  it.each(['', 'and closed before,'])(
    'destroyed while the line is frozen, %s ends the socket below when it is thawed',
    (before) => {
      const { inner, socket, clock, ended } = onLine();
      socket.freeze();
      socket.send(frame(1));
      if (before !== '') socket.close();
      socket.destroy();
      clock.advance(60_000);
      expect([inner.state, ended()]).toEqual(['open', 0]);
      socket.thaw();
      expect([inner.sent, inner.state, ended()]).toEqual([[], 'destroyed', 1]);
      expectIdle(clock.scheduler);
    },
  );

  it('is cut while it closes on a frozen line', () => {
    const { inner, socket, clock, ended } = onLine();
    socket.freeze();
    socket.close();
    socket.cut();
    expect([inner.state, ended()]).toEqual(['destroyed', 1]);
    expectIdle(clock.scheduler);
  });

  it('ends behind the frames when the other side closes or fails', () => {
    const closed = onLine({ line: { latencyMs: 5 } });
    closed.inner.arrive(frame(1));
    closed.inner.arriveEnd();
    closed.clock.advance(5);
    expect(closed.log).toEqual(['5 frame 1', '5 end']);
    const failed = onLine({ line: { latencyMs: 5 } });
    failed.inner.arrive(frame(1));
    failed.inner.breakDown('gone');
    failed.clock.advance(5);
    expect(failed.log).toEqual(['5 frame 1', '5 RXMESH_CONNECTION_FAILED']);
  });

  it.each(['cut', 'truncate'] as const)('behind the frames before a fault, out: %s', (type) => {
    const { inner, socket, log, faults, clock, ended } = onLine({
      line: { latencyMs: 5 },
      faults: { [`${type}AfterBytes`]: 2 },
    });
    for (const n of [1, 2, 3]) socket.send(frame(n));
    clock.advance(5);
    expect(faults).toEqual([{ type, connection: 0, towards: 'listener', atBytes: 2 }]);
    expect(numbersOf(inner.sent)).toEqual([1, 2]);
    // Truncated, it ends when the other side does.
    const isCut = type === 'cut';
    expect(inner.state).toBe(isCut ? 'destroyed' : 'closed');
    expect([log, ended()]).toEqual(isCut ? [['5 RXMESH_CONNECTION_FAILED'], 1] : [[], 0]);
  });

  it.each(['cut', 'truncate'] as const)('behind the frames before a fault, in: %s', (type) => {
    const { inner, socket, log, faults, clock } = onLine({
      line: { latencyMs: 5 },
      faults: { [`${type}AfterBytes`]: 2 },
    });
    for (const n of [1, 2, 3]) inner.arrive(frame(n));
    clock.advance(5);
    expect(faults).toEqual([{ type, connection: 0, towards: 'dialer', atBytes: 2 }]);
    const end = type === 'cut' ? 'RXMESH_CONNECTION_FAILED' : 'end';
    expect(log).toEqual(['5 frame 1', '5 frame 2', `5 ${end}`]);
    socket.destroy();
    clock.advance(5);
    expect(inner.state).toBe('destroyed');
  });

  it('that was cut before it is read tells its reader', () => {
    const inner = new TestSocket('inbound');
    const { socket } = onLine();
    const unread = new FaultySocket(inner, {
      ...{ clock: new VirtualClock(), line: {}, faults: {}, seed: 1, connection: 0 },
      report: () => undefined,
      onEnd: () => undefined,
    });
    unread.cut();
    const codes: string[] = [];
    unread.frames$.subscribe({ error: (error: unknown) => codes.push(codeOf(error)) });
    expect(codes).toEqual(['RXMESH_CONNECTION_FAILED']);
    expect(inner.state).toBe('destroyed');
    expect(socket.closed).toBe(false);
  });
});
