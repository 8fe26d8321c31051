import type { ByeReason, LinkReceiver } from '../transport/link.ts';
import type { PacketHandler } from './packet-parser.ts';

/** Callbacks for what ends the packets of a peer. */
export interface InboundEnd {
  /** The peer sent a packet that is not allowed at this point. */
  violated(message: string): void;
  /** The peer said bye. */
  bye(reason: ByeReason, text: string): void;
}

/** Enforces the order of a peer's packets: a single accept, and data only after it. */
export class InboundPackets implements PacketHandler {
  /** Receives the packets; set before the first record is parsed. */
  receiver: LinkReceiver | undefined;
  /** Set when the link ends, possibly from within a call to the receiver. */
  stopped = false;
  #accepted = false;
  readonly #end: InboundEnd;

  constructor(end: InboundEnd) {
    this.#end = end;
  }

  get isAccepted(): boolean {
    return this.#accepted;
  }

  data(channel: number, bytes: Uint8Array, last: boolean): void {
    if (this.#accepted) this.receiver?.data(channel, bytes, last);
    else this.#end.violated('data before the accept');
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

  pong(readAtMs: number): void {
    this.receiver?.pong(readAtMs);
  }

  bye(reason: ByeReason, text: string): void {
    this.#end.bye(reason, text);
  }
}
