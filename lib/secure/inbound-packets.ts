import type { ByeReason, LinkReceiver } from '../transport/link.ts';
import type { PacketHandler } from './packet-parser.ts';

/** What ends the packets of a peer. */
export interface InboundEnd {
  /** The peer sent a packet where it must not. */
  violated(message: string): void;
  /** The peer said bye. */
  bye(reason: ByeReason, text: string): void;
}

/** Holds a peer's packets to their order: one accept, and data only behind it. */
export class InboundPackets implements PacketHandler {
  /** Who hears of the packets; set before the first record is parsed. */
  receiver: LinkReceiver | undefined;
  /** Set at the end of the link, also from within a call of the receiver. */
  stopped = false;
  #accepted = false;
  readonly #end: InboundEnd;

  constructor(end: InboundEnd) {
    this.#end = end;
  }

  /** Whether the peer has accepted us. */
  get isAccepted(): boolean {
    return this.#accepted;
  }

  data(channel: number, bytes: Uint8Array, last: boolean): void {
    if (this.#accepted) this.receiver?.data(channel, bytes, last);
    else this.#end.violated('data in front of the accept');
  }

  credit(channel: number, messages: number, bytes: number): void {
    this.receiver?.credit(channel, messages, bytes);
  }

  messageLimit(channel: number, bytes: number): void {
    this.receiver?.messageLimit(channel, bytes);
  }

  channelClosed(channel: number): void {
    this.receiver?.channelClosed(channel);
  }

  accept(): void {
    if (this.#accepted) {
      this.#end.violated('a second accept');
    } else {
      this.#accepted = true;
      this.receiver?.accepted();
    }
  }

  ping(): void {
    this.receiver?.ping();
  }

  pong(): void {
    this.receiver?.pong();
  }

  bye(reason: ByeReason, text: string): void {
    this.#end.bye(reason, text);
  }
}
