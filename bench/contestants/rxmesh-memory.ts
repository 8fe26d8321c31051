import { lastValueFrom } from 'rxjs';
import type { OutboundEnvelope } from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { Arrivals } from './arrivals.ts';
import type { ConnectInMemory } from './in-memory.ts';
import { bodyFor, type Item } from './item.ts';
import { consume, memoryNode, openItems } from './rxmesh-nodes.ts';

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
        const sent = lastValueFrom(pipeTo(channel)(items(receiver.id, body, first, count)));
        await arrived;
        const { dropped } = await sent;
        if (dropped > 0) throw new Error(`${dropped} messages were dropped`);
      },
    };
  };
}

function* items(
  to: string,
  body: Uint8Array,
  first: number,
  count: number,
): Generator<OutboundEnvelope<Item>> {
  const end = first + count;
  for (let seq = first; seq < end; seq += 1) yield { to, message: { seq, body } };
}
