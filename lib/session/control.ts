import type { Link } from '../transport/link.ts';
import type { Credit } from './channel-end.ts';

/** What to announce about an open channel. */
interface Announcement extends Credit {
  /** Whether it was closed before: the peer learns of that first. */
  readonly wasClosed: boolean;
  /** The limit on the length of its messages, if it has to be announced. */
  readonly limitBytes?: number | undefined;
}

/** Takes the place of credit: the channel is closed. */
const closed = 'closed';
const nothing: Announcement = { wasClosed: false, messages: 0, bytes: 0 };
const onlyClosed: Announcement = { ...nothing, wasClosed: true };
/** The most room that any control packet needs. */
const controlBytesMax = 16;

/** Everything due on a link other than data: credit, closed channels, pings and pongs. */
export class Control {
  readonly #link: Link;
  readonly #onPing: () => void;
  /** What to announce per channel: credit or `closed`. */
  readonly #announcements = new Map<number, Announcement | typeof closed>();
  #pongsDue = 0;
  /** When the latest ping was read, in milliseconds. */
  #readAtMs = 0;
  /** Set while a keep-alive ping is due; called when it is written. */
  #pingDue: (() => void) | undefined;
  /** Whether a ping that measures the round trip is due. */
  #measureDue = false;
  /** How many pings were written, and how many of those were answered. */
  pings = 0;
  pongs = 0;
  /** The pings in flight, in order. True for those of keep-alive. */
  readonly #pings: boolean[] = [];

  /** @param onPing called just before a ping of either kind is written */
  constructor(link: Link, onPing: () => void) {
    this.#link = link;
    this.#onPing = onPing;
  }

  get due(): boolean {
    const isPingDue = this.#pingDue !== undefined || this.#measureDue;
    return isPingDue || this.#announcements.size > 0 || this.#pongsDue > 0;
  }

  /** Grants the peer more credit. Grants made in the same turn are merged. */
  grant(channel: number, messages: number, bytes: number): void {
    const { limitBytes } = this.#unsent(channel);
    this.#add(channel, messages, bytes, limitBytes);
  }

  /**
   * Announces that a channel is open here, and the limit on its messages if it is not the default.
   * If it was closed in the same turn, the peer learns of that, too: what it knows of the channel,
   * and what waits there for it, is about the previous one.
   */
  open(channel: number, limitBytes: number | undefined): void {
    this.#add(channel, 0, 0, limitBytes);
  }

  #add(channel: number, messages: number, bytes: number, limitBytes: number | undefined): void {
    const before = this.#unsent(channel);
    this.#announcements.set(channel, {
      wasClosed: before.wasClosed,
      messages: before.messages + messages,
      bytes: before.bytes + bytes,
      limitBytes,
    });
  }

  /**
   * Announces that a channel is closed here. Returns the credit that was granted but will not be
   * sent.
   */
  close(channel: number): Credit {
    const { messages, bytes } = this.#unsent(channel);
    this.#announcements.set(channel, closed);
    return { messages, bytes };
  }

  /** Answers a ping that was read at this time, in milliseconds. */
  pong(readAtMs: number): void {
    this.#pongsDue += 1;
    this.#readAtMs = readAtMs;
  }

  /** Makes a keep-alive ping due. `onPing` is called just before it is written. */
  ping(onPing: () => void): void {
    this.#pingDue = onPing;
  }

  /**
   * Sends a ping along with whatever is written next, to measure the round trip and how much is in
   * flight.
   */
  measure(): void {
    this.#measureDue = true;
  }

  /** How many pings were written or are due. */
  get pingsWrittenOrDue(): number {
    return this.pings + (this.#measureDue ? 1 : 0);
  }

  /**
   * The oldest ping was answered. Returns what it was for, or undefined if no ping was in flight.
   */
  ponged(): 'keep-alive' | 'measure' | undefined {
    const isKeepAlive = this.#pings.shift();
    if (isKeepAlive === undefined) return undefined;
    this.pongs += 1;
    return isKeepAlive ? 'keep-alive' : 'measure';
  }

  /** Writes the pings and pongs that are due. */
  writePings(): void {
    for (; this.#pongsDue > 0; this.#pongsDue -= 1) {
      if (this.#link.room < controlBytesMax) {
        // If the peer floods us with pings, answer only as many as the link takes.
        this.#link.flush();
        if (!this.#link.writable) return;
      }
      this.#link.pong(this.#readAtMs);
    }
    const onPing = this.#pingDue;
    if (onPing !== undefined) {
      this.#pingDue = undefined;
      onPing();
      this.#ping(true);
    } else if (this.#measureDue) {
      this.#ping(false);
    }
  }

  /** Writes the announcements about channels. */
  writeAnnouncements(): void {
    if (this.#announcements.size === 0) return;
    for (const [channel, announcement] of this.#announcements) {
      // Delete it first: a flush may add a new announcement for the same channel.
      this.#announcements.delete(channel);
      this.#makeRoom();
      if (announcement === closed || announcement.wasClosed) this.#link.channelClosed(channel);
      if (announcement === closed) continue;
      this.#makeRoom();
      if (announcement.limitBytes !== undefined) {
        this.#link.messageLimit(channel, announcement.limitBytes);
        this.#makeRoom();
      }
      this.#link.credit(channel, announcement.messages, announcement.bytes);
    }
  }

  /** Discards the announcements about channels. */
  clear(): void {
    this.#announcements.clear();
  }

  #makeRoom(): void {
    if (this.#link.room < controlBytesMax) this.#link.flush();
  }

  #ping(isKeepAlive: boolean): void {
    // Every ping measures.
    this.#measureDue = false;
    this.pings += 1;
    this.#pings.push(isKeepAlive);
    this.#onPing();
    this.#link.ping();
  }

  #unsent(channel: number): Announcement {
    const announcement = this.#announcements.get(channel);
    return announcement === closed ? onlyClosed : (announcement ?? nothing);
  }
}
