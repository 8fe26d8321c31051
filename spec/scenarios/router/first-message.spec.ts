import { describe, expect, it } from '@jest/globals';
import { json } from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { expectIdle } from '../../support/leaks.ts';

/**
 * Round trips from the start of a node until a first message arrives, over an in-memory network. As
 * with TCP, the dial takes one; it also carries the dialer's hello and returns the listener's
 * proof. The dialer's proof takes half a round trip and comes with its acceptance and its credit,
 * which is all the listener needs. A WebSocket takes one more, for its upgrade.
 */
const roundTripsMax = { 'of the listener': 2.0, 'of the dialer': 2.5 } as const;

const directions = ['of the listener', 'of the dialer'] as const;
const lines = [
  ['encrypted', 40],
  ['encrypted', 150],
  ['trusted', 40],
] as const;

describe('L-26 S-04 the first message of a connection', () => {
  it.each(directions.flatMap((from) => lines.map((line) => [from, ...line] as const)))(
    '%s, %s, with %i ms one way, takes no more round trips than necessary',
    (from, protection, latencyMs) => {
      const options = { nodes: 2, latencyMs, protection, knows: (node: number) => node === 0 };
      const net = simulate(options);
      const channel = net.openChannels({ id: 1, codec: json<string>() });
      const [sender, receiver] = from === 'of the dialer' ? [0, 1] : [1, 0];
      const arrived: [message: string, atMs: number][] = [];
      channel(receiver).in$.subscribe(({ message }) => arrived.push([message, net.now()]));
      net.node(sender).router.peers$.subscribe(({ id, status }) => {
        if (status === 'up') channel(sender).out.next({ to: id, message: 'first' });
      });
      net.launch();
      net.advance(10 * latencyMs);
      const [[message, atMs] = []] = arrived;
      expect(message).toBe('first');
      expect(atMs).toBeGreaterThan(0);
      expect(atMs).toBeLessThanOrEqual(roundTripsMax[from] * 2 * latencyMs);
      expect(arrived).toHaveLength(1);
      net.stop();
      expectIdle(net.clock.scheduler);
    },
  );
});
