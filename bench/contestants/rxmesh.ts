import { filter, firstValueFrom, lastValueFrom, map } from 'rxjs';
import {
  block,
  createRouter,
  Identity,
  protobuf,
  type Channel,
  type InboundEnvelope,
  type OutboundEnvelope,
  type Router,
} from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import type { Contestant } from './contestant.ts';
import { bodyFor, Item } from './item.ts';
import { Pings } from './waiting.ts';

const pingChannel = 1000;

/** rxmesh over WebSocket, encrypted, with `block` lanes; the consumer takes messages with demand. */
export const rxmesh: Contestant = contestant((channel, take) => {
  const demand = channel.in$.consume({
    next: ({ message }) => take(message.seq),
    error: (error) => {
      throw error;
    },
    complete: () => undefined,
  });
  demand.request(Infinity);
});

/** The same, with a consumer as one writes it in RxJS: `subscribe`, behind two operators. */
export const rxmeshOperators: Contestant = contestant((channel, take) => {
  channel.in$
    .pipe(
      map(({ message }) => message),
      filter(({ body }) => body.length > 0),
    )
    .subscribe(({ seq }) => take(seq));
});

type Consume = (channel: Channel<Item>, take: (seq: number) => void) => void;

function contestant(consume: Consume): Contestant {
  return {
    async listen({ channels }, take) {
      const router = await routerWith([webSocket({ listen: { port: 0, host: '127.0.0.1' } })]);
      for (let id = 0; id < channels; id += 1) {
        consume(openChannel(router, id), (seq) => take(id, seq));
      }
      echo(openChannel(router, pingChannel));
      await router.start();
      const port = router.snapshot().endpoints[0]?.port ?? 0;
      return `ws://${router.id}@127.0.0.1:${port}`;
    },

    async dial(address, setup) {
      // Masks of zeros: what is masked is ciphertext.
      const router = await routerWith([webSocket({ dial: { zeroMask: true } })], [address]);
      const channels = Array.from({ length: setup.channels }, (_, id) => openChannel(router, id));
      const echoes = openChannel(router, pingChannel);
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
          const sent = pipeTo(channel)(items(to, body, first, count));
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
    network: 'bench',
    transports,
    peers: { persistent },
  });
}

function openChannel(router: Router, id: number): Channel<Item> {
  return router.openChannel({
    id,
    // The other contestants do not verify their messages either.
    codec: protobuf<Item>(Item, { verify: false }),
    inbound: block(8192),
    outbound: block(4096),
  });
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

function echo(channel: Channel<Item>): void {
  channel.in$
    .pipe(map(({ from, message }: InboundEnvelope<Item>) => ({ to: from, message })))
    .subscribe(channel.out);
}
