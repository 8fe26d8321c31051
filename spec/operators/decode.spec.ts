import { describe, expect, it } from '@jest/globals';
import { map, of } from 'rxjs';
import type { Codec } from '../../lib/codec/codec.ts';
import { json } from '../../lib/codec/json.ts';
import { limited } from '../../lib/codec/limited.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { InboundEnvelope } from '../../lib/model/envelope.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { decode } from '../../operators/decode.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors and invalid options.

const peer = idOf(1);

/** One letter per byte; 0 is invalid. */
const letters: Codec<string> = {
  encode: (letter) => Uint8Array.of(letter.charCodeAt(0)),
  decode([byte = 0]) {
    if (byte === 0) throw new TypeError('not 0');
    return String.fromCharCode(byte);
  },
};
const bytes = (byte: number): InboundEnvelope<Uint8Array> => ({
  from: peer,
  message: Uint8Array.of(byte),
});
const A = bytes(0x61);
const B = bytes(0);
const C = bytes(0x62);
const D = { from: peer, message: 'a' };
const E = { from: peer, message: 'b' };

/** Records failures. */
function noted(): {
  readonly failures: (readonly [RxmeshError, InboundEnvelope<Uint8Array>])[];
  readonly onFailure: (error: RxmeshError, envelope: InboundEnvelope<Uint8Array>) => void;
} {
  const failures: (readonly [RxmeshError, InboundEnvelope<Uint8Array>])[] = [];
  return { failures, onFailure: (error, envelope) => void failures.push([error, envelope]) };
}

describe('decode', () => {
  it("does what its marble shows: a peer's bad message does not end the stream", () => {
    const { failures, onFailure } = noted();
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --A--B--C--|', { A, B, C });
      const subscription = '  ^----------!';
      const result = '        --D-----E--|';
      expectObservable(source.pipe(decode(letters, { onFailure }))).toBe(result, { D, E });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
    const error: unknown = expect.objectContaining({
      code: 'RXMESH_DECODE_FAILED',
      peer,
      message: `cannot decode a message from ${peer}: not 0`,
      cause: new TypeError('not 0'),
    });
    expect(failures).toEqual([[error, B]]);
  });

  it('keeps the code of an rxmesh error and adds the peer', () => {
    const { failures, onFailure } = noted();
    const heard: unknown[] = [];
    of(bytes(0xff), { from: idOf(2), message: json<string>().encode('long') })
      .pipe(decode(limited(json<string>(), { messageBytesMax: 2 }), { onFailure }))
      .subscribe({ next: (each) => heard.push(each), complete: () => heard.push('|') });
    expect(heard).toEqual(['|']);
    expect(failures.map(([error]) => error)).toMatchObject([
      { code: 'RXMESH_DECODE_FAILED', peer },
      { code: 'RXMESH_MESSAGE_TOO_LARGE', peer: idOf(2) },
    ]);
  });

  it('requests one more for each message that fails', () => {
    const numbers = new Numbers(10);
    const { failures, onFailure } = noted();
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(
        map((i) => (i < 5 ? B : A)),
        decode(letters, { onFailure }),
      ),
    );
    demand.request(1);
    expect([heard, failures.length, numbers.calls]).toEqual([[D], 5, 6]);
  });

  it('handles what `onFailure` makes the source emit after the failed message', () => {
    const heard: string[] = [];
    const { demand } = consume(
      flowFrom([B, A]).pipe(
        decode(letters, {
          onFailure: () => {
            heard.push('failed');
            demand.request(1);
          },
        }),
      ),
      ({ message }) => heard.push(message),
    );
    demand.request(1);
    expect(heard).toEqual(['failed', 'a']);
  });
});

trackLeaks();
