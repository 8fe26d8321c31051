import { describe, expect, it } from '@jest/globals';
import { InFlight } from '../../lib/session/in-flight.ts';

/** A line: bytes per millisecond and latency in milliseconds, each as a function of time. */
interface Pipe {
  readonly bytesPerMs: (atMs: number) => number;
  /** One way. */
  readonly latencyMs: (atMs: number) => number;
  /** Whether there is something to send. Default: always. */
  readonly busy?: (atMs: number) => boolean;
}

interface Piece {
  readonly bytes: number;
  readonly ping: boolean;
  readonly writtenAtMs: number;
}

interface Pong {
  readonly atMs: number;
  /** By the peer's clock. */
  readonly readAtMs: number;
}

/** What the peer's clock shows when the sender's shows 0, in milliseconds. */
const theirMs = 1_000_000;
/** At each step the sender writes what the window allows, to a line with a queue in front of it. */
const stepMs = 0.05;
/** What a link accepts in one record. */
const linkRecordBytes = 64 * 1024;

/**
 * What a pipe carries between two times as a share of its capacity, and the longest wait in its
 * queue.
 */
function carry(pipe: Pipe, fromMs: number, untilMs: number): { share: number; waitMs: number } {
  const { bytesPerMs, latencyMs, busy = () => true } = pipe;
  const inFlight = new InFlight();
  const queue: Piece[] = [];
  // A session starts with a ping.
  inFlight.pinged(0);
  const pongs: Pong[] = [{ atMs: 2 * latencyMs(0), readAtMs: theirMs + latencyMs(0) }];
  let carriedBytes = 0;
  let lineBytes = 0;
  let waitMs = 0;
  let couldBytes = 0;
  for (let nowMs = 0; nowMs < untilMs; nowMs += stepMs) {
    for (let pong = pongs[0]; pong !== undefined && pong.atMs <= nowMs; pong = pongs[0]) {
      pongs.shift();
      inFlight.ponged(nowMs, pong.readAtMs);
    }
    while (busy(nowMs)) {
      if (inFlight.pingDue) {
        inFlight.pinged(nowMs);
        queue.push({ bytes: 0, ping: true, writtenAtMs: nowMs });
      }
      if (!inFlight.open) break;
      const bytes = Math.min(inFlight.recordBytes, linkRecordBytes);
      inFlight.wrote(bytes);
      queue.push({ bytes, ping: false, writtenAtMs: nowMs });
    }
    if (!busy(nowMs)) inFlight.starved();
    const rate = bytesPerMs(nowMs);
    couldBytes += rate * stepMs;
    if (nowMs >= fromMs) lineBytes += rate * stepMs;
    for (let head = queue[0]; head !== undefined && head.bytes <= couldBytes; head = queue[0]) {
      queue.shift();
      couldBytes -= head.bytes;
      const readMs = nowMs + latencyMs(nowMs);
      if (head.ping) pongs.push({ atMs: readMs + latencyMs(nowMs), readAtMs: theirMs + readMs });
      if (nowMs < fromMs) continue;
      carriedBytes += head.bytes;
      waitMs = Math.max(waitMs, nowMs - head.writtenAtMs);
    }
    if (queue.length === 0) couldBytes = 0;
  }
  return { share: carriedBytes / lineBytes, waitMs };
}

const pipeOf = (bytesPerMs: number, latencyMs: number): Pipe => ({
  bytesPerMs: () => bytesPerMs,
  latencyMs: () => latencyMs,
});

/** 1 Mbit/s, in bytes per millisecond. */
const mbit = 125;

