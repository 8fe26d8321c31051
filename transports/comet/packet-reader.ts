import { FIELD, PACKET, packetLengthMax } from './packets.ts';

/** Receives the packets of a stream: one call for each, in order. */
export interface PacketHandler {
  ping(): void;
  pong(): void;
  /**
   * `bytes` is a view of what was read. Returns false if the packet is to be held back; it is
   * handed over again with the next `read`.
   */
  message(channel: number, bytes: Uint8Array, last: boolean): boolean;
  /** Checked before each packet: whether to stop here. */
  readonly stopped: boolean;
}

const nothing = new Uint8Array(0);
/** The longest varint that is accepted: 32 bits. */
const varintBytesMax = 5;
const incomplete = -1;
const malformed = -2;

/** Cuts a byte stream into packets, and hands them over one by one. */
export class PacketReader {
  readonly #dataBytesMax: number;
  readonly #lengthMax: number;
  #bytes: Uint8Array = nothing;
  #at = 0;
  /** The end of the packet being read. */
  #end = 0;

  /** @param dataBytesMax the most bytes of a message in one packet */
  constructor(dataBytesMax: number) {
    this.#dataBytesMax = dataBytesMax;
    this.#lengthMax = packetLengthMax(dataBytesMax);
  }

  /** How many bytes wait to be read. */
  get waitingBytes(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether it still needs the bytes that it was given last. */
  get holdsRead(): boolean {
    return this.waitingBytes > this.#lengthMax + varintBytesMax;
  }

  /** The bytes that wait to be read. */
  get waiting(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** Takes what waits and what has arrived behind it, which must not change afterwards. */
  take(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
  }

  /**
   * Hands over packets until the handler stops or holds one back, or the next one is incomplete.
   * @returns a description of what violates the format, or undefined. Packets before it have been
   *   handed over.
   */
  read(handler: PacketHandler): string | undefined {
    while (!handler.stopped) {
      const start = this.#at;
      this.#end = this.#bytes.length;
      const length = this.#varint();
      if (length === malformed) return 'a packet without a valid length';
      if (length > this.#lengthMax) {
        return `a packet of ${length} bytes, more than ${this.#lengthMax}`;
      }
      if (length === incomplete || this.#at + length > this.#bytes.length) {
        this.#at = start;
        break;
      }
      this.#end = this.#at + length;
      const outcome = this.#packet(handler);
      if (typeof outcome === 'string') return outcome;
      if (!outcome) {
        this.#at = start;
        break;
      }
      this.#at = this.#end;
    }
    this.#letGo();
    return undefined;
  }

  /** Keeps what is left of a packet without the whole read that it arrived in. */
  #letGo(): void {
    if (this.holdsRead) return;
    this.#bytes = this.waitingBytes === 0 ? nothing : this.#bytes.slice(this.#at);
    this.#at = 0;
  }

  /** Returns false if the handler holds the packet back, or what is wrong with it. */
  #packet(handler: PacketHandler): boolean | string {
    const type = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    this.#at += 1;
    const length = this.#varint();
    if (length < 0 || this.#at + length !== this.#end) return 'a packet that is not exactly one';
    switch (type) {
      case PACKET.ping:
        handler.ping();
        return true;
      case PACKET.pong:
        handler.pong();
        return true;
      case PACKET.message:
        return this.#message(handler);
      default:
        return 'a packet of unknown type';
    }
  }

  #message(handler: PacketHandler): boolean | string {
    let channel = 0;
    let last = false;
    let data: Uint8Array = nothing;
    while (this.#at < this.#end) {
      const field = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      const value = this.#varint();
      if (value < 0) return 'a message packet with a malformed field';
      if (field === FIELD.channel) channel = value;
      else if (field === FIELD.eof) last = value !== 0;
      else if (field === FIELD.data && this.#at + value <= this.#end) {
        data = this.#view(value);
      } else {
        return `a message packet with the field ${field} of ${value}`;
      }
    }
    if (data.length > this.#dataBytesMax) {
      return `a packet with ${data.length} bytes of a message, more than ${this.#dataBytesMax}`;
    }
    if (data.length === 0 && !last) return 'an empty piece that is not the last of its message';
    return handler.message(channel, data, last);
  }

  #view(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /**
   * Reads an unsigned varint of at most 32 bits, within the packet or, for its length, the read.
   */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < varintBytesMax; count += 1) {
      if (this.#at >= this.#end) return incomplete;
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= 0xffff_ffff ? value : malformed;
      scale *= 0x80;
    }
    return malformed;
  }
}
