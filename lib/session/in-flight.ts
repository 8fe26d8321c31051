/**
 * The lower bound for a round trip, because each process also waits for the other's turn. With half
 * of this, messages of 64 KiB were a fifth slower on loopback.
 */
const roundTripMsMin = 3;
/**
 * The initial window: half of TCP's (RFC 6928), since the slowest lines take seconds to send that
 * much.
 */
const windowBytesAtFirst = 8 * 1024;
/** More than any network that rxmesh is meant for can hold. */
const windowBytesMax = 32 * 1024 * 1024;
/**
 * A record opens only when it is complete, and nothing can overtake it. Writing one takes at least
 * this long, and on a long line an eighth of a round trip: there, a longer wait hardly shows, and
 * fewer records cost less.
 */
const recordMsMin = 10;
const recordMsMax = 50;
const recordsPerRoundTrip = 8;
const recordBytesMin = 512;
/** Effectively no limit: a link takes no more than 64 KiB. */
const fullRecordBytes = 72 * 1024;
/** With fewer records per window, the line would idle until the next one. */
const recordsPerWindowMin = 4;
const recordBytesAtFirst = windowBytesAtFirst / recordsPerWindowMin;
/** How many pings are in flight while the window is full. */
const pingsPerWindow = 4;
/** The same while pongs are late. There, they cost little: they share records with data. */
const pingsPerWindowLate = 64;
/** Pongs are late if they usually take longer by this part of a round trip. */
const lateShare = 1 / 4;
/**
 * How far the usual way back moves with each pong. Slowly, since what waits in front of pongs comes
 * and goes within a round trip.
 */
const usualShare = 1 / 32;
/**
 * The minimum time, and the number of round trips, for which a rate is remembered. After that, the
 * line may have become slower.
 */
const rateMs = 1_000;
const rateRoundTrips = 4;
/**
 * How long a measured round trip is trusted. Then the queue in front of the line is allowed to
 * drain in order to measure it again.
 */
const probeEveryMs = 10_000;
/**
 * How long the shortest way back is remembered, at least. The peer empties its own queue in front
 * of pongs as often as this side does, so it happens in each such time.
 */
const leastBackForMs = 12_000;
/**
 * If the rate drops below this part of the previous one, either the line has become slower or the
 * route longer. A probe finds out which.
 */
const rateKept = 0.75;

/** The part of `InFlight` that a pump uses. */
export type OpenWindow = Pick<InFlight, keyof InFlight>;

/** What was known when a ping was sent. */
interface Ping {
  readonly atMs: number;
  /** Bytes written before the ping. */
  readonly sentBytes: number;
  /**
   * The bytes known to have been read at that time, when they were, by the peer's clock, and when
   * the ping that reported it was sent. `readAtMs` is undefined if no ping was in flight, or none
   * has been answered so far: the measured span starts with this one.
   */
  readonly readBytes: number;
  readonly readAtMs: number | undefined;
  readonly readSentAtMs: number;
  /**
   * Whether the sender had run out of data at some point in this stretch, so that the line may be
   * faster than measured.
   */
  readonly isStarved: boolean;
  /** Whether the queue in front of the line was empty. */
  readonly isProbe: boolean;
}

/**
 * Limits how much is in flight on a link: written, but not yet read by the peer. An urgent message
 * has to wait behind all of it, in the buffers of two systems and the network between them, which
 * can hold megabytes, and no discipline can move it forward again.
 *
 * Pings are sent along with the data, several per window; a pong shows that the peer has read
 * everything written before its ping, and when. The two clocks differ by an unknown amount, but
 * the amount does not change. So the shortest way there and the shortest way back add up to the
 * shortest round trip. What a ping takes longer than the shortest way there, it has waited in this
 * side's queue. What a pong takes longer on its way back, it has waited behind the peer's data.
 *
 * The window is what the line carries until a pong is usually back, plus what it carries in one
 * round trip, which queues in front of the line. While the line is not full, a window is sent in
 * less time than that, so the window grows. Once the line is full, the rate stops growing, and so
 * does the window. The size of records follows the rate, so that no record delays an urgent message
 * for long.
 *
 * The rule is that of BBR (Cardwell et al., ACM Queue 14(5), 2016); the rate is measured as in
 * draft-cheng-iccrg-delivery-rate-estimation, and the way there as in LEDBAT (RFC 6817). TCP still
 * protects the network from congestion; this keeps TCP's own buffers short.
 */
