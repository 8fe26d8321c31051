import { describe, expect, it } from '@jest/globals';
import { block, raw } from 'rxmesh';
import { simulate } from 'rxmesh/testing';
import { trackLeaks } from '../../support/leaks.ts';

trackLeaks();

describe('L-07 what waits for a peer that goes down', () => {
  it.each([
    ['without a bye', (net: ReturnType<typeof simulate>) => net.sever(0, 1)],
    ['with one', (net: ReturnType<typeof simulate>) => void net.node(1).router.stop()],
  ])('is reported, all of it but the credit that was spent, %s', (_, end) => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const lanes = { inbound: block(4), outbound: block(64) };
    const channel = net.openChannels({ id: 1, codec: raw(), ...lanes });
    net.start();
    const [to, from] = [net.node(1).id, net.node(0).router];
    const dropped: unknown[] = [];
    from.events$.subscribe((event) => {
      if (event.type === 'message-dropped') dropped.push(event);
    });
    // Nobody consumes, so four arrive, and sixteen wait.
    for (let n = 0; n < 20; n += 1) channel(0).out.next({ to, message: Uint8Array.of(n) });
    net.advance(50);
    expect(dropped).toEqual([]);
    end(net);
    net.advance(50);
    const count = 16;
    const drop = { direction: 'outbound', channel: 1, peer: to, reason: 'peer-down', count };
    expect(dropped).toEqual([expect.objectContaining(drop)]);
    net.stop();
  });
});
