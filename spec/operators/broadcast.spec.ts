import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import type { BroadcastEnvelope } from '../../lib/model/envelope.ts';
import { broadcast } from '../../operators/broadcast.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors, demand and invalid options.

describe('broadcast', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --a--b--|');
      const subscription = '  ^-------!';
      const result = '        --A--B--|';
      expectObservable(source.pipe(broadcast())).toBe(result, {
        A: { broadcast: true, message: 'a' },
        B: { broadcast: true, message: 'b' },
      });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['one peer', idOf(1)],
    ['a list of peers', [idOf(1), idOf(2)]],
    ['an empty list', []],
  ])('excepts %s', (_, except) => {
    const heard: unknown[] = [];
    of(0, undefined)
      .pipe(broadcast({ except }))
      .subscribe((envelope) => heard.push(envelope));
    expect(heard).toEqual([
      { broadcast: true, except, message: 0 },
      { broadcast: true, except, message: undefined },
    ]);
  });

  it('omits `except` if there is none', () => {
    const heard: BroadcastEnvelope<string>[] = [];
    of('a')
      .pipe(broadcast({}))
      .subscribe((envelope) => heard.push(envelope));
    expect(heard.map((envelope) => Object.keys(envelope))).toEqual([['broadcast', 'message']]);
  });
});

trackLeaks();