export class InFlight {
  /** The target size of a record. */
  recordBytes: number = recordBytesAtFirst;
  #windowBytes = windowBytesAtFirst;
  #sentBytes = 0;
  /** The pings in flight, in order. */
  readonly #pings: Ping[] = [];
  #pingedBytes = 0;
  #readBytes = 0;
  #readAtMs: number | undefined;
  #readSentAtMs = 0;
  /** The value of `#sentBytes` when there was last nothing left to send. */
  #starvedAtBytes = 0;

  /** In bytes per millisecond: the highest rate in the current span, and in the previous one. */
  #rate = 0;
  #rateBefore = 0;
  #rateSinceMs = -Infinity;
  /** Whether any rate measured so far was limited by the line. */
  #isRateKnown = false;
  /** The shortest recent way there, plus the difference of the clocks, and when it was taken. */
  #thereMs = Infinity;
  #thereAtMs = -Infinity;
  /** The usual way back, minus the difference of the clocks. */
  #backMs = Infinity;
  /** The shortest one in the current span, and in the previous one. */
  #leastBackMs = Infinity;
  #leastBackBeforeMs = Infinity;
  #backSinceMs = -Infinity;
  #probe: 'none' | 'due' | 'under way' = 'none';

  /** The shortest recent round trip, in milliseconds; Infinity before the first. */
  get roundTripMs(): number {
    return Math.max(0, this.#thereMs + this.#shortestBackMs());
  }

  /** Whether another record may be written. */
  get open(): boolean {
    return this.#sentBytes - this.#readBytes < this.#windowBytes;
  }

  /** Whether a ping is due, to find out how much has been read. */
  get pingDue(): boolean {
    const unasked = this.#sentBytes - this.#pingedBytes;
    // To the nearest record: they are often a little shorter than planned, and waiting for a whole
    // further one left a fifth of some lines idle.
    if (unasked > 0 && unasked + this.recordBytes / 2 > this.#windowBytes / this.#pingsPerWindow())
      return true;
    // A probe goes before the data, which would otherwise delay it.
    if (this.#probe === 'due' && this.open) return true;
    // If the window has shrunk, it may be full of data that no ping covers.
    return unasked > 0 && this.#pings.length === 0 && !this.open;
  }

  /** Notes that this many bytes were written. */
  wrote(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** Notes that there is nothing left to write for now. */
  starved(): void {
    this.#starvedAtBytes = this.#sentBytes;
  }

  /** Notes a ping sent behind what was written so far. */
  pinged(nowMs: number): void {
    // With no other ping in flight, the measured span starts now.
    const isFirst = this.#pings.length === 0;
    const isProbe = this.#probe === 'due' && this.open;
    if (isProbe) this.#probe = 'under way';
    this.#pings.push({
      atMs: nowMs,
      sentBytes: this.#sentBytes,
      readBytes: this.#readBytes,
      readAtMs: isFirst ? undefined : this.#readAtMs,
      readSentAtMs: isFirst ? nowMs : this.#readSentAtMs,
      isStarved: this.#starvedAtBytes > this.#readBytes,
      isProbe,
    });
    this.#pingedBytes = this.#sentBytes;
  }

  /**
   * Notes a pong.
   * @param readAtMs when its ping was read, by the peer's clock. Default: now, which counts all
   *   waiting as this side's
   */
  ponged(nowMs: number, readAtMs: number = nowMs): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    this.#tookBack(nowMs - readAtMs, nowMs);
    this.#tookThere(ping, readAtMs, nowMs);
    this.#tookRate(ping, readAtMs, nowMs);
    this.#readBytes = ping.sentBytes;
    this.#readAtMs = readAtMs;
    this.#readSentAtMs = ping.atMs;
    this.#resize();
  }

  #tookBack(tookMs: number, nowMs: number): void {
    if (this.#backMs === Infinity) this.#backMs = tookMs;
    this.#backMs += usualShare * (tookMs - this.#backMs);
    if (nowMs - this.#backSinceMs >= leastBackForMs) {
      this.#backSinceMs = nowMs;
      this.#leastBackBeforeMs = this.#leastBackMs;
      this.#leastBackMs = Infinity;
    }
    this.#leastBackMs = Math.min(this.#leastBackMs, tookMs);
  }

  #tookThere(ping: Ping, readAtMs: number, nowMs: number): void {
    const tookMs = readAtMs - ping.atMs;
    // One of the clocks has stood still, with its machine: the shortest ways add up to nothing.
    const hasJumped = Math.min(tookMs, this.#thereMs) + this.#shortestBackMs() < 0;
    if (hasJumped) {
      this.#backMs = nowMs - readAtMs;
      this.#leastBackMs = this.#backMs;
      this.#leastBackBeforeMs = Infinity;
    }
    if (ping.isProbe || hasJumped || tookMs <= this.#thereMs) {
      this.#thereMs = tookMs;
      this.#thereAtMs = nowMs;
      this.#probe = hasJumped ? 'due' : 'none';
    } else if (nowMs - this.#thereAtMs >= probeEveryMs) {
      this.#askProbe();
    }
  }

  #shortestBackMs(): number {
    return Math.min(this.#leastBackMs, this.#leastBackBeforeMs);
  }

  /** Pongs that are late come in bursts. With more of them, the bursts are shorter. */
  #pingsPerWindow(): number {
    const lateMs = this.#backMs - this.#shortestBackMs();
    const isLate = lateMs > Math.max(roundTripMsMin, lateShare * this.roundTripMs);
    return isLate ? pingsPerWindowLate : pingsPerWindow;
  }

