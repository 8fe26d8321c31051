import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { block, createRouter, Identity, json, type Router } from 'rxmesh';
import { MemoryNetwork } from 'rxmesh/transports/memory';

/** Two nodes that are up with each other. */
async function twoNodes(): Promise<readonly [Router, Router]> {
  const memory = new MemoryNetwork();
  const makeNode = async (...persistent: string[]): Promise<Router> => {
    const identity = await Identity.generate();
    const transports = [memory.transport(identity.id)];
    return createRouter({ identity, network: 'guide', transports, peers: { persistent } });
  };
  const one = await makeNode();
  const other = await makeNode(`memory:${one.id}`);
  await one.start();
  const up = firstValueFrom(other.peers$);
  await other.start();
  await up;
  return [one, other];
}

describe('docs/guide.md, when the consumer is slow', () => {
  it('whoever takes messages one by one gets all of them, and slows the sender down', async () => {
    const [here, there] = await twoNodes();
    const options = { id: 1, codec: json<number>(), inbound: block(4), outbound: block(4) };
    const channel = here.openChannel(options);
    const sender = there.openChannel(options);
    const total = 100;
    let sent = 0;
    const sending = (async () => {
      for (; sent < total; sent++) {
        await lastValueFrom(sender.send({ to: here.id, message: sent }));
      }
    })();

    const heard: number[] = [];
    let ahead = 0;
    for await (const { message } of channel) {
      heard.push(message);
      // Work that takes longer than a turn: meanwhile the sender goes as far as it can.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      ahead = Math.max(ahead, sent - heard.length);
      if (heard.length === total) channel.close();
    }
    await sending;

    expect(heard).toEqual(Array.from({ length: total }, (_, i) => i));
    // Both lanes, and what is being written.
    expect(ahead).toBeGreaterThan(4);
    expect(ahead).toBeLessThanOrEqual(4 + 4 + 2);
    await there.stop();
    await here.stop();
  });
});
