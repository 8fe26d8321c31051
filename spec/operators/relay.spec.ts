import { describe, expect, it } from '@jest/globals';
import { tap } from 'rxjs';
import { json } from '../../lib/codec/json.ts';
import { simulate } from '../../lib/testing/simulation.ts';
import { dedupe } from '../../operators/dedupe.ts';
import { relay } from '../../operators/relay.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors and demand.

describe('relay', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const peer = idOf(1);
      const source = hot('    --A--|', { A: { from: peer, message: 'a' } });
      const subscription = '  ^----!';
      const result = '        --B--|';
      expectObservable(source.pipe(relay())).toBe(result, {
        B: { broadcast: true, except: peer, message: 'a' },
      });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('with dedupe, brings each message to each node once, in a network with cycles', () => {
    // A ring of eight whose nodes also know the node on the opposite side.
    const nodes = 8;
    const knows = (a: number, b: number): boolean => [1, 4, 7].includes(Math.abs(a - b));
    const net = simulate({ nodes, latencyMs: 5, knows });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    const heard: string[][] = net.nodes.map(() => []);
    let arrivals = 0;
    net.start();
    for (const [node, texts] of heard.entries()) {
      const channel = chat(node);
      channel.in$
        .pipe(
          tap(() => (arrivals += 1)),
          dedupe({ key: ({ message }) => message, max: 100 }),
          tap(({ message }) => texts.push(message)),
          relay(),
        )
        .subscribe(channel.out);
    }
    chat(0).out.next({ broadcast: true, message: 'one' });
    chat(3).out.next({ broadcast: true, message: 'two' });
    net.advance(1_000);
    // No node sends it back where it came from. All neighbours get it from there first.
    expect(heard.map((texts) => [...texts].sort())).toEqual(
      heard.map((_, node) => (node === 0 ? ['two'] : node === 3 ? ['one'] : ['one', 'two'])),
    );
    // Each of the twelve links carried each message once or twice, and then it stopped.
    expect(arrivals).toBeGreaterThan(2 * (nodes - 1));
    expect(arrivals).toBeLessThanOrEqual(2 * 2 * 12);
    const before = arrivals;
    net.advance(1_000);
    expect(arrivals).toBe(before);
    net.stop();
  });
});

trackLeaks();
