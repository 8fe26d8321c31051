/** Less makes a fast link slower, measured: by a fifth with half of it. */
const windowBytesMin = 512 * 1024;
/**
 * No window is smaller than what goes out in so long, since both processes wait for each other's turns: half
 * of that cost messages of 64 KiB a fifth of their rate, measured on loopback.
 */
const windowMsMin = 6;
/** What the search begins with. */
const windowBytesAtFirst = 1024 * 1024;
/** More than any network holds that rxmesh is made for. */
const windowBytesMax = 32 * 1024 * 1024;
/** Pings under way while the window is full. */
const pingsPerWindow = 4;
/** A rate is measured over so many pongs, and so long, at least. */
const pongsPerRound = 12;
const roundMs = 50;
/** A larger window has to be worth it: so many times the rate for twice the bytes. */
const gainMin = 1.1;
/** A smaller one may cost next to nothing. Rates are noisy: what is in doubt stays as it is. */
const lossTolerated = 1.02;
/** How long a window is good for: then a smaller one may do, or a larger one be worth it. */
const searchEveryMs = 10_000;

/** What was known when a ping was sent. */
interface Ping {
  readonly sentBytes: number;
  /** Of the round in which it was sent. */
  readonly round: number;
  /** Whether the window has held something back since the ping before: else the rate is not the link's. */
  readonly held: boolean;
}

/**
 * Bounds what is under way on a link: written, and not read by the peer yet. An urgent message stands behind
 * all of that, in buffers of two systems and of the network between them, which take megabytes; no discipline
 * can put it in front again.
 *
 * Pings go with the data, some to each window; a pong tells that the peer has read what stood in front of its
 * ping. The window is searched for: it halves as long as that makes the link no slower, else it doubles as long as
 * that makes it faster. So it is at most twice what the link needs, whatever makes round trips long: distance,
 * or a peer that is busy. (A search for the knee of Kleinrock's power curve, by the plateau by which BBR's
 * start-up finds a full pipe: Cardwell et al., ACM Queue 14(5), 2016.)
 */
export class InFlight {
  #sentBytes = 0;
  #readBytes = 0;
  #windowBytes = windowBytesAtFirst;
  /** The pings that are under way, in order. */
  readonly #pings: Ping[] = [];
  #pingedBytes = 0;
  #held = false;

  /** The rate with the window before, in bytes a millisecond. */
  #rateBefore = 0;
  #search: 'none' | 'first down' | 'down' | 'up' = 'none';
  #searchedAtMs = -Infinity;
  /** A round begins with each change of the window, and when the sender had too little to send. */
  #round = 0;
  #roundPongs = 0;
  #roundAtMs = 0;
  #roundBytes = 0;

  /** Whether a record may be written. */
  get open(): boolean {
    if (this.#sentBytes - this.#readBytes < this.#windowBytes) return true;
    this.#held = true;
    return false;
  }

  /** Whether it is time to ask how much has been read. */
  get pingDue(): boolean {
    return this.#sentBytes - this.#pingedBytes >= this.#windowBytes / pingsPerWindow;
  }

  /** So many bytes were written. */
  wrote(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** A ping goes out behind what was written. */
  pinged(): void {
    this.#pings.push({ sentBytes: this.#sentBytes, round: this.#round, held: this.#held });
    this.#pingedBytes = this.#sentBytes;
    this.#held = false;
  }

  /** A pong has come. */
  ponged(nowMs: number): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    this.#readBytes = ping.sentBytes;
    if (ping.round !== this.#round) return;
    if (!ping.held) {
      this.#beginRound();
      return;
    }
    if (this.#roundPongs === 0) {
      this.#roundAtMs = nowMs;
      this.#roundBytes = ping.sentBytes;
    }
    this.#roundPongs += 1;
    const spanMs = nowMs - this.#roundAtMs;
    if (this.#roundPongs <= pongsPerRound || spanMs < roundMs) return;
    this.#judge((ping.sentBytes - this.#roundBytes) / spanMs, nowMs);
    this.#beginRound();
  }

  #judge(rate: number, nowMs: number): void {
    switch (this.#search) {
      case 'none':
        if (nowMs - this.#searchedAtMs < searchEveryMs) return;
        this.#rateBefore = rate;
        if (this.#windowBytes < rate * windowMsMin && this.#resize(2)) return;
        this.#searchedAtMs = nowMs;
        if (this.#shrink(rate)) this.#search = 'first down';
        else this.#searchUp();
        return;
      case 'first down':
      case 'down':
        if (rate * lossTolerated >= this.#rateBefore) {
          this.#search = this.#shrink(rate) ? 'down' : 'none';
          return;
        }
        // It was too much: back, and if that was the first step, the other way.
        this.#resize(2);
        if (this.#search === 'first down') this.#searchUp();
        else this.#search = 'none';
        return;
      case 'up':
        if (rate < gainMin * this.#rateBefore) {
          this.#resize(0.5);
        } else if (this.#resize(2)) {
          this.#rateBefore = rate;
          return;
        }
        this.#search = 'none';
        this.#searchedAtMs = nowMs;
    }
  }

  #searchUp(): void {
    this.#search = this.#resize(2) ? 'up' : 'none';
  }

  /** Halves the window, unless that is too little for this rate. */
  #shrink(rate: number): boolean {
    return this.#windowBytes >= 2 * rate * windowMsMin && this.#resize(0.5);
  }

  /** False when the window is as small or as large as it may be. */
  #resize(factor: number): boolean {
    const windowBytes = this.#windowBytes * factor;
    if (windowBytes < windowBytesMin || windowBytes > windowBytesMax) return false;
    this.#windowBytes = windowBytes;
    return true;
  }

  #beginRound(): void {
    this.#round += 1;
    this.#roundPongs = 0;
  }
}
