import type { LinkReceiver } from '../../lib/transport/link.ts';
import type { PacketHandler, PacketReader } from './packet-reader.ts';

/** What the inbound packets of a link depend on. */
export interface InboundOptions {
  /** The channels that we have announced. */
  readonly channels: readonly number[];
  /** The longest message. */
  readonly bytesMax: number;
  /** Called when the peer has sent what it must not. The link ends. */
  readonly violated: (text: string, channel: number) => void;
}

/** Enforces the rules for a peer's packets, and passes them on. */
export class InboundMessages implements PacketHandler {
  /** Set before the first packet is read. */
  receiver: LinkReceiver | undefined;
  /** Set when the link ends, possibly from within a call to the receiver. */
  hasEnded = false;
  /** Set while the link is paused. */
  isPaused = false;
  /** Whether the receiver does not take the next message yet. */
  isHeld = false;
  #isAccepted = false;
  #hasPassedView = false;
  #isPongAwaited = false;
  readonly #options: InboundOptions;
  /** By channel: how much of a message has arrived. Undefined if the channel is not announced. */
  readonly #bytes: (number | undefined)[] = [];
  /** The channels on which a message has begun. */
  readonly #begun = new Set<number>();

  constructor(options: InboundOptions) {
    this.#options = options;
    for (const channel of options.channels) this.#bytes[channel] = 0;
  }

  /** Whether the peer has sent anything, and so has accepted us. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /**
   * Whether a message of a single packet was passed on since the last call: what the receiver has
   * of it is a view of what was read.
   */
  passedView(): boolean {
    const passed = this.#hasPassedView;
    this.#hasPassedView = false;
    return passed;
  }

  get stopped(): boolean {
    return this.hasEnded || this.isPaused;
  }

  /** Keeps the next pong from the receiver, which did not send the ping. */
  awaitPong(): void {
    this.#isPongAwaited = true;
  }

  ping(): void {
    this.#accept();
    if (!this.hasEnded) this.receiver?.ping();
  }

  pong(): void {
    this.#accept();
    if (this.#isPongAwaited) this.#isPongAwaited = false;
    else if (!this.hasEnded) this.receiver?.pong();
  }

  message(channel: number, bytes: Uint8Array, last: boolean): boolean {
    const before = this.#bytes[channel];
    if (before === undefined) {
      const text = `a message on channel ${channel}, which we have not announced`;
      this.#options.violated(text, channel);
      return true;
    }
    const length = before + bytes.length;
    const { bytesMax } = this.#options;
    if (length > bytesMax) {
      const text = `a message of more than ${bytesMax} bytes on channel ${channel}`;
      this.#options.violated(text, channel);
      return true;
    }
    this.#accept();
    const { receiver } = this;
    if (this.hasEnded || receiver === undefined) return true;
    if (!this.#begun.has(channel)) {
      this.isHeld = receiver.takes?.(channel) === false;
      if (this.isHeld) return false;
      if (last) this.#hasPassedView = true;
      else this.#begun.add(channel);
    } else if (last) {
      this.#begun.delete(channel);
    }
    this.#bytes[channel] = last ? 0 : length;
    receiver.data(channel, bytes, last);
    return true;
  }

  /** Reports the messages that have arrived, and that nobody will take any more. */
  reportLost(packets: PacketReader): void {
    packets.read({
      stopped: false,
      ping: ignore,
      pong: ignore,
      message: (channel, _bytes, last) => {
        if (last && this.#bytes[channel] !== undefined) this.receiver?.lost?.(channel);
        return true;
      },
    });
  }

  #accept(): void {
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    this.receiver?.accepted();
  }
}

function ignore(): void {
  return undefined;
}
