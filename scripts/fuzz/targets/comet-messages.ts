import { isDeepStrictEqual } from 'node:util';
import {
  blockSync,
  cometDialect,
  consensusData,
  consensusState,
  consensusVotes,
  evidence,
  mempool,
  peerExchange,
} from '../../../transports/comet/index.ts';
import { joined } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import { attempt, expectThat, type Target } from '../target.ts';

const codecs = [
  peerExchange,
  consensusState,
  consensusData,
  consensusVotes,
  mempool,
  evidence,
  blockSync,
  cometDialect,
].map(({ codec }) => codec);

/** Messages of the reactors. What decodes must encode, and decode to the same again. */
export const cometMessages: Target = {
  name: 'comet-messages',
  share: 10,
  generate(random) {
    const field = (depth: number): Uint8Array => {
      const number = 1 + random.below(10);
      if (depth === 0 || random.once(3)) {
        return random.once(2)
          ? Uint8Array.of(number * 8, random.below(128))
          : joined([[number * 8 + 2, 3], random.bytes(3)]);
      }
      const inner = joined(random.list(0, 4, () => field(depth - 1))).subarray(0, 120);
      return joined([[number * 8 + 2, inner.length], inner]);
    };
    return joined([[random.below(256)], mutate(field(4), random)]);
  },
  check(input) {
    const [nth = 0] = input;
    const codec = codecs[nth % codecs.length] ?? mempool.codec;
    const decode = codec.decode.bind(codec) as (bytes: Uint8Array) => never;
    const outcome = attempt(() => decode(input.subarray(1)), ['RXMESH_DECODE_FAILED']);
    if ('code' in outcome) return outcome.code;
    const again = codec.encode(outcome.value);
    const isSame = isDeepStrictEqual(decode(again), outcome.value);
    expectThat(isSame, 'it changes when it is encoded');
    return 'value';
  },
};
