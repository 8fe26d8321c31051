import { util } from 'protobufjs/minimal.js';

import { aFunction, checkOptions, type OptionKinds } from '../model/check-options.ts';
import { toRxmeshError } from '../model/error.ts';
import type { Codec } from './codec.ts';
import {
  checkDecodeLimits,
  decodeLimitKinds,
  type DecodeLimits,
  elementsMaxDefault,
} from './decode-limits.ts';
import { decodeBy } from './decoding.ts';
import { assertJsonLimits, mayBeTooDeep, uncountedBytesMax } from './json-limits.ts';

/** The default of `depthMax`. */
const depthMaxDefault = 1000;

/** Options of `json`. */
export interface JsonOptions<T> extends DecodeLimits {
  /**
   * Turns a received value into a message, or throws if it is not valid. Parsers of validation
   * libraries have this shape. Without it, whatever a peer sends is taken to be a `T`.
   */
  readonly validate?: (value: unknown) => T;
}

const optionKinds: OptionKinds<JsonOptions<unknown>> = {
  ...decodeLimitKinds,
  validate: aFunction,
};

/**
 * A codec for messages as JSON (RFC 8259) in UTF-8, for first steps and debugging. Values change as
 * they do in JSON: properties that are `undefined` are left out, a `Date` becomes a string, `NaN`
 * becomes `null`.
 *
 * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` for what JSON cannot represent (`undefined`, a
 *   function, a `bigint`, a cycle); `RXMESH_DECODE_FAILED` for invalid UTF-8, invalid JSON, what
 *   `validate` refuses, and more elements or depth than `elementsMax` and `depthMax` allow
 * @throws {RangeError} immediately, if `elementsMax` or `depthMax` is out of range
 */
export function json<T>(options: JsonOptions<T> = {}): Codec<T> {
  checkOptions('json', options, optionKinds);
  const { validate, elementsMax = elementsMaxDefault, depthMax = depthMaxDefault } = options;
  const limits = { elementsMax, depthMax };
  checkDecodeLimits(limits);
  const uncounted = uncountedBytesMax(elementsMax);
  return {
    encode(message) {
      try {
        // The type of `JSON.stringify` omits that it returns undefined for what is not JSON.
        const text = JSON.stringify(message) as string | undefined;
        if (text === undefined) throw new TypeError(`${typeof message} is not JSON`);
        const bytes = new Uint8Array(util.utf8.length(text));
        util.utf8.write(text, bytes, 0);
        return bytes;
      } catch (error) {
        throw toRxmeshError(error, 'RXMESH_ENCODE_FAILED', 'cannot encode the message');
      }
    },
    decode: decodeBy((bytes) => {
      const isCounted = bytes.length > uncounted;
      if (isCounted) assertJsonLimits(bytes, limits);
      const text = util.utf8.readStrict(bytes, 0, bytes.length);
      if (!isCounted && mayBeTooDeep(text, depthMax)) assertJsonLimits(bytes, limits);
      const value: unknown = JSON.parse(text);
      return validate === undefined ? (value as T) : validate(value);
    }),
  };
}
