import type { RxmeshError } from '../../model/error.ts';
import type { Link, LinkReceiver } from '../../transport/link.ts';
import { check } from './check.ts';

/** A message that has arrived. */
export interface ArrivedMessage {
  readonly channel: number;
  readonly bytes: Uint8Array;
}

/** Credit that has arrived. */
export interface ArrivedCredit {
  readonly channel: number;
  readonly messages: number;
  readonly bytes: number;
}

/**
 * One end of a link under test. Records what arrives, and checks that the link calls its receiver
 * as `LinkReceiver` promises.
 */
export class LinkEnd {
  readonly link: Link;
  readonly messages: ArrivedMessage[] = [];
  readonly credits: ArrivedCredit[] = [];
  /** Set once the link has ended, along with its error, if any. */
  end: { readonly error: RxmeshError | undefined } | undefined;
  hasAccepted = false;
  drains = 0;
  /** What the link did that a receiver must not see. */
  readonly faults: string[] = [];

  /** Fragments of incomplete messages, by channel. */
  readonly #pieces = new Map<number, Uint8Array[]>();

  constructor(link: Link) {
    this.link = link;
    link.attach(this.#receiver());
  }

  /** Writes one message, in as many fragments and records as necessary. */
  send(channel: number, bytes: Uint8Array): void {
    const { link } = this;
    let start = 0;
    do {
      if (link.room < Math.min(bytes.length - start, link.fragmentBytesMax)) link.flush();
      const length = Math.min(bytes.length - start, link.fragmentBytesMax, link.room);
      // After the end there is no room, and nothing is written.
      if (length === 0 && bytes.length > start) return;
      link.data(channel, bytes, start, start + length, start + length === bytes.length);
      start += length;
    } while (start < bytes.length);
  }

  checkFaults(): void {
    check(this.faults.length === 0, this.faults.join('; '));
  }

  #receiver(): LinkReceiver {
    const live = (call: string): void => {
      if (this.end !== undefined) this.faults.push(`${call} was called after ended`);
    };
    return {
      data: (channel, bytes, last) => {
        live('data');
        this.#collect(channel, bytes, last);
      },
      credit: (channel, messages, bytes) => {
        live('credit');
        this.credits.push({ channel, messages, bytes });
      },
      messageLimit: () => live('messageLimit'),
      channelClosed: () => live('channelClosed'),
      accepted: () => {
        live('accepted');
        if (this.hasAccepted) this.faults.push('accepted was called twice');
        this.hasAccepted = true;
      },
      ping: () => live('ping'),
      pong: () => live('pong'),
      drained: () => {
        live('drained');
        if (!this.link.writable) this.faults.push('drained was called, but writable is false');
        this.drains += 1;
      },
      recordEnd: () => live('recordEnd'),
      ended: (error) => {
        live('ended');
        this.end = { error };
      },
    };
  }

  #collect(channel: number, bytes: Uint8Array, last: boolean): void {
    const pieces = this.#pieces.get(channel) ?? [];
    // Not copied: a link promises never to write to them again.
    pieces.push(bytes);
    if (!last) {
      this.#pieces.set(channel, pieces);
      return;
    }
    this.#pieces.delete(channel);
    this.messages.push({ channel, bytes: concatenate(pieces) });
  }
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
