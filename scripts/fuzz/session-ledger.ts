import { InboundPackets } from '../../lib/secure/inbound-packets.ts';
import { parsePackets } from '../../lib/secure/packet-parser.ts';
import type { LinkReceiver } from '../../lib/transport/link.ts';
import { expectThat } from './target.ts';

/** What the peer may still send on a channel, according to the credit it received. */
interface Balance {
  messages: number;
  bytes: number;
  isWithin: boolean;
}

/** Tracks both sides of a link from their packets alone. */
export class SessionLedger {
  /** Pings from the peer, and our answers. */
  pings = 0;
  pongs = 0;
  /**
   * Messages in both directions, plus KiB from the peer. The peer may send this many additional
   * pings.
   */
  traffic = 0;
  /** Whether the peer has ever started a message without credit. */
  isOverdrawn = false;
  readonly #balances = new Map<number, Balance>();
  readonly #peer = this.#reader({
    data: (channel, bytes, last) => this.#spend(channel, bytes.length, last),
    ping: () => (this.pings += 1),
  });
  readonly #ours = this.#reader(
    {
      credit: (channel, messages, bytes) => {
        const balance = this.#balance(channel);
        balance.messages += messages;
        balance.bytes += bytes;
      },
      data: () => (this.traffic += 1),
      pong: () => (this.pongs += 1),
    },
    (text) => expectThat(false, `we broke the protocol: ${text}`),
  );

  /** Records a record from the peer. */
  peerSent(plaintext: Uint8Array): void {
    this.traffic += plaintext.length / 1024;
    if (parsePackets(plaintext, this.#peer) !== undefined) this.#peer.stopped = true;
  }

  /** Records a record from this side, which must be valid. */
  weSent(plaintext: Uint8Array): void {
    const fault = parsePackets(plaintext, this.#ours);
    expectThat(fault === undefined, `we wrote ${fault ?? ''}`);
  }

  /** Channels on which the peer has started more messages than this side has granted. */
  get overdrawn(): readonly number[] {
    return [...this.#balances].flatMap(([channel, { messages }]) => (messages < 0 ? channel : []));
  }

  #spend(channel: number, bytes: number, last: boolean): void {
    const balance = this.#balance(channel);
    if (!balance.isWithin) {
      if (balance.messages <= 0 || balance.bytes <= 0) this.isOverdrawn = true;
      balance.messages -= 1;
    }
    balance.bytes -= bytes;
    balance.isWithin = !last;
    if (last) this.traffic += 1;
  }

  #balance(channel: number): Balance {
    const known = this.#balances.get(channel);
    if (known !== undefined) return known;
    const balance = { messages: 0, bytes: 0, isWithin: false };
    this.#balances.set(channel, balance);
    return balance;
  }

  #reader(
    heard: Partial<LinkReceiver>,
    violated: (text: string) => void = () => undefined,
  ): InboundPackets {
    const stop = (): void => {
      reader.stopped = true;
    };
    const reader: InboundPackets = new InboundPackets({
      violated: (text) => {
        violated(text);
        stop();
      },
      bye: stop,
    });
    const ignore = (): void => undefined;
    const ignored = { data: ignore, credit: ignore, messageLimit: ignore, channelClosed: ignore };
    const rest = { accepted: ignore, ping: ignore, pong: ignore, drained: ignore };
    reader.receiver = { ...ignored, ...rest, recordEnd: ignore, ended: ignore, ...heard };
    return reader;
  }
}
