import { describe, expect, it } from '@jest/globals';
import { createRouter, json, type Channel } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { heard, updates } from '../../support/heard.ts';
import { identityOf } from '../../support/mock-node.ts';

/** Three nodes: the first accepts only numbers, the others send anything. */
function network(): { net: Simulation; taking: Channel<number>; senders: Channel<unknown>[] } {
  const net = simulate({ nodes: 3 });
  const validate = (value: unknown): number => {
    if (typeof value === 'number') return value;
    throw new TypeError('no number');
  };
  const taking = net.node(0).router.openChannel({ id: 1, codec: json({ validate }) });
  const senders = [1, 2].map((node) =>
    net.node(node).router.openChannel({ id: 1, codec: json<unknown>() }),
  );
  net.start();
  return { net, taking, senders };
}

const severities = (net: Simulation): string[] =>
  net.log.flatMap(({ node, event }) =>
    node === 0 && event.type === 'peer-reported' ? [event.severity] : [],
  );

describe('S-02 messages that do not decode', () => {
  it('only cost score if rare: one every other minute for an hour', () => {
    const { net, taking, senders } = network();
    const texts = heard(net, taking);
    const seen = updates(net, 0);
    for (let i = 0; i < 30; i += 1) {
      senders[0]?.out.next({ to: net.node(0).id, message: 'nonsense' });
      net.advance(120_000);
    }
    senders[0]?.out.next({ to: net.node(0).id, message: 7 });
    net.advance(0);
    expect(severities(net)).toEqual(Array(30).fill('note'));
    expect([texts, seen]).toEqual([['1: 7'], []]);
    net.stop();
  });

  it('accumulate: about fifty turns with failures within a minute lower the score too far', () => {
    const { net, taking, senders } = network();
    taking.in$.subscribe();
    const seen = updates(net, 0);
    for (let i = 0; i < 52; i += 1) {
      senders[0]?.out.next({ to: net.node(0).id, message: 'nonsense' });
      net.advance(1_000);
      if (i === 48) expect(seen).toEqual([]);
    }
    expect(seen[0]).toBe('down 1');
    const evicted = net.log.flatMap(({ node, event }) =>
      node === 0 && event.type === 'peer-evicted' ? [event.error.code] : [],
    );
    expect(evicted).toEqual(['RXMESH_SCORE_TOO_LOW']);
    net.stop();
  });

  it('end the connection if too many, without slowing another peer', () => {
    const { net, taking, senders } = network();
    const arrivals: string[] = [];
    taking.in$.subscribe(({ message }) => arrivals.push(`${message} at ${net.clock.now()}`));
    const seen = updates(net, 0);
    const startMs = net.clock.now();
    net.latencyMs = 5;
    for (let i = 0; i < 110; i += 1) {
      senders[0]?.out.next({ to: net.node(0).id, message: 'nonsense' });
      if (i < 20) senders[1]?.out.next({ to: net.node(0).id, message: i });
    }
    net.advance(1_000);
    expect(severities(net).filter((severity) => severity === 'disconnect')).toHaveLength(1);
    expect(seen).toEqual(['down 1']);
    expect(arrivals).toEqual(Array.from({ length: 20 }, (_, i) => `${i} at ${startMs + 5}`));
    // It may reconnect after the cool-down, and its messages are delivered again.
    net.advance(20_000);
    expect(seen).toEqual(['down 1', 'up 1']);
    senders[0]?.out.next({ to: net.node(0).id, message: 99 });
    net.advance(5);
    expect(arrivals.at(-1)).toBe(`99 at ${net.clock.now()}`);
    net.stop();
  });

  it.each([Infinity, NaN, -1, 0, 1.5])(
    'rejects %p as the limit per second',
    (decodeFailuresPerSecond) => {
      const settings = { identity: identityOf(1), network: 'n', transports: [] };
      const option = 'limits.decodeFailuresPerSecond';
      const text = `${option} must be an integer from 1 to 1000000, got ${decodeFailuresPerSecond}`;
      expect(() => createRouter({ ...settings, limits: { decodeFailuresPerSecond } })).toThrow(
        text,
      );
    },
  );
});
