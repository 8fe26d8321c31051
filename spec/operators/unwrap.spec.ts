import { describe, expect, it } from '@jest/globals';
import { map, of } from 'rxjs';
import { oneofWrapper } from '../../lib/codec/oneof-wrapper.ts';
import { protobuf } from '../../lib/codec/protobuf.ts';
import type { Wrapper } from '../../lib/codec/wrapper.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { InboundEnvelope } from '../../lib/model/envelope.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { decode } from '../../operators/decode.ts';
import { ofKind } from '../../operators/of-kind.ts';
import { unwrap } from '../../operators/unwrap.ts';
import { hex, Packet, Ping, Pong, typeOf, type Move, type Resign } from '../codec/messages.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors and invalid options.

interface Versioned {
  readonly version: number;
  readonly text: string;
}

const peer = idOf(1);
const versioned: Wrapper<Versioned, string> = {
  wrap: (text) => ({ version: 1, text }),
  unwrap({ version, text }) {
    if (version === 2) throw new RxmeshError('RXMESH_INCOMPATIBLE', 'of another version');
    if (text === '') throw new TypeError('no text');
    return text;
  },
};
const A = { from: peer, message: { version: 1, text: 'a' } };
const B = { from: peer, message: { version: 1, text: '' } };
const C = { from: peer, message: { version: 1, text: 'b' } };
const D = { from: peer, message: 'a' };
const E = { from: peer, message: 'b' };
const untold = (): void => undefined;

describe('unwrap', () => {
  it("does what its marble shows: a peer's bad message does not end the stream", () => {
    const failures: unknown[] = [];
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --A--B--C--|', { A, B, C });
      const subscription = '  ^----------!';
      const result = '        --D-----E--|';
      const onFailure = (...failure: unknown[]): unknown => failures.push(failure);
      expectObservable(source.pipe(unwrap(versioned, { onFailure }))).toBe(result, { D, E });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
    const error: unknown = expect.objectContaining({
      code: 'RXMESH_DECODE_FAILED',
      peer,
      message: 'cannot unwrap the message: no text',
      cause: new TypeError('no text'),
    });
    expect(failures).toEqual([[error, B]]);
  });

  it('keeps the code of an rxmesh error and adds the peer', () => {
    const failures: unknown[] = [];
    const heard: unknown[] = [];
    of({ from: idOf(2), message: { version: 2, text: 'a' } })
      .pipe(unwrap(versioned, { onFailure: (error) => failures.push(error) }))
      .subscribe({ next: (each) => heard.push(each), complete: () => heard.push('|') });
    expect(heard).toEqual(['|']);
    expect(failures).toMatchObject([{ code: 'RXMESH_INCOMPATIBLE', peer: idOf(2) }]);
  });

  it('requests one more for each message that fails', () => {
    const numbers = new Numbers(10);
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(
        map((i) => (i < 5 ? B : A)),
        unwrap(versioned, { onFailure: untold }),
      ),
    );
    demand.request(1);
    expect([heard, numbers.calls]).toEqual([[D], 6]);
  });

  it('reads with oneofWrapper what oneof sends, for generated classes', () => {
    const failures: unknown[] = [];
    const heard: unknown[] = [];
    const bytes = (text: string): InboundEnvelope<Uint8Array> => ({
      from: peer,
      message: hex(text),
    });
    const onFailure = ({ code, peer: of }: RxmeshError): unknown => failures.push([code, of]);
    // A ping, an empty wrapper, a pong, and something that is not a wrapper.
    of(bytes('0a020805'), bytes(''), bytes('1200'), bytes('0a'))
      .pipe(
        decode(protobuf(Packet), { onFailure }),
        unwrap(oneofWrapper(Packet, { ping: Ping, pong: Pong }), { onFailure }),
        ofKind('ping'),
      )
      .subscribe(({ message: { kind, nonce } }) => heard.push([kind, nonce]));
    expect(heard).toEqual([['ping', 5]]);
    expect(failures).toEqual([
      ['RXMESH_DECODE_FAILED', peer],
      ['RXMESH_DECODE_FAILED', peer],
    ]);
  });

  it('reads with oneofWrapper what oneof sends, for reflected types', () => {
    const sum = oneofWrapper<{ move: Move; resign: Resign }, { move?: Move; resign?: Resign }>(
      typeOf('Game'),
      { move: typeOf('Move'), resign: typeOf('Resign') },
    );
    const heard: string[] = [];
    of({ move: { x: 1, y: 2 } }, { resign: { reason: 'lost' } })
      .pipe(
        map((message) => ({ from: peer, message })),
        unwrap(sum, { onFailure: untold }),
      )
      .subscribe(({ message }) =>
        heard.push(message.kind === 'move' ? `${message.x} ${message.y}` : message.reason),
      );
    expect(heard).toEqual(['1 2', 'lost']);
  });
});

trackLeaks();
