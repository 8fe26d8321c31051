/** A record of the largest size passes at any time, and another one fills what the first leaves. */
const windowBytesMin = 128 * 1024;
/** More than any network holds that rxmesh is made for. */
const windowBytesMax = 32 * 1024 * 1024;
/** Beyond two round trips, what the turns of two event loops may take. */
const slackMs = 1;
/** Pings under way while the window is full. */
const pingsPerWindow = 4;
/** How long the shortest round trip counts: then the pipe is emptied once, to find the one of a new route. */
const shortestMs = 10_000;

/** What was known when a ping was sent. */
interface Ping {
  readonly sentBytes: number;
  readonly sentAtMs: number;
  readonly readBytes: number;
  /** When `readBytes` was heard of. */
  readonly readAtMs: number;
  /** Whether the window held something back at that time: else the rate is not the pipe's. */
  readonly held: boolean;
}

/**
 * Bounds what is under way on a link: written, and not read by the peer yet. An urgent message stands behind
 * all of that, in buffers of two systems and of the network between them, which take megabytes; no discipline
 * can put it in front again.
 *
 * Pings go with the data, some to each window: a pong tells how much the peer has read, and how long
 * that took. As much may be under way as the pipe takes in two of its shortest round trips, one to fill it and one
 * for the answer to come back, so that the pipe stays full and the queue in front of it short. The
 * window follows the rate that it sees: it doubles each round trip until the pipe is full. (The model is that of
 * BBR: Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 14(5), 2016.)
 */
export class InFlight {
  #sentBytes = 0;
  #readBytes = 0;
  #readAtMs = 0;
  #windowBytes = windowBytesMin;
  /** The pings that are under way, in order. */
  readonly #pings: Ping[] = [];
  #pingedBytes = 0;
  /** Whether the window has held something back since the last ping. */
  #held = false;
  #shortestMs = Infinity;
  #shortestAtMs = 0;
  /** The pipe is being emptied: until a ping answers that was sent when all up to here had been read. */
  #emptyFromBytes: number | undefined;

  /** Whether a record may be written. */
  get open(): boolean {
    if (this.#sentBytes - this.#readBytes < this.#limitBytes) return true;
    this.#held = true;
    return false;
  }

  /** Whether it is time to ask how much has been read. */
  get pingDue(): boolean {
    return this.#sentBytes - this.#pingedBytes >= this.#limitBytes / pingsPerWindow;
  }

  /** So many bytes were written. */
  wrote(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** A ping goes out behind what was written. */
  pinged(nowMs: number): void {
    this.#pings.push({
      sentBytes: this.#sentBytes,
      sentAtMs: nowMs,
      readBytes: this.#readBytes,
      // Of a pause, nothing is to be seen in the rate.
      readAtMs: this.#pings.length === 0 ? nowMs : this.#readAtMs,
      held: this.#held,
    });
    this.#pingedBytes = this.#sentBytes;
    this.#held = false;
  }

  /** A pong has come. */
  ponged(nowMs: number): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    this.#readBytes = ping.sentBytes;
    this.#readAtMs = nowMs;
    const roundTripMs = Math.max(0, nowMs - ping.sentAtMs);
    const wasEmpty = this.#emptyFromBytes !== undefined && ping.readBytes >= this.#emptyFromBytes;
    if (roundTripMs <= this.#shortestMs || wasEmpty) {
      this.#shortestMs = roundTripMs;
      this.#shortestAtMs = nowMs;
      this.#emptyFromBytes = undefined;
    } else if (nowMs - this.#shortestAtMs >= shortestMs) {
      this.#emptyFromBytes ??= this.#sentBytes;
    }
    if (ping.held && this.#emptyFromBytes === undefined) this.#adjust(ping, nowMs);
  }

  get #limitBytes(): number {
    return this.#emptyFromBytes === undefined ? this.#windowBytes : windowBytesMin;
  }

  #adjust(ping: Ping, nowMs: number): void {
    const spanMs = nowMs - ping.readAtMs;
    // A clock that stands still, or was set back, tells of no rate.
    if (!(spanMs > 0)) return;
    const windowBytes =
      ((ping.sentBytes - ping.readBytes) / spanMs) * (2 * this.#shortestMs + slackMs);
    this.#windowBytes = Math.min(Math.max(windowBytes, windowBytesMin), windowBytesMax);
  }
}
