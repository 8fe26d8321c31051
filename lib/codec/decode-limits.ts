import { aNumber, type OptionKinds } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';

/** Limits on what a received message may decode to. */
export interface DecodeLimits {
  /**
   * How many elements a received message may have: fields and list values, at any depth. Two bytes
   * can become an object, so the length of a message does not bound the memory it takes. Every
   * element takes at least one byte, so messages of up to `elementsMax` bytes are not counted. An
   * integer of at least 1, or `Infinity`. Default 131,072.
   */
  readonly elementsMax?: number;
  /**
   * How deeply a received message may be nested, including the outermost level. An integer of at
   * least 1. Default for protobuf: 101, since protobufjs allows 100 levels below the outermost
   * message. Default for JSON: 1,000.
   */
  readonly depthMax?: number;
}

/** The kinds of these options, for codecs that take them. */
export const decodeLimitKinds: OptionKinds<DecodeLimits> = {
  elementsMax: aNumber,
  depthMax: aNumber,
};

/** The default of `elementsMax`. */
export const elementsMaxDefault = 131_072;

/** @throws {RangeError} if a limit is out of range */
export function checkDecodeLimits({ elementsMax, depthMax }: Required<DecodeLimits>): void {
  if (elementsMax !== Infinity) assertLimit('elementsMax', elementsMax, ', or Infinity');
  assertLimit('depthMax', depthMax, '');
}

function assertLimit(name: string, value: number, or: string): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(mustBe(name, `an integer of at least 1${or}`, value));
}

/** The error for a message with too many elements. */
export function tooManyElements(elementsMax: number): RxmeshError {
  return new RxmeshError(
    'RXMESH_DECODE_FAILED',
    `the message has more elements than elementsMax, ${elementsMax}`,
  );
}
