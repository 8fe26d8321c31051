import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { createRouter, Identity, protobuf, type Channel, type Router } from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { noteBody, type Far } from './far.ts';
import { bodyFor, Item } from './item.ts';
import { itemsTo, network } from './rxmesh-nodes.ts';

/** rxmesh over WebSocket, with default options. */
export const rxmeshFar: Far = {
  async listen(_, arriving) {
    const router = await routerWith(webSocket({ listen: { port: 0, host: '127.0.0.1' } }));
    const { bulk, notes } = channelsOf(router);
    bulk.in$.subscribe(({ message }) => arriving.bulk(message.seq));
    notes.in$.subscribe(({ message }) => arriving.note(message.seq));
    await router.start();
    return { port: router.snapshot().endpoints[0]?.port ?? 0, id: router.id };
  },

  async dial({ port, id }, bytes) {
    const router = await routerWith(webSocket(), [`ws://${id}@127.0.0.1:${port}`]);
    const { bulk, notes } = channelsOf(router);
    const up = firstValueFrom(router.peers$.pipe(filter(({ status }) => status === 'up')));
    await router.start();
    const { id: to } = await up;
    const body = bodyFor(bytes);
    return {
      async send(first, count) {
        const { accepted } = await lastValueFrom(pipeTo(bulk)(itemsTo(to, body, first, count)));
        if (accepted !== count) throw new Error(`${count - accepted} messages were dropped`);
      },
      note: (seq) => notes.out.next({ to, message: { seq, body: noteBody } }),
    };
  },
};

async function routerWith(
  transport: ReturnType<typeof webSocket>,
  persistent: readonly string[] = [],
): Promise<Router> {
  return createRouter({
    identity: await Identity.generate(),
    network,
    transports: [transport],
    peers: { persistent },
  });
}

function channelsOf(router: Router): Record<'bulk' | 'notes', Channel<Item>> {
  const codec = protobuf<Item>(Item);
  return {
    bulk: router.openChannel({ id: 0, codec }),
    notes: router.openChannel({ id: 1, codec }),
  };
}
