import { InFlight } from '../../lib/session/in-flight.ts';
import { seededRandom } from '../../lib/testing/seeded-random.ts';

/** A line on which both sides send all they can. */
export interface TwoWayLine {
  readonly roundTripMs: number;
  /** In each direction. */
  readonly bytesPerMs: number;
  /** How much longer the round trips of the first half second are, as in a busy handshake. */
  readonly slowStartMs?: number;
  /** When the second side begins to send. */
  readonly laterMs?: number;
  /** How long a side does not look at its line, at most, because its process has other work. */
  readonly turnMs?: number;
  /** When the second side's machine is suspended, and for how long: its clock stands still. */
  readonly suspended?: { readonly atMs: number; readonly forMs: number };
}

/** What became of one side's data. */
export interface Carried {
  /** The part of the line that it filled. */
  readonly share: number;
  /** The longest wait in its queue in front of the line, in milliseconds. */
  readonly waitMs: number;
  /** The round trip that the side believes in. */
  readonly roundTripMs: number;
}

type Piece = { readonly atMs: number } & (
  | { readonly type: 'data'; readonly bytes: number }
  | { readonly type: 'ping' }
  | { readonly type: 'pong'; readonly readAtMs: number }
);

const stepMs = 0.1;
const linkRecordBytes = 64 * 1024;
/** What the clock of the second side shows when that of the first shows 0. */
const offsetMs = 5_000;

class Side {
  readonly inFlight = new InFlight();
  readonly queue: Piece[] = [];
  /** In transit: behind the bottleneck. */
  readonly transit: { readonly piece: Piece; readonly atMs: number }[] = [];
  readonly arrived: Piece[] = [];
  couldBytes = 0;
  carriedBytes = 0;
  waitMs = 0;
  nextTurnMs = 0;
  readonly beginsMs: number;
  readonly clockAt: (nowMs: number) => number;

  constructor(beginsMs: number, clockAt: (nowMs: number) => number) {
    this.beginsMs = beginsMs;
    this.clockAt = clockAt;
  }

  ping(nowMs: number): void {
    this.inFlight.pinged(this.clockAt(nowMs));
    this.queue.push({ type: 'ping', atMs: nowMs });
  }

  /** Passes the bottleneck. */
  carry(nowMs: number, bytesPerMs: number, latencyMs: number): void {
    this.couldBytes += bytesPerMs * stepMs;
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const bytes = head.type === 'data' ? head.bytes : 0;
      if (bytes > this.couldBytes) return;
      this.queue.shift();
      this.couldBytes -= bytes;
      this.carriedBytes += bytes;
      this.waitMs = Math.max(this.waitMs, nowMs - head.atMs);
      this.transit.push({ piece: head, atMs: nowMs + latencyMs });
    }
    this.couldBytes = 0;
  }

  read(nowMs: number): void {
    const ownMs = this.clockAt(nowMs);
    for (const piece of this.arrived.splice(0)) {
      if (piece.type === 'ping') this.queue.push({ type: 'pong', atMs: nowMs, readAtMs: ownMs });
      else if (piece.type === 'pong') this.inFlight.ponged(ownMs, piece.readAtMs);
    }
  }

  write(nowMs: number): void {
    const { inFlight } = this;
    if (nowMs < this.beginsMs) {
      inFlight.starved();
      return;
    }
    for (;;) {
      if (inFlight.pingDue) this.ping(nowMs);
      if (!inFlight.open) return;
      const bytes = Math.min(inFlight.recordBytes, linkRecordBytes);
      inFlight.wrote(bytes);
      this.queue.push({ type: 'data', bytes, atMs: nowMs });
    }
  }
}

/** What both sides carry between two times. */
export function carryBothWays(line: TwoWayLine, fromMs: number, untilMs: number): Carried[] {
  const { roundTripMs, bytesPerMs, slowStartMs = 0, laterMs = 0, turnMs = 2, suspended } = line;
  const random = seededRandom(1);
  const clockAt = (nowMs: number): number => {
    if (suspended === undefined || nowMs < suspended.atMs) return nowMs + offsetMs;
    return Math.max(suspended.atMs, nowMs - suspended.forMs) + offsetMs;
  };
  const isSuspended = (side: Side, nowMs: number): boolean => {
    if (suspended === undefined || side === sides[0] || nowMs < suspended.atMs) return false;
    return nowMs < suspended.atMs + suspended.forMs;
  };
  const sides = [new Side(0, (nowMs) => nowMs), new Side(laterMs, clockAt)] as const;
  // A session starts with a ping.
  for (const side of sides) side.ping(0);
  for (let nowMs = 0; nowMs < untilMs; nowMs += stepMs) {
    const latencyMs = (roundTripMs + (nowMs < 500 ? slowStartMs : 0)) / 2;
    for (const [nth, side] of sides.entries()) {
      side.carry(nowMs, bytesPerMs, latencyMs);
      const { arrived } = sides[1 - nth] ?? side;
      for (let next = side.transit[0]; next !== undefined && next.atMs <= nowMs;) {
        arrived.push(next.piece);
        side.transit.shift();
        next = side.transit[0];
      }
    }
    for (const side of sides) {
      if (nowMs < side.nextTurnMs || isSuspended(side, nowMs)) continue;
      side.nextTurnMs = nowMs + random() * turnMs;
      side.read(nowMs);
      side.write(nowMs);
    }
    if (nowMs > fromMs) continue;
    for (const side of sides) [side.carriedBytes, side.waitMs] = [0, 0];
  }
  const lineBytes = bytesPerMs * (untilMs - fromMs);
  return sides.map(({ carriedBytes, waitMs, inFlight }) => ({
    share: carriedBytes / lineBytes,
    waitMs,
    roundTripMs: inFlight.roundTripMs,
  }));
}
