import { describe, expect, it } from '@jest/globals';
import { block, raw } from '../../lib/index.ts';
import { Traffic } from '../../lib/inspect/traffic.ts';
import { simulate } from '../../lib/testing/index.ts';

const message = Uint8Array.of(1, 2, 3);

describe('the traffic of a node, from one snapshot to the next', () => {
  it('counts what a lane holds while it does, and what a channel has carried for good', () => {
    const net = simulate({ nodes: 2, latencyMs: 1 });
    const options = { id: 7, codec: raw() };
    const sender = net.node(0).router.openChannel(options);
    const receiving = net.node(1).router;
    const first = receiving.openChannel(options);
    net.start();
    const traffic = new Traffic();
    const sums = () => {
      traffic.look(receiving.snapshot().peers);
      const { queued = 0, messagesIn = 0, peers = 0 } = traffic.sums.get(7) ?? {};
      return { queued, messagesIn, peers, waiting: traffic.of(net.node(0).id)?.waiting };
    };
    const send = (): void => {
      for (let i = 0; i < 3; i += 1) sender.out.next({ broadcast: true, message });
      net.advance(100);
    };
    send();
    expect(sums()).toEqual({ queued: 3, messagesIn: 3, peers: 1, waiting: 3 });
    first.in$.subscribe();
    net.advance(100);
    expect(sums()).toEqual({ queued: 0, messagesIn: 3, peers: 1, waiting: 0 });
    // The counts of a connection go on when its channel is opened again.
    first.close();
    net.advance(100);
    sums();
    receiving.openChannel(options).in$.subscribe();
    net.advance(100);
    send();
    expect(sums()).toEqual({ queued: 0, messagesIn: 6, peers: 1, waiting: 0 });
    net.remove(0);
    net.advance(100);
    expect(sums()).toEqual({ queued: 0, messagesIn: 6, peers: 0, waiting: undefined });
    net.stop();
  });

  it('notices sends that wait, though nothing else about their port has changed', () => {
    const net = simulate({ nodes: 2, latencyMs: 1 });
    const options = { id: 7, codec: raw(), outbound: block(2), inbound: block(2) };
    const channel = net.node(0).router.openChannel(options);
    net.node(1).router.openChannel(options);
    net.start();
    net.advance(100);
    const traffic = new Traffic();
    const to = net.node(1).id;
    const waiting = () => {
      traffic.look(net.node(0).router.snapshot().peers);
      const [lane] = traffic.busy(new Set());
      return [traffic.sums.get(7)?.waiting, traffic.of(to)?.waiting, lane?.port.outbound.waiting];
    };
    // Two are with the peer, which takes none, two are in the lane, and the rest waits.
    const send = (): void => void channel.send({ to, message }).subscribe();
    for (let i = 0; i < 5; i += 1) send();
    net.advance(100);
    expect(waiting()).toEqual([1, 3, 1]);
    send();
    expect(waiting()).toEqual([2, 4, 2]);
    net.stop();
  });
});
