import { describe, expect, it } from '@jest/globals';
import { timer } from 'rxjs';
import { block, latest, raw, type ChannelOptions } from 'rxmesh';
import { boundedMergeMap, pipeTo } from 'rxmesh/operators';
import { simulate } from 'rxmesh/testing';
import { size } from '../support/runs.ts';

const messageBytes = 64;

/** Two nodes with a 50 ms round trip, of which the first sends constantly to the other. */
function line(lane: Partial<ChannelOptions<Uint8Array>> = {}) {
  const net = simulate({ nodes: 2, latencyMs: 25 });
  const channel = net.openChannels({ id: 1, codec: raw(), ...lane });
  let sent = 0;
  function* endless() {
    const envelope = { to: net.node(1).id, message: new Uint8Array(messageBytes) };
    for (;;) {
      sent += 1;
      yield envelope;
    }
  }
  net.start();
  const sending = pipeTo(channel(0))(endless()).subscribe();
  const inbound = () => net.node(1).router.snapshot().peers[0]?.channels[0]?.inbound;
  return { net, channel, sending, inbound, sent: () => sent };
}

describe('a long line', () => {
  it('L-20 is filled by a channel with default lanes if its consumer keeps up', () => {
    const { net, channel, sending, inbound } = line();
    let received = 0;
    channel(1).in$.subscribe(() => (received += 1));
    net.advance(size(1_500, 800));
    const before = received;
    const lastMs = size(500, 100);
    net.advance(lastMs);
    expect((received - before) / lastMs).toBeGreaterThan(60);
    // No more than it needs: two round trips of data.
    expect(inbound()?.granted).toBeLessThanOrEqual(65_536);
    sending.unsubscribe();
    net.stop();
  });

  it('L-20 lets no sender run ahead of a consumer slower than the line', () => {
    const { net, channel, sending, inbound, sent } = line();
    let consumed = 0;
    const slowly = boundedMergeMap(() => timer(2, net.clock.scheduler), { concurrency: 1 });
    channel(1)
      .in$.pipe(slowly)
      .subscribe(() => (consumed += 1));
    net.advance(4_000);
    // In four round trips it takes 100 messages, so the first window, of 64, doubles once.
    expect(consumed).toBeGreaterThan(1_900);
    expect(inbound()?.granted).toBeLessThanOrEqual(128);
    expect(sent() - consumed).toBeLessThan(128 + 256 + 10);
    sending.unsubscribe();
    net.stop();
  });

  it('L-20 grants a lane with an explicit size all its credit at once, and never more', () => {
    const { net, channel, sending, inbound } = line({ inbound: block(100) });
    expect(inbound()).toMatchObject({ capacity: 100, granted: 100 });
    let received = 0;
    channel(1).in$.subscribe(() => (received += 1));
    net.advance(1_000);
    // A hundred per round trip.
    expect(received).toBeGreaterThan(1_700);
    expect(received).toBeLessThanOrEqual(2_100);
    sending.unsubscribe();
    net.stop();
  });

  it('L-20 brings the newest message to a lane of one place as fast as the line carries it', () => {
    const { net, channel, sending } = line({ inbound: latest() });
    let received = 0;
    channel(1).in$.subscribe(() => (received += 1));
    const ms = size(1_500, 1_000);
    net.advance(ms);
    expect(received / ms).toBeGreaterThan(40);
    sending.unsubscribe();
    net.stop();
  });
});
