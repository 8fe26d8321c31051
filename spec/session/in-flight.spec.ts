import { describe, expect, it } from '@jest/globals';
import { InFlight } from '../../lib/session/in-flight.ts';

const recordBytes = 64 * 1024;

interface Pipe {
  readonly bytesPerMs: number;
  /** One way, at a time. */
  readonly latencyMs: (atMs: number) => number;
  /** Whether there is something to send, at a time. Default: always. */
  readonly busy?: (atMs: number) => boolean;
}

interface Piece {
  readonly bytes: number;
  readonly ping: boolean;
  readonly writtenAtMs: number;
}

/** What a pipe carries between two times, as a share of what it could, and the longest wait in front of it. */
function carry(pipe: Pipe, fromMs: number, untilMs: number): { share: number; waitMs: number } {
  const { bytesPerMs, latencyMs, busy = () => true } = pipe;
  // No record takes less than two steps.
  const stepMs = Math.min(0.1, recordBytes / bytesPerMs / 2);
  const inFlight = new InFlight();
  const queue: Piece[] = [];
  const pongs: number[] = [];
  let carriedBytes = 0;
  let waitMs = 0;
  let couldBytes = 0;
  for (let nowMs = 0; nowMs < untilMs; nowMs += stepMs) {
    while (pongs[0] !== undefined && pongs[0] <= nowMs) {
      pongs.shift();
      inFlight.ponged(nowMs);
    }
    while (busy(nowMs)) {
      if (inFlight.pingDue) {
        inFlight.pinged();
        queue.push({ bytes: 0, ping: true, writtenAtMs: nowMs });
      }
      if (!inFlight.open) break;
      inFlight.wrote(recordBytes);
      queue.push({ bytes: recordBytes, ping: false, writtenAtMs: nowMs });
    }
    couldBytes += bytesPerMs * stepMs;
    for (let head = queue[0]; head !== undefined && head.bytes <= couldBytes; head = queue[0]) {
      queue.shift();
      couldBytes -= head.bytes;
      if (head.ping) pongs.push(nowMs + 2 * latencyMs(nowMs));
      if (nowMs < fromMs) continue;
      carriedBytes += head.bytes;
      waitMs = Math.max(waitMs, nowMs - head.writtenAtMs);
    }
    if (queue.length === 0) couldBytes = 0;
  }
  return { share: carriedBytes / (bytesPerMs * (untilMs - fromMs)), waitMs };
}

describe('InFlight', () => {
  it.each([
    ['a loopback', 400_000, 0.1],
    ['a data centre', 125_000, 0.5],
    ['a country', 12_500, 10],
    ['an ocean', 12_500, 50],
    ['a slow line', 1_250, 20],
  ])(
    'fills %s (%i bytes/ms, %d ms) within a second, and lets only a short queue grow',
    (_, bytesPerMs, latencyMs) => {
      const { share, waitMs } = carry({ bytesPerMs, latencyMs: () => latencyMs }, 1_000, 4_000);
      expect(share).toBeGreaterThan(0.9);
      // Three round trips, or twice the smallest window when that is more than the line needs: in bytes, or in time.
      expect(waitMs).toBeLessThan(Math.max(6 * latencyMs, (18 * recordBytes) / bytesPerMs, 12));
    },
  );

  it('leaves a fast line at least six milliseconds of its rate', () => {
    // More than it needs, by its round trip.
    const { waitMs } = carry({ bytesPerMs: 400_000, latencyMs: () => 0.1 }, 1_000, 4_000);
    expect(waitMs).toBeGreaterThan(5.5);
  });

  it('has 32 MiB under way at most, however much a line would hold', () => {
    const pipe = { bytesPerMs: 1_000_000, latencyMs: () => 100 };
    const { share } = carry(pipe, 12_000, 16_000);
    expect(share * 1_000_000 * 200).toBeGreaterThan(0.8 * 2 ** 25);
    expect(share * 1_000_000 * 200).toBeLessThan(1.05 * 2 ** 25);
  });

  it('lets half a megabyte be under way at least, however little a line needs', () => {
    const { waitMs } = carry({ bytesPerMs: 2_000, latencyMs: () => 1 }, 20_000, 24_000);
    expect(waitMs * 2_000).toBeGreaterThan(0.9 * 2 ** 19);
  });

  it('finds out when the way has become longer', () => {
    const pipe = { bytesPerMs: 12_500, latencyMs: (atMs: number) => (atMs < 3_000 ? 5 : 40) };
    expect(carry(pipe, 2_000, 3_000).share).toBeGreaterThan(0.9);
    const { share, waitMs } = carry(pipe, 15_000, 18_000);
    expect(share).toBeGreaterThan(0.9);
    expect(waitMs).toBeLessThan(240);
  });

  it('finds out when the way has become shorter', () => {
    const pipe = { bytesPerMs: 12_500, latencyMs: (atMs: number) => (atMs < 3_000 ? 40 : 5) };
    const { share, waitMs } = carry(pipe, 25_000, 27_000);
    expect(share).toBeGreaterThan(0.9);
    expect(waitMs).toBeLessThan(60);
  });

  it('searches anew every ten seconds, and loses little by it', () => {
    const { share } = carry({ bytesPerMs: 12_500, latencyMs: () => 20 }, 1_000, 41_000);
    expect(share).toBeGreaterThan(0.9);
  });

  it('keeps a peer busy that reads in bursts, since its process gets the processor now and then', () => {
    // 300 MB/s on average, in bursts of 30 ms: an answer takes as long.
    const pipe = { bytesPerMs: 300_000, latencyMs: () => 15 };
    const { share } = carry(pipe, 2_000, 4_000);
    expect(share).toBeGreaterThan(0.9);
  });

  it('has the window of the pipe, not of the sender, after a time with little to send', () => {
    const pipe = {
      bytesPerMs: 12_500,
      latencyMs: () => 20,
      busy: (atMs: number) => atMs < 1_000 || atMs > 2_000 || atMs % 100 < 1,
    };
    expect(carry(pipe, 2_050, 3_000).share).toBeGreaterThan(0.9);
  });

  it('is held by a peer that answers nothing, and goes on when it does', () => {
    const inFlight = new InFlight();
    let wrote = 0;
    const write = (): void => {
      for (;;) {
        if (inFlight.pingDue) inFlight.pinged();
        if (!inFlight.open) return;
        inFlight.wrote(recordBytes);
        wrote += recordBytes;
      }
    };
    write();
    expect(wrote).toBe(16 * recordBytes);
    inFlight.ponged(3);
    write();
    expect(wrote).toBeGreaterThan(16 * recordBytes);
  });

  it('takes a pong that nobody has asked for as nothing', () => {
    const inFlight = new InFlight();
    inFlight.ponged(5);
    inFlight.wrote(16 * recordBytes);
    expect(inFlight.open).toBe(false);
  });
});
