/** What `stop` does with messages that have arrived, and that no consumer has taken yet. */
import { describe, expect, it } from '@jest/globals';
import { timer } from 'rxjs';
import { block, type Channel, json } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { boundedMergeMap } from '../../../operators/index.ts';
import { drops } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';

const numbers = { id: 1, codec: json<number>(), inbound: block(64) };

/** Handles one message in 100 ms, and then takes the next one. */
function consumeSlowly(net: Simulation, channel: Channel<number>): number[] {
  const handled: number[] = [];
  channel.in$
    .pipe(
      boundedMergeMap(
        ({ message }) => {
          handled.push(message);
          return timer(100, net.clock.scheduler);
        },
        { concurrency: 1 },
      ),
    )
    .subscribe({ complete: () => handled.push(-1) });
  return handled;
}

/** Two connected nodes; node 0 has sent ten numbers to node 1. */
function afterTen(): { net: Simulation; channel: (node: number) => Channel<number> } {
  const net = simulate({ nodes: 2 });
  const channel = net.openChannels(numbers);
  net.start();
  for (let message = 0; message < 10; message += 1) {
    channel(0).out.next({ to: net.node(1).id, message });
  }
  net.advance(0);
  return { net, channel };
}

/** When `stop` of a node resolves, in milliseconds from now; -1 as long as it has not. */
async function stopTakesMs(net: Simulation, node: number): Promise<number> {
  const startMs = net.clock.now();
  let takenMs = -1;
  void net
    .node(node)
    .router.stop()
    .then(() => (takenMs = net.clock.now() - startMs));
  for (let ms = 0; ms < 5_000 && takenMs < 0; ms += 10) {
    net.advance(10);
    // Lets the promise settle.
    for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
  }
  return takenMs;
}

describe('L-04 stop with a slow consumer', () => {
  it('waits until it has taken everything, though the sender has left', async () => {
    const { net, channel } = afterTen();
    const handled = consumeSlowly(net, channel(1));
    net.remove(0);
    const ms = await stopTakesMs(net, 1);
    expect(ms).toBeGreaterThanOrEqual(900 - 50);
    expect(ms).toBeLessThan(1_000);
    net.advance(100);
    expect(handled).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1]);
    expect(drops(net)).toEqual([]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('waits for it when both nodes stop at once', () => {
    const { net, channel } = afterTen();
    const handled = consumeSlowly(net, channel(1));
    void net.node(0).router.stop();
    void net.node(1).router.stop();
    net.advance(1_100);
    expect(handled).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1]);
    expect(drops(net)).toEqual([]);
    net.stop();
  });

  it.each([
    ['while the sender is up', false],
    ['after the sender has left', true],
  ])('drops the rest after drainMs as node-stopped, %s', (_, hasLeft) => {
    const { net, channel } = afterTen();
    for (let message = 10; message < 20; message += 1) {
      channel(0).out.next({ to: net.node(1).id, message });
    }
    net.advance(0);
    const handled = consumeSlowly(net, channel(1));
    if (hasLeft) net.remove(0);
    void net.node(1).router.stop();
    net.advance(5_000);
    const taken = handled.length - 1;
    expect([10, 11]).toContain(taken);
    expect(handled).toEqual([...Array.from({ length: taken }, (_, at) => at), -1]);
    expect(drops(net)).toEqual(Array(20 - taken).fill('1 inbound 1 node-stopped'));
    net.stop();
  });

  it('does not wait for a channel without a consumer, and reports what it drops', async () => {
    const { net } = afterTen();
    expect(await stopTakesMs(net, 1)).toBeLessThan(100);
    expect(drops(net)).toEqual(Array(10).fill('1 inbound 1 node-stopped'));
    net.stop();
  });
});

describe('L-04 stop while a peer takes nothing', () => {
  it('drops what is not written after drainMs as node-stopped, and returns it', () => {
    const net = simulate({ nodes: 2 });
    const channel = net.openChannels({ ...numbers, inbound: block(1) });
    net.start();
    const returned: string[] = [];
    channel(0).undelivered$.subscribe(({ message, reason }) =>
      returned.push(`${message} ${reason}`),
    );
    for (const message of [0, 1, 2]) channel(0).out.next({ to: net.node(1).id, message });
    net.advance(0);
    void net.node(0).router.stop();
    net.advance(5_000);
    expect(returned).toEqual(['1 node-stopped', '2 node-stopped']);
    expect(drops(net)).toEqual(Array(2).fill('0 outbound 1 node-stopped'));
    net.stop();
  });

  it('drops what it keeps for an absent peer as node-stopped', () => {
    const net = simulate({ nodes: 2 });
    const channel = net.openChannels({ ...numbers, inbound: block(1) });
    net.start();
    const to = net.node(1).id;
    for (const message of [0, 1, 2]) {
      channel(0).send({ to, message }, { absent: 'wait' }).subscribe();
    }
    net.advance(0);
    net.crash(1);
    net.advance(60_000);
    expect(net.node(0).router.snapshot().awaited).toMatchObject([{ kept: 2 }]);
    void net.node(0).router.stop();
    net.advance(5_000);
    expect(drops(net)).toEqual(Array(2).fill('0 outbound 1 node-stopped'));
    net.stop();
  });
});
