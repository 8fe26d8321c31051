import { describe, expect, it } from '@jest/globals';
import { json } from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { expectIdle } from '../../support/leaks.ts';

/**
 * Round trips from the start of a node until its first message is at the node that it dialed. One is for the dial, as TCP
 * has it too, one for the handshake, and half of one for the message. A WebSocket has one more, for its upgrade.
 */
const roundTripsMax = 2.5;

describe('L-26 the first message of a connection', () => {
  it.each([
    ['encrypted', 40],
    ['encrypted', 150],
    ['trusted', 40],
  ] as const)('%s, with %i ms one way, takes no more round trips than it has to', (...given) => {
    const [protection, latencyMs] = given;
    const options = { nodes: 2, latencyMs, protection, knows: (node: number) => node === 0 };
    const net = simulate(options);
    const channel = net.openChannels({ id: 1, codec: json<string>() });
    const arrived: [message: string, atMs: number][] = [];
    channel(1).in$.subscribe(({ message }) => arrived.push([message, net.now()]));
    const { router } = net.node(0);
    router.peers$.subscribe(({ id, status }) => {
      if (status === 'up') channel(0).out.next({ to: id, message: 'first' });
    });
    net.launch();
    net.advance(10 * latencyMs);
    const [[message, atMs] = []] = arrived;
    expect(message).toBe('first');
    expect(atMs).toBeGreaterThan(0);
    expect(atMs).toBeLessThanOrEqual(roundTripsMax * 2 * latencyMs);
    expect(arrived).toHaveLength(1);
    net.stop();
    expectIdle(net.clock.scheduler);
  });
});
