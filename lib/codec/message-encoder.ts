import { hasPlace, MessageSlab, slabBytes } from './message-slab.ts';
import type { MessageType, MessageWriter } from './message-type.ts';

/** Encodes the messages of one type. */
export class MessageEncoder {
  readonly #type: MessageType;
  #slab: MessageSlab | undefined;
  /**
   * A writer of another version of protobufjs, which slabs cannot use. Unset while it is in use.
   */
  #writer: MessageWriter | undefined;
  /** The length of the previous message. */
  #expectedBytes = 0;

  constructor(type: MessageType) {
    this.#type = type;
  }

  /** Encodes a message. Throws what the type throws. */
  encode(message: object): Uint8Array {
    const bytes =
      this.#slab?.encode(this.#type, message, this.#expectedBytes) ?? this.#encodeAlone(message);
    this.#expectedBytes = bytes.length;
    return bytes;
  }

  #encodeAlone(message: object): Uint8Array {
    const spare = this.#writer;
    this.#writer = undefined;
    spare?.reset();
    const writer = this.#type.encode(message, spare);
    if (hasPlace(writer)) {
      this.#slab = MessageSlab.of(writer);
      // Encode it again into the slab, like all further messages.
      const bytes = this.#slab.encode(this.#type, message, 0);
      if (bytes !== undefined) return bytes;
    }
    const bytes = writer.finish();
    if (bytes.length <= slabBytes) this.#writer = writer;
    return bytes;
  }
}
