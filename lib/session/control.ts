import type { Link } from '../transport/link.ts';
import type { Credit } from './channel-end.ts';

/** What is to be said of a channel that is open. */
interface OpenNews extends Credit {
  /** How long its messages may be, if that is to be said. */
  readonly limitBytes?: number | undefined;
}

/** In place of an amount of credit: the channel is closed. */
const closed = 'closed';
const noCredit: OpenNews = { messages: 0, bytes: 0 };
/** Room that every packet other than data needs, at most. */
const controlBytesMax = 16;

/** What is due on a link besides data: credit, closed channels, pings and their answers. */
export class Control {
  readonly #link: Link;
  readonly #onPing: () => void;
  /** What is to be said of channels: credit, or `closed`. */
  readonly #news = new Map<number, OpenNews | typeof closed>();
  #pongsDue = 0;
  /** Set while keep-alive's ping is to be written; called when it is. */
  #pingDue: (() => void) | undefined;
  /** A ping is due that measures the round trip. */
  #measureDue = false;
  /** How many pings were written, and how many of them were answered. */
  pings = 0;
  pongs = 0;
  /** The pings that are under way, in order: whether each is keep-alive's. */
  readonly #pings: boolean[] = [];

  /** @param onPing called just before any ping is written */
  constructor(link: Link, onPing: () => void) {
    this.#link = link;
    this.#onPing = onPing;
  }

  /** Whether anything is due. */
  get due(): boolean {
    const isPingDue = this.#pingDue !== undefined || this.#measureDue;
    return isPingDue || this.#news.size > 0 || this.#pongsDue > 0;
  }

  /** Lets the peer send so much more; grants of one turn are sent as one. */
  grant(channel: number, messages: number, bytes: number): void {
    const { limitBytes } = this.#unsent(channel);
    this.#add(channel, messages, bytes, limitBytes);
  }

  /**
   * Says that a channel is open here, and how long its messages may be, if not as long as usual.
   */
  open(channel: number, limitBytes: number | undefined): void {
    this.#add(channel, 0, 0, limitBytes);
  }

  #add(channel: number, messages: number, bytes: number, limitBytes: number | undefined): void {
    // Whoever reopens a channel in the turn in which it was closed has not closed it for the peer.
    const before = this.#unsent(channel);
    this.#news.set(channel, {
      messages: before.messages + messages,
      bytes: before.bytes + bytes,
      limitBytes,
    });
  }

  /**
   * Says that a channel is closed here. Returns the credit that was granted and is now never sent.
   */
  close(channel: number): Credit {
    const unsent = this.#unsent(channel);
    this.#news.set(channel, closed);
    return unsent;
  }

  pong(): void {
    this.#pongsDue += 1;
  }

  /** Keep-alive's ping; `onPing` is called just before it is written. */
  ping(onPing: () => void): void {
    this.#pingDue = onPing;
  }

  /**
   * A ping goes with what is written next, which measures the round trip and how much is on the
   * way.
   */
  measure(): void {
    this.#measureDue = true;
  }

  /** How many pings were written, or are due. */
  get asked(): number {
    return this.pings + (this.#measureDue ? 1 : 0);
  }

  /** The oldest ping was answered: whose it was; `undefined` if none is under way. */
  ponged(): 'keep-alive' | 'measure' | undefined {
    const isKeepAlive = this.#pings.shift();
    if (isKeepAlive === undefined) return undefined;
    this.pongs += 1;
    return isKeepAlive ? 'keep-alive' : 'measure';
  }

  /** Writes pings and their answers. */
  writePings(): void {
    for (; this.#pongsDue > 0; this.#pongsDue -= 1) {
      if (this.#link.room < controlBytesMax) {
        // Of a flood, no more than the link takes.
        this.#link.flush();
        if (!this.#link.writable) return;
      }
      this.#link.pong();
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

  /** Writes what is to be said of channels. */
  writeNews(): void {
    if (this.#news.size === 0) return;
    for (const [channel, news] of this.#news) {
      // First, since a flush may bring news of the same channel.
      this.#news.delete(channel);
      this.#makeRoom();
      if (news === closed) {
        this.#link.channelClosed(channel);
        continue;
      }
      if (news.limitBytes !== undefined) {
        this.#link.messageLimit(channel, news.limitBytes);
        this.#makeRoom();
      }
      this.#link.credit(channel, news.messages, news.bytes);
    }
  }

  /** Says nothing more of channels. */
  clear(): void {
    this.#news.clear();
  }

  #makeRoom(): void {
    if (this.#link.room < controlBytesMax) this.#link.flush();
  }

  #ping(isKeepAlive: boolean): void {
    // Any ping measures.
    this.#measureDue = false;
    this.pings += 1;
    this.#pings.push(isKeepAlive);
    this.#onPing();
    this.#link.ping();
  }

  #unsent(channel: number): OpenNews {
    const news = this.#news.get(channel);
    return news === undefined || news === closed ? noCredit : news;
  }
}
