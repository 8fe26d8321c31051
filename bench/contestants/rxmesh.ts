import { filter, firstValueFrom, lastValueFrom, map } from 'rxjs';
import { createRouter, Identity, type Channel, type InboundEnvelope, type Router } from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import type { Contestant } from './contestant.ts';
import { bodyFor, type Item } from './item.ts';
import { consume, itemsTo, network, openItems } from './rxmesh-nodes.ts';
import { Pings } from './waiting.ts';

const pingChannel = 1000;

/**
 * rxmesh over encrypted WebSocket with `block` lanes. The receiver consumes with explicit demand.
 */
export const rxmesh: Contestant = contestant((channel, take) => {
  consume(channel, ({ seq }) => take(seq));
});

/** The same, with a typical RxJS consumer: `subscribe` after two operators. */
export const rxmeshOperators: Contestant = contestant((channel, take) => {
  channel.in$
    .pipe(
      map(({ message }) => message),
      filter(({ body }) => body.length > 0),
    )
    .subscribe(({ seq }) => take(seq));
});

type Take = (channel: Channel<Item>, take: (seq: number) => void) => void;

function contestant(takeFrom: Take): Contestant {
  return {
    async listen({ channels }, take) {
      const router = await routerWith([webSocket({ listen: { port: 0, host: '127.0.0.1' } })]);
      for (let id = 0; id < channels; id += 1) {
        takeFrom(openItems(router, id), (seq) => take(id, seq));
      }
      echo(openItems(router, pingChannel));
      await router.start();
      const port = router.snapshot().endpoints[0]?.port ?? 0;
      return `ws://${router.id}@127.0.0.1:${port}`;
    },

    async dial(address, setup) {
      // A zero mask is safe here: the payload is already ciphertext.
      const router = await routerWith([webSocket({ dial: { zeroMask: true } })], [address]);
      const channels = Array.from({ length: setup.channels }, (_, id) => openItems(router, id));
      const echoes = openItems(router, pingChannel);
      const pings = new Pings();
      echoes.in$.subscribe(() => pings.answered());
      const up = firstValueFrom(router.peers$.pipe(filter(({ status }) => status === 'up')));
      await router.start();
      const { id: to } = await up;
      const body = bodyFor(setup.bytes);
      return {
        async send(id, first, count) {
          const channel = channels[id];
          if (channel === undefined) throw new RangeError(`there is no channel ${id}`);
          const sent = pipeTo(channel)(itemsTo(to, body, first, count));
          const { accepted } = await lastValueFrom(sent);
          if (accepted !== count) throw new Error(`${count - accepted} messages were dropped`);
        },
        ping() {
          const answered = pings.sent();
          echoes.out.next({ to, message: { seq: 0, body } });
          return answered;
        },
      };
    },
  };
}

async function routerWith(
  transports: readonly ReturnType<typeof webSocket>[],
  persistent: readonly string[] = [],
): Promise<Router> {
  return createRouter({
    identity: await Identity.generate(),
    network,
    transports,
    peers: { persistent },
  });
}

function echo(channel: Channel<Item>): void {
  channel.in$
    .pipe(map(({ from, message }: InboundEnvelope<Item>) => ({ to: from, message })))
    .subscribe(channel.out);
}
