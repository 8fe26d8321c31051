import { Reader } from 'protobufjs/minimal.js';
import { tooManyElements } from './decode-limits.ts';

type Values<T> = T[] | undefined;

/**
 * A reader that counts the elements of a message as it is read: each field by its tag, and the
 * values of each packed list before the list is created. It throws once they exceed the limit, so
 * no more are ever created. Only what the type reads as fields is counted: a string that looks like
 * a message is still a string.
 */
export class CountingReader extends Reader {
  readonly #elementsMax: number;
  #elements = 0;
  /** Where the values of the list checked last start. */
  #listAt = 0;

  constructor(bytes: Uint8Array, elementsMax: number) {
    super(bytes);
    this.#elementsMax = elementsMax;
  }

  /** How many elements have been counted. */
  get elements(): number {
    return this.#elements;
  }

  override tag(): number {
    this.#count(1);
    return super.tag();
  }

  // The end of a group is not read through `tag`, so it is not counted. Nor are the fields of
  // skipped groups, which create nothing.

  override uint32s(values?: Values<number>): number[] {
    this.#countVarints();
    return super.uint32s(values);
  }

  override int32s(values?: Values<number>): number[] {
    this.#countVarints();
    return super.int32s(values);
  }

  override sint32s(values?: Values<number>): number[] {
    this.#countVarints();
    return super.sint32s(values);
  }

  override bools(values?: Values<boolean>): boolean[] {
    this.#countVarints();
    return super.bools(values);
  }

  override uint64s(values?: Parameters<Reader['uint64s']>[0]): ReturnType<Reader['uint64s']> {
    this.#countVarints();
    return super.uint64s(values);
  }

  override int64s(values?: Parameters<Reader['int64s']>[0]): ReturnType<Reader['int64s']> {
    this.#countVarints();
    return super.int64s(values);
  }

  override sint64s(values?: Parameters<Reader['sint64s']>[0]): ReturnType<Reader['sint64s']> {
    this.#countVarints();
    return super.sint64s(values);
  }

  override fixed32s(values?: Values<number>): number[] {
    this.#countFixed(4);
    return super.fixed32s(values);
  }

  override sfixed32s(values?: Values<number>): number[] {
    this.#countFixed(4);
    return super.sfixed32s(values);
  }

  override floats(values?: Values<number>): number[] {
    this.#countFixed(4);
    return super.floats(values);
  }

  override doubles(values?: Values<number>): number[] {
    this.#countFixed(8);
    return super.doubles(values);
  }

  override fixed64s(values?: Parameters<Reader['fixed64s']>[0]): ReturnType<Reader['fixed64s']> {
    this.#countFixed(8);
    return super.fixed64s(values);
  }

  override sfixed64s(values?: Parameters<Reader['sfixed64s']>[0]): ReturnType<Reader['sfixed64s']> {
    this.#countFixed(8);
    return super.sfixed64s(values);
  }

  #count(more: number): void {
    this.#elements += more;
    if (this.#elements > this.#elementsMax) throw tooManyElements(this.#elementsMax);
  }

  /** The length in bytes of the packed list that comes next. Does not move the reader. */
  #listBytes(): number {
    const start = this.pos;
    const bytes = Math.min(this.size(), this.len - this.pos);
    this.#listAt = this.pos;
    this.pos = start;
    return bytes;
  }

  #countFixed(valueBytes: number): void {
    this.#count(Math.ceil(this.#listBytes() / valueBytes));
  }

  #countVarints(): void {
    const bytes = this.#listBytes();
    let values = 0;
    for (let at = this.#listAt; at < this.#listAt + bytes; at++) {
      if ((this.buf[at] ?? 0) < 0x80) values += 1;
    }
    this.#count(values);
  }
}
