import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { sendTo } from '../../operators/send-to.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors, demand and invalid options.

describe('sendTo', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const peer = idOf(1);
      const source = hot('    --a--b--|');
      const subscription = '  ^-------!';
      const result = '        --A--B--|';
      expectObservable(source.pipe(sendTo(peer))).toBe(result, {
        A: { to: peer, message: 'a' },
        B: { to: peer, message: 'b' },
      });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('calls the function with each message and its index, starting over for each subscription', () => {
    const sent$ = of('a', 'b').pipe(sendTo((text, index) => uncheckedNodeId(`${text}${index}`)));
    const heard: unknown[] = [];
    sent$.subscribe((envelope) => heard.push(envelope));
    sent$.subscribe((envelope) => heard.push(envelope));
    const envelopes = [
      { to: 'a0', message: 'a' },
      { to: 'b1', message: 'b' },
    ];
    expect(heard).toEqual([...envelopes, ...envelopes]);
  });

  it('passes an invalid ID to the channel, which counts it as a drop', () => {
    const heard: unknown[] = [];
    of('a')
      .pipe(sendTo(uncheckedNodeId('')))
      .subscribe((envelope) => heard.push(envelope));
    expect(heard).toEqual([{ to: '', message: 'a' }]);
  });
});

trackLeaks();
