import { isDeepStrictEqual } from 'node:util';
import {
  callProtocol,
  deliveryProtocol,
  exchangeProtocol,
  gossipProtocol,
  type Protocol,
} from '../frame-bytes.ts';
import { mutate } from '../mutate.ts';
import { attempt, expectThat, type Target } from '../target.ts';

/** Bytes are views into larger buffers. */
const plain = (frame: object): unknown =>
  Object.entries(frame).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  ]);

/** The frames of a protocol. What decodes must encode, and decode to the same again. */
function frames({ name, codec, frame }: Protocol): Target {
  return {
    name: `${name}-frames`,
    share: 4,
    generate(random) {
      const bytes = frame(random);
      return random.once(4) ? bytes : mutate(bytes, random, frame(random));
    },
    check(input) {
      const decoded = attempt(() => codec.decode(input), ['RXMESH_DECODE_FAILED']);
      if ('code' in decoded) return decoded.code;
      const again = codec.decode(codec.encode(decoded.value));
      const isSame = isDeepStrictEqual(plain(again), plain(decoded.value));
      expectThat(isSame, 'a frame is written as another');
      return 'value';
    },
  };
}

export const callFrames: Target = frames(callProtocol);
export const deliveryFrames: Target = frames(deliveryProtocol);
export const gossipFrames: Target = frames(gossipProtocol);
export const exchangeMessages: Target = frames(exchangeProtocol);
