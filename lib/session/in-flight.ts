/**
 * The window covers this many round trips of output: one on the line, and one queued in front of
 * it.
 */
const roundTripsPerWindow = 2;
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
/**
 * How many records the window is larger by while the peer sends a lot, too. Pongs then wait behind
 * its records, and without this one direction starves: the later its pongs, the lower its rate, and
 * the smaller its window.
 */
const duplexRecords = 6;
/** A part that does not shrink with the rate, so that a rate that is too low recovers. In bytes. */
const duplexBytes = 8 * 1024;
/**
 * Such a peer sends at least this part of what it has read meanwhile. Pongs and credit alone are
 * less.
 */
const duplexShare = 1 / 16;
/** How many pings are in flight while the window is full. */
const pingsPerWindow = 4;
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
   * The bytes known to have been read at that time, when that became known, and when the ping that
   * reported it was sent.
   */
  readonly readBytes: number;
  readonly readAtMs: number;
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
 * everything written before its ping. The window is twice the product of the highest recent rate
 * and the shortest recent round trip. While the line is not full, a window is sent per round trip,
 * so the window doubles each time. Once the line is full, the rate stops growing, and so does the
 * window. The size of records follows the rate, so that no record delays an urgent message for
 * long.
 *
 * The rule is that of BBR (Cardwell et al., ACM Queue 14(5), 2016); the rate is measured as in
 * draft-cheng-iccrg-delivery-rate-estimation. TCP still protects the network from congestion; this
 * keeps TCP's own buffers short.
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
  #readAtMs = 0;
  #readSentAtMs = 0;
  /** What had arrived at the last pong, and when much of it was data, too. */
  #arrivedBytes = 0;
  #duplexAtMs = -Infinity;
  /** The value of `#sentBytes` when there was last nothing left to send. */
  #starvedAtBytes = 0;

  /** In bytes per millisecond: the highest rate in the current span, and in the previous one. */
  #rate = 0;
  #rateBefore = 0;
  #rateSinceMs = -Infinity;
  /** Whether any rate measured so far was limited by the line. */
  #isRateKnown = false;
  #roundTripMs = Infinity;
  #roundTripAtMs = -Infinity;
  #probe: 'none' | 'due' | 'under way' = 'none';

  /** The shortest recent round trip, in milliseconds; Infinity before the first. */
  get roundTripMs(): number {
    return this.#roundTripMs;
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
    if (unasked + this.recordBytes / 2 > this.#windowBytes / pingsPerWindow) return true;
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
      readAtMs: isFirst ? nowMs : this.#readAtMs,
      readSentAtMs: isFirst ? nowMs : this.#readSentAtMs,
      isStarved: this.#starvedAtBytes > this.#readBytes,
      isProbe,
    });
    this.#pingedBytes = this.#sentBytes;
  }

  /**
   * Notes a pong.
   * @param arrivedBytes how much has arrived from the peer so far
   */
  ponged(nowMs: number, arrivedBytes = 0): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    // At least a record: a ping may have followed another one at once.
    const readBytes = Math.max(ping.sentBytes - this.#readBytes, this.recordBytes);
    if (arrivedBytes - this.#arrivedBytes > duplexShare * readBytes) this.#duplexAtMs = nowMs;
    this.#arrivedBytes = arrivedBytes;
    this.#tookRoundTrip(ping, nowMs);
    this.#tookRate(ping, nowMs);
    this.#readBytes = ping.sentBytes;
    this.#readAtMs = nowMs;
    this.#readSentAtMs = ping.atMs;
    this.#resize(nowMs - this.#duplexAtMs < rateMs);
  }

  #tookRoundTrip(ping: Ping, nowMs: number): void {
    const tookMs = nowMs - ping.atMs;
    if (ping.isProbe || tookMs <= this.#roundTripMs) {
      this.#roundTripMs = tookMs;
      this.#roundTripAtMs = nowMs;
      this.#probe = 'none';
    } else if (nowMs - this.#roundTripAtMs >= probeEveryMs) {
      this.#askProbe();
    }
  }

  #askProbe(): void {
    if (this.#probe === 'none') this.#probe = 'due';
  }

  #tookRate(ping: Ping, nowMs: number): void {
    const readBytes = ping.sentBytes - ping.readBytes;
    if (readBytes === 0) return;
    // Delayed pongs arrive in a burst, and delayed pings leave in one.
    const readMs = nowMs - ping.readAtMs;
    const sentMs = ping.atMs - ping.readSentAtMs;
    const rate = readBytes / Math.max(readMs, sentMs, roundTripMsMin);
    if (!ping.isStarved) {
      this.#isRateKnown = true;
      const spanMs = Math.max(rateMs, rateRoundTrips * this.#roundTripMs);
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
    const partMs = this.#roundTripMs / recordsPerRoundTrip;
    return Math.max(recordMsMin, Math.min(partMs, recordMsMax));
  }

  #resize(isDuplex: boolean): void {
    const rate = Math.max(this.#rate, this.#rateBefore);
    const pipeBytes = rate * Math.max(this.#roundTripMs, roundTripMsMin);
    const recordBytes = Math.round(Math.min(rate * this.#recordMs(), fullRecordBytes));
    this.recordBytes = Math.max(
      recordBytes,
      this.#isRateKnown ? recordBytesMin : recordBytesAtFirst,
    );
    if (this.#probe !== 'none') {
      this.#windowBytes = Math.max(pipeBytes / 2, this.recordBytes);
      return;
    }
    const bytesMin = this.#isRateKnown ? 0 : windowBytesAtFirst;
    const recordsBytes = recordsPerWindowMin * this.recordBytes;
    const windowBytes = Math.max(roundTripsPerWindow * pipeBytes, recordsBytes, bytesMin);
    const duplex = isDuplex ? duplexRecords * this.recordBytes + duplexBytes : 0;
    this.#windowBytes = Math.min(windowBytes + duplex, windowBytesMax);
  }
}