  #askProbe(): void {
    if (this.#probe === 'none') this.#probe = 'due';
  }

  #tookRate(ping: Ping, readAtMs: number, nowMs: number): void {
    const readBytes = ping.sentBytes - ping.readBytes;
    if (readBytes === 0) return;
    // Data that was delayed is read in a burst, and delayed pings leave in one.
    const readMs = ping.readAtMs === undefined ? nowMs - ping.atMs : readAtMs - ping.readAtMs;
    const sentMs = ping.atMs - ping.readSentAtMs;
    const rate = readBytes / Math.max(readMs, sentMs, roundTripMsMin);
    if (!ping.isStarved) {
      this.#isRateKnown = true;
      const spanMs = Math.max(rateMs, rateRoundTrips * this.roundTripMs);
      if (nowMs - this.#rateSinceMs >= spanMs) {
        this.#rateSinceMs = nowMs;
        if (this.#rate < rateKept * this.#rateBefore) this.#askProbe();
        this.#rateBefore = this.#rate;
        this.#rate = 0;
      }
    }
    this.#rate = Math.max(this.#rate, rate);
  }

  #recordMs(): number {
    const partMs = this.roundTripMs / recordsPerRoundTrip;
    return Math.max(recordMsMin, Math.min(partMs, recordMsMax));
  }

  #resize(): void {
    const rate = Math.max(this.#rate, this.#rateBefore);
    const roundTripMs = Math.max(this.roundTripMs, roundTripMsMin);
    const recordBytes = Math.round(Math.min(rate * this.#recordMs(), fullRecordBytes));
    this.recordBytes = Math.max(
      recordBytes,
      this.#isRateKnown ? recordBytesMin : recordBytesAtFirst,
    );
    if (this.#probe !== 'none') {
      this.#windowBytes = Math.max((rate * roundTripMs) / 2, this.recordBytes);
      return;
    }
    const usualMs = Math.max(this.#thereMs + this.#backMs, roundTripMsMin);
    const bytesMin = this.#isRateKnown ? 0 : windowBytesAtFirst;
    const recordsBytes = recordsPerWindowMin * this.recordBytes;
    const windowBytes = Math.max(rate * (usualMs + roundTripMs), recordsBytes, bytesMin);
    this.#windowBytes = Math.min(windowBytes, windowBytesMax);
  }
}
