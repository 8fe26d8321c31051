import { aNumber, type OptionKinds } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';

/** What a received message may become, whatever its bytes say. */
export interface DecodeLimits {
  /**
   * How many elements a received message may have: fields and values of lists, at any depth. Two
   * bytes can become an object, so the length of a message does not bound the memory that it takes.
   * A message with no more bytes than this is not counted, since an element takes a byte at least.
   * An integer of at least 1, or `Infinity`. Default 131,072.
   */
  readonly elementsMax?: number;
  /**
   * How deep a received message may be nested. An integer of at least 1. Default 100 for protobuf,
   * which is the limit of protobufjs, and 1,000 for JSON.
   */
  readonly depthMax?: number;
}

/** The limits as options of a codec. */
export const decodeLimitKinds: OptionKinds<DecodeLimits> = {
  elementsMax: aNumber,
  depthMax: aNumber,
};

/** Elements of a decoded message, if nothing else is said. */
export const elementsMaxDefault = 131_072;

/** @throws {RangeError} a limit out of range */
export function checkDecodeLimits({ elementsMax, depthMax }: Required<DecodeLimits>): void {
  if (elementsMax !== Infinity) assertLimit('elementsMax', elementsMax, ', or Infinity');
  assertLimit('depthMax', depthMax, '');
}

function assertLimit(name: string, value: number, or: string): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(mustBe(name, `an integer of at least 1${or}`, value));
}

/** The error of a message that has too many elements. */
export function tooManyElements(elementsMax: number): RxmeshError {
  return new RxmeshError(
    'RXMESH_DECODE_FAILED',
    `the message has more elements than elementsMax, ${elementsMax}`,
  );
}
