import { describe, expect, it } from '@jest/globals';
import { from, map, of } from 'rxjs';
import { oneof } from '../../lib/codec/oneof.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { InboundEnvelope } from '../../lib/model/envelope.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { ofKind } from '../../operators/of-kind.ts';
import { hex, typeOf, type Move, type Resign } from '../codec/messages.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors and invalid options.

type Message =
  | { readonly kind: 'move'; readonly x: number }
  | { readonly kind: 'resign'; readonly reason: string }
  | { readonly kind: 'draw' };

const ann = uncheckedNodeId('ann');
const envelope = (message: Message): InboundEnvelope<Message> => ({ from: ann, message });
const A = envelope({ kind: 'move', x: 1 });
const B = envelope({ kind: 'resign', reason: 'b' });
const C = envelope({ kind: 'draw' });

describe('ofKind', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --A--B--C--|', { A, B, C });
      const subscription = '  ^----------!';
      const result = '        --A--------|';
      expectObservable(source.pipe(ofKind('move'))).toBe(result, { A });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('accepts several kinds', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -A-B-C-|', { A, B, C });
      const subscription = '  ^------!';
      const result = '        -A---C-|';
      expectObservable(source.pipe(ofKind('move', 'draw'))).toBe(result, { A, C });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('recognizes the messages of oneof', () => {
    const codec = oneof<{ move: Move; resign: Resign }>(typeOf('Game'), {
      move: typeOf('Move'),
      resign: typeOf('Resign'),
    });
    const heard: string[] = [];
    of('0a0408011002', '12030a0161')
      .pipe(
        map((bytes) => ({ from: ann, message: codec.decode(hex(bytes)) })),
        ofKind('resign'),
      )
      .subscribe(({ message }) => heard.push(message.reason));
    expect(heard).toEqual(['a']);
  });

  it('skips what a peer may send that has no kind', () => {
    const nonsense: unknown[] = [null, undefined, 'move', 4, ['move'], {}, { kind: 4 }, { x: 1 }];
    const heard: unknown[] = [];
    from([...nonsense, A.message])
      .pipe(
        map((message) => ({ from: ann, message: message as Message })),
        ofKind('move'),
      )
      .subscribe((each) => heard.push(each));
    expect(heard).toEqual([A]);
  });

  it('requests one more for each message skipped', () => {
    const numbers = new Numbers(10);
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(
        map((i) => (i < 5 ? B : A)),
        ofKind('move'),
      ),
    );
    demand.request(1);
    expect([heard, numbers.calls]).toEqual([[A], 6]);
  });
});

trackLeaks();
