import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import type { InboundEnvelope } from '../../lib/model/envelope.ts';
import { reply } from '../../operators/reply.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors, demand and invalid options.

describe('reply', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const peer = idOf(1);
      const source = hot('    --A--|', { A: { from: peer, message: 'a' } });
      const subscription = '  ^----!';
      const result = '        --B--|';
      expectObservable(source.pipe(reply((text) => `${text}!`))).toBe(result, {
        B: { to: peer, message: 'a!' },
      });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('replies to each peer separately and passes the envelope', () => {
    const [ann, bob] = [idOf(1), idOf(2)];
    const envelopes: InboundEnvelope<number>[] = [
      { from: ann, message: 1 },
      { from: bob, message: 2 },
    ];
    const heard: unknown[] = [];
    of(...envelopes)
      .pipe(reply((message, envelope) => ({ message, envelope })))
      .subscribe((answer) => heard.push(answer));
    expect(heard).toEqual([
      { to: ann, message: { message: 1, envelope: envelopes[0] } },
      { to: bob, message: { message: 2, envelope: envelopes[1] } },
    ]);
  });
});

trackLeaks();
