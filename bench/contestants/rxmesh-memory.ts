import { lastValueFrom } from 'rxjs';
import { pipeTo } from 'rxmesh/operators';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { Arrivals } from './arrivals.ts';
import type { ConnectInMemory } from './in-memory.ts';
import { bodyFor } from './item.ts';
import { consume, itemsTo, memoryNode, openItems } from './rxmesh-nodes.ts';

/** Two routers on one `MemoryNetwork`. */
export function rxmeshMemory(protection: 'proven' | 'encrypted'): ConnectInMemory {
  return async (bytes) => {
    const memory = new MemoryNetwork({ protection });
    const arrivals = new Arrivals();
    const receiver = await memoryNode(memory, (router) => {
      consume(openItems(router, 1), ({ seq }) => arrivals.take(seq));
    });
    const sender = await memoryNode(memory, () => undefined, [receiver]);
    const channel = openItems(sender, 1);
    const body = bodyFor(bytes);
    return {
      async run(count) {
        const first = arrivals.next;
        const arrived = arrivals.expect(count);
        const sent = lastValueFrom(pipeTo(channel)(itemsTo(receiver.id, body, first, count)));
        await arrived;
        const { dropped } = await sent;
        if (dropped > 0) throw new Error(`${dropped} messages were dropped`);
      },
    };
  };
}
