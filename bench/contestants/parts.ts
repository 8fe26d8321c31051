import { protobuf } from 'rxmesh';
import type { Contestant } from './contestant.ts';
import type { FrameSource } from './frames.ts';
import { bodyFor, Item } from './item.ts';
import { overSocket } from './socket.ts';

const codec = protobuf<Item>(Item, { verify: false });

/** The encrypted bare socket with the codec of rxmesh: the parts of rxmesh without the router. */
export const parts: Contestant = overSocket(
  (bytes) => new Encoded(bytes),
  (bytes, start, end) => codec.decode(bytes.subarray(start, end)).seq,
);

/** Encodes each message. */
class Encoded implements FrameSource {
  readonly #body: Uint8Array;
  #bytes: Uint8Array = new Uint8Array();

  constructor(bytes: number) {
    this.#body = bodyFor(bytes);
  }

  begin(seq: number): number {
    this.#bytes = codec.encode({ seq, body: this.#body });
    let length = this.#bytes.length + 1;
    for (let rest = this.#bytes.length >>> 7; rest > 0; rest >>>= 7) length += 1;
    return length;
  }

  write(_seq: number, into: Buffer, start: number): void {
    let at = start;
    let rest = this.#bytes.length;
    for (; rest > 0x7f; rest >>>= 7, at += 1) into[at] = (rest & 0x7f) | 0x80;
    into[at] = rest;
    into.set(this.#bytes, at + 1);
  }
}
