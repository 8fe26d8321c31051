import { describe, expect, it } from '@jest/globals';
import { from, of } from 'rxjs';
import { oneof } from '../../lib/codec/oneof.ts';
import { oneofWrapper } from '../../lib/codec/oneof-wrapper.ts';
import { protobuf } from '../../lib/codec/protobuf.ts';
import type { Wrapper } from '../../lib/codec/wrapper.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { broadcast } from '../../operators/broadcast.ts';
import { encode } from '../../operators/encode.ts';
import { wrap } from '../../operators/wrap.ts';
import { Packet, Ping, Pong, toHex } from '../codec/messages.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, demand and invalid options.

interface Versioned {
  readonly version: number;
  readonly text: string;
}

const to = idOf(1);
const versioned: Wrapper<Versioned, string> = {
  wrap(text) {
    if (text === 'x') throw new TypeError('not x');
    return { version: 1, text };
  },
  unwrap: ({ text }) => text,
};
const A = { to, message: 'a' };
const X = { to, message: 'x' };
const B = { to, message: 'b' };
const C = { to, message: { version: 1, text: 'a' } };
const D = { to, message: { version: 1, text: 'b' } };

describe('wrap', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --A--B--|', { A, B });
      const subscription = '  ^-------!';
      const result = '        --C--D--|';
      expectObservable(source.pipe(wrap(versioned))).toBe(result, { C, D });
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
      .pipe(wrap(versioned))
      .subscribe((each) => heard.push(each));
    expect(heard).toEqual([{ ...envelope, message: { version: 1, text: 'a' } }]);
    expect(envelope.message).toBe('a');
  });

  it('errors on what the wrapper rejects', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -A-X-B-|', { A, X, B });
      const subscription = '  ^--!    ';
      const result = '        -C-#    ';
      const error: unknown = expect.objectContaining({
        code: 'RXMESH_ENCODE_FAILED',
        message: 'cannot wrap the message: not x',
        cause: new TypeError('not x'),
      });
      expectObservable(source.pipe(wrap(versioned))).toBe(result, { C }, error);
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
      expectObservable(source.pipe(wrap(versioned, { onFailure }))).toBe(result, { C, D });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
    expect(failures).toEqual([[expect.objectContaining({ code: 'RXMESH_ENCODE_FAILED' }), X]]);
  });

  it('keeps an rxmesh error unchanged', () => {
    const thrown = new RxmeshError('RXMESH_INCOMPATIBLE', 'of another version');
    const wrapper: Wrapper<Versioned, string> = {
      ...versioned,
      wrap: () => {
        throw thrown;
      },
    };
    const errors: unknown[] = [];
    of(A)
      .pipe(wrap(wrapper))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([thrown]);
    expect(errors[0]).toBe(thrown);
  });

  it('produces with oneofWrapper what oneof sends', () => {
    const codec = oneof(Packet, { ping: Ping, pong: Pong });
    const messages = [{ kind: 'ping', nonce: 5, note: '' } as const, { kind: 'pong' } as const];
    const sent: string[] = [];
    from(messages)
      .pipe(
        broadcast(),
        wrap(oneofWrapper(Packet, { ping: Ping, pong: Pong })),
        encode(protobuf(Packet)),
      )
      .subscribe(({ message }) => sent.push(toHex(message)));
    expect(sent).toEqual(['0a020805', '1200']);
    expect(sent).toEqual(messages.map((message) => toHex(codec.encode(message))));
  });
});

trackLeaks();
