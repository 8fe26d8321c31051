/**
 * A window holds what goes out in so many round trips: one is on the line, the other in front of
 * it.
 */
const roundTripsPerWindow = 2;
/**
 * A round trip counts as at least so long, since both processes wait for each other's turns: half
 * of that cost messages of 64 KiB a fifth of their rate, measured on loopback.
 */
const roundTripMsMin = 3;
/**
 * What the window begins with: half of what TCP's does (RFC 6928), since the slowest lines take
 * seconds for that.
 */
const windowBytesAtFirst = 8 * 1024;
/** More than any network holds that rxmesh is made for. */
const windowBytesMax = 32 * 1024 * 1024;
/** A record opens only whole, and nothing overtakes it: it takes about so long to write. */
const recordMs = 10;
const recordBytesMin = 512;
/** No limit, since a link takes no more than 64 KiB. */
const fullRecordBytes = 72 * 1024;
/** With fewer records in a window, the line would wait for the next one. */
const recordsPerWindowMin = 4;
const recordBytesAtFirst = windowBytesAtFirst / recordsPerWindowMin;
/** Pings under way while the window is full. */
const pingsPerWindow = 4;
/**
 * For how long a rate is remembered at least, and for how many round trips. A line may have become
 * slower.
 */
const rateMs = 1_000;
const rateRoundTrips = 4;
/**
 * How long a round trip is believed. Then the queue in front of the line is let run empty, to
 * measure it again.
 */
const probeEveryMs = 10_000;
/**
 * With a smaller part of the rate before, the line has become slower, or the way longer: a probe
 * tells.
 */
const rateKept = 0.75;

/** What a pump asks of, and tells, who bounds what is under way. */
export type OpenWindow = Pick<InFlight, keyof InFlight>;

/** What was known when a ping was sent. */
interface Ping {
  readonly atMs: number;
  /** What stands in front of it. */
  readonly sentBytes: number;
  /**
   * What had been read by then, when that was heard, and when the ping that told of it was sent.
   */
  readonly readBytes: number;
  readonly readAtMs: number;
  readonly readSentAtMs: number;
  /**
   * Whether some of what is under way was all that there was to send: the line may be faster than
   * it shows.
   */
  readonly isStarved: boolean;
  /** Whether the queue in front of the line is empty. */
  readonly isProbe: boolean;
}

/**
 * Bounds what is under way on a link: written, and not read by the peer yet. An urgent message
 * stands behind all of that, in buffers of two systems and of the network between them, which take
 * megabytes; no discipline can put it in front again.
 *
 * Pings go with the data, some to each window; a pong tells that the peer has read what stood in
 * front of its ping. The window is twice the product of the greatest rate and the shortest round
 * trip that were seen of late. While the line is not full, a window goes out in a round trip, so
 * that it doubles with each; when it is full, the rate grows no more, and neither does the window.
 * Records follow the rate, so that none keeps an urgent message waiting for long.
 *
 * The rule is that of BBR (Cardwell et al., ACM Queue 14(5), 2016), the way in which the rate is
 * measured that of draft-cheng-iccrg-delivery-rate-estimation. TCP underneath keeps the network
 * from congestion; this keeps TCP's own buffers short.
 */
export class InFlight {
  /** How large records should be. */
  recordBytes: number = recordBytesAtFirst;
  #windowBytes = windowBytesAtFirst;
  #sentBytes = 0;
  /** The pings that are under way, in order. */
  readonly #pings: Ping[] = [];
  #pingedBytes = 0;
  #readBytes = 0;
  #readAtMs = 0;
  #readSentAtMs = 0;
  /** All had been sent when so much had been. */
  #starvedAtBytes = 0;

  /** In bytes a millisecond: the greatest of this span, and of the one before. */
  #rate = 0;
  #rateBefore = 0;
  #rateSinceMs = -Infinity;
  /** Whether a rate is known that is the line's. */
  #isRateKnown = false;
  #roundTripMs = Infinity;
  #roundTripAtMs = -Infinity;
  #probe: 'none' | 'due' | 'under way' = 'none';

  /** The shortest round trip of late, in milliseconds; Infinity before the first. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Whether a record may be written. */
  get open(): boolean {
    return this.#sentBytes - this.#readBytes < this.#windowBytes;
  }

  /** Whether it is time to ask how much has been read. */
  get pingDue(): boolean {
    const unasked = this.#sentBytes - this.#pingedBytes;
    if (unasked >= this.#windowBytes / pingsPerWindow) return true;
    // One that measures the round trip stands in front of the data, which would keep it waiting.
    if (this.#probe === 'due' && this.open) return true;
    // A window that has become smaller may be full of what nothing was asked for.
    return unasked > 0 && this.#pings.length === 0 && !this.open;
  }

  /** So many bytes were written. */
  wrote(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** There is nothing more to write for now. */
  starved(): void {
    this.#starvedAtBytes = this.#sentBytes;
  }

  /** A ping goes out behind what was written. */
  pinged(nowMs: number): void {
    // With no ping under way, the span to be measured begins now.
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

  /** A pong has come. */
  ponged(nowMs: number): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    this.#tookRoundTrip(ping, nowMs);
    this.#tookRate(ping, nowMs);
    this.#readBytes = ping.sentBytes;
    this.#readAtMs = nowMs;
    this.#readSentAtMs = ping.atMs;
    this.#resize();
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
    // Pongs that were held up come all at once, and pings that were held up go all at once.
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

  #resize(): void {
    const rate = Math.max(this.#rate, this.#rateBefore);
    const pipeBytes = rate * Math.max(this.#roundTripMs, roundTripMsMin);
    const recordBytes = Math.round(Math.min(rate * recordMs, fullRecordBytes));
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
    this.#windowBytes = Math.min(windowBytes, windowBytesMax);
  }
}
