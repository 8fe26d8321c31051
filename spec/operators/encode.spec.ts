import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import type { Codec } from '../../lib/codec/codec.ts';
import { json } from '../../lib/codec/json.ts';
import { limited } from '../../lib/codec/limited.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { encode } from '../../operators/encode.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, demand and invalid options.

const to = idOf(1);

/** One byte per letter; `x` is invalid. */
const letters: Codec<string> = {
  encode(letter) {
    if (letter === 'x') throw new TypeError('not x');
    return Uint8Array.of(letter.charCodeAt(0));
  },
  decode: () => '',
};
const A = { to, message: 'a' };
const X = { to, message: 'x' };
const B = { to, message: 'b' };
const C = { to, message: Uint8Array.of(0x61) };
const D = { to, message: Uint8Array.of(0x62) };

describe('encode', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --A--B--|', { A, B });
      const subscription = '  ^-------!';
      const result = '        --C--D--|';
      expectObservable(source.pipe(encode(letters))).toBe(result, { C, D });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each<OutboundEnvelope<string>>([
    { to, message: 'a' },
    { broadcast: true, message: 'a' },
    { broadcast: true, except: to, message: 'a' },
    { broadcast: true, except: [to, idOf(2)], message: 'a' },
  ])('keeps the recipients unchanged: %j', (envelope) => {
    const heard: unknown[] = [];
    of(envelope)
      .pipe(encode(letters))
      .subscribe((each) => heard.push(each));
    expect(heard).toEqual([{ ...envelope, message: Uint8Array.of(0x61) }]);
    expect(envelope.message).toBe('a');
  });

  it('errors on what the codec rejects', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -A-X-B-|', { A, X, B });
      const subscription = '  ^--!    ';
      const result = '        -C-#    ';
      const error: unknown = expect.objectContaining({
        code: 'RXMESH_ENCODE_FAILED',
        message: 'cannot encode the message: not x',
        cause: new TypeError('not x'),
      });
      expectObservable(source.pipe(encode(letters))).toBe(result, { C }, error);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('continues with `onFailure`, which receives the envelope', () => {
    const failures: unknown[] = [];
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -A-X-B-|', { A, X, B });
      const subscription = '  ^------!';
      const result = '        -C---D-|';
      const onFailure = (...failure: unknown[]): unknown => failures.push(failure);
      expectObservable(source.pipe(encode(letters, { onFailure }))).toBe(result, { C, D });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
    expect(failures).toEqual([[expect.objectContaining({ code: 'RXMESH_ENCODE_FAILED' }), X]]);
  });

  it('keeps the code of an rxmesh error', () => {
    const errors: unknown[] = [];
    of({ to, message: 'long' })
      .pipe(encode(limited(json<string>(), { messageBytesMax: 1 })))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([expect.objectContaining({ code: 'RXMESH_MESSAGE_TOO_LARGE' })]);
  });

  it.each([undefined, 'text', [1, 2], new ArrayBuffer(1)])(
    'errors if the codec returns %p instead of bytes',
    (made) => {
      const codec: Codec<string> = { ...letters, encode: () => made as never };
      const errors: unknown[] = [];
      of({ to, message: 'a' })
        .pipe(encode(codec))
        .subscribe({ error: (error: unknown) => errors.push(error) });
      expect(errors).toEqual([expect.objectContaining({ code: 'RXMESH_ENCODE_FAILED' })]);
    },
  );

  it('calls encode as a method of the codec', () => {
    class Counting implements Codec<string> {
      count = 0;
      encode(): Uint8Array {
        return Uint8Array.of((this.count += 1));
      }
      decode(): string {
        return '';
      }
    }
    const heard: unknown[] = [];
    of(A, B)
      .pipe(encode(new Counting()))
      .subscribe(({ message }) => heard.push(message[0]));
    expect(heard).toEqual([1, 2]);
  });
});

trackLeaks();