describe('InFlight', () => {
  it.each([
    ['a loopback', 400_000, 0.1, 8],
    ['a data centre', 125_000, 0.5, 8],
    ['a country', 100 * mbit, 10, 45],
    ['an ocean', 100 * mbit, 50, 115],
    ['the far side of the earth', 100 * mbit, 150, 320],
    ['a slow line', 10 * mbit, 25, 75],
    ['a slower line', mbit, 25, 125],
    ['a slow and long line', mbit, 75, 200],
    ['the slowest line', 2, 25, 1_400],
  ])(
    'L-21 soon fills %s (%i bytes/ms, %d ms) and allows only a short queue',
    (_, bytesPerMs, latencyMs, queueMsMax) => {
      const fromMs = Math.max(1_000, 30 * latencyMs, 32_000 / bytesPerMs);
      const untilMs = fromMs + 5_000 + 20_000 / bytesPerMs;
      const { share, waitMs } = carry(pipeOf(bytesPerMs, latencyMs), fromMs, untilMs);
      expect(share).toBeGreaterThan(0.95);
      // The longest of a round trip, six milliseconds or four records, plus a margin.
      expect(waitMs).toBeLessThan(queueMsMax);
    },
  );

  it('L-21 grows the window a hundredfold in twelve round trips', () => {
    const { share } = carry(pipeOf(1_000 * mbit, 25), 600, 1_000);
    expect(share).toBeGreaterThan(0.95);
  });

  it('L-22 makes records that take ten milliseconds, between 512 bytes and the most that a link accepts', () => {
    const sizes = [0.04, 1, 10, 1_000].map((rate) => {
      const inFlight = new InFlight();
      inFlight.pinged(0);
      // All of it is read within ten milliseconds.
      inFlight.wrote(rate * mbit * 10);
      inFlight.pinged(0);
      inFlight.ponged(10);
      inFlight.ponged(10);
      return inFlight.recordBytes;
    });
    expect(sizes).toEqual([512, 1_250, 12_500, 73_728]);
  });

  it('L-22 makes records of a long line an eighth of a round trip long, and at most 50 ms', () => {
    const sizes = [80, 160, 400, 1_000].map((roundTripMs) => {
      const inFlight = new InFlight();
      inFlight.pinged(0);
      inFlight.wrote(mbit * roundTripMs);
      inFlight.pinged(0);
      inFlight.ponged(roundTripMs);
      inFlight.ponged(roundTripMs);
      return inFlight.recordBytes / mbit;
    });
    expect(sizes).toEqual([10, 20, 50, 50]);
  });

  it('allows a fast line six milliseconds of its rate', () => {
    // More than its round trip requires.
    const { waitMs } = carry(pipeOf(400_000, 0.1), 1_000, 4_000);
    expect(waitMs).toBeGreaterThan(5.5);
  });

  it('keeps at most 32 MiB in flight, however much a line could hold', () => {
    const { share } = carry(pipeOf(1_000_000, 100), 9_000, 9_900);
    expect(share * 1_000_000 * 200).toBeGreaterThan(0.8 * 2 ** 25);
    expect(share * 1_000_000 * 200).toBeLessThan(1.12 * 2 ** 25);
  });

  it.each([
    ['longer', 5, 40, 7_000],
    // A path that got shorter has a longer queue until the round trip is measured again.
    ['shorter', 40, 5, 13_500],
  ])('L-21 detects that the path has become %s', (_, before, after, fromMs) => {
    const latencyMs = (atMs: number): number => (atMs < 3_000 ? before : after);
    const pipe = { bytesPerMs: () => 100 * mbit, latencyMs };
    expect(carry(pipe, 2_000, 3_000).share).toBeGreaterThan(0.95);
    const { share, waitMs } = carry(pipe, fromMs, fromMs + 4_000);
    expect(share).toBeGreaterThan(0.95);
    expect(waitMs).toBeLessThan(2 * after + 45);
  });

  it.each([
    ['slower', 10, 1],
    ['faster', 1, 10],
  ])('L-21 detects within four seconds that the line has become %s', (_, before, after) => {
    const bytesPerMs = (atMs: number): number => (atMs < 3_000 ? before : after) * mbit;
    const pipe = { bytesPerMs, latencyMs: () => 25 };
    const { share, waitMs } = carry(pipe, 7_000, 12_000);
    expect(share).toBeGreaterThan(0.95);
    expect(waitMs).toBeLessThan(130);
  });

  it('measures the round trip again every ten seconds at little cost', () => {
    const { share } = carry(pipeOf(100 * mbit, 20), 1_000, 41_000);
    expect(share).toBeGreaterThan(0.97);
  });

  it('keeps a peer busy that reads in bursts because its process runs only at intervals', () => {
    // 300 MB/s on average, in bursts of 30 ms: an answer takes that long.
    const { share } = carry(pipeOf(300_000, 15), 2_000, 4_000);
    expect(share).toBeGreaterThan(0.9);
  });

  it('has the window of the pipe, not of the sender, after a time with little to send', () => {
    const pipe = {
      ...pipeOf(100 * mbit, 20),
      busy: (atMs: number) => atMs < 1_000 || atMs > 4_000 || atMs % 100 < 1,
    };
    expect(carry(pipe, 4_050, 5_000).share).toBeGreaterThan(0.9);
  });

  it('is held back by a peer that answers nothing, and continues when it does', () => {
    const inFlight = new InFlight();
    let wrote = 0;
    const write = (): void => {
      for (;;) {
        if (inFlight.pingDue) inFlight.pinged(0);
        if (!inFlight.open) return;
        inFlight.wrote(2_048);
        wrote += 2_048;
      }
    };
    write();
    expect(wrote).toBe(8 * 1024);
    inFlight.ponged(3);
    write();
    expect(wrote).toBeGreaterThan(8 * 1024);
  });

  it('pings again if the window has shrunk below what is in flight with no ping pending', () => {
    const inFlight = new InFlight();
    inFlight.wrote(2_048);
    inFlight.pinged(0);
    // A burst larger than the later window, with no ping behind it.
    inFlight.wrote(12_000);
    inFlight.ponged(2_000);
    expect(inFlight.open).toBe(false);
    expect(inFlight.pingDue).toBe(true);
    inFlight.pinged(2_000);
    expect(inFlight.pingDue).toBe(false);
    inFlight.ponged(2_100);
    expect(inFlight.open).toBe(true);
  });

  it('believes in a longer round trip once the shorter one is half a minute old', () => {
    const inFlight = new InFlight();
    const roundTripAt = (nowMs: number): number => {
      const latencyMs = nowMs < 5_000 ? 5 : 40;
      inFlight.pinged(nowMs);
      inFlight.ponged(nowMs + 2 * latencyMs, theirMs + nowMs + latencyMs);
      return inFlight.roundTripMs;
    };
    const believed = Array.from({ length: 40 }, (_, second) => roundTripAt(second * 1_000));
    expect([believed[4], believed[39]]).toEqual([10, 80]);
  });

  it('ignores an unsolicited pong', () => {
    const inFlight = new InFlight();
    inFlight.ponged(5);
    expect(inFlight.open).toBe(true);
    expect(inFlight.roundTripMs).toBe(Infinity);
  });
});
