import { filter, firstValueFrom, lastValueFrom, map } from 'rxjs';
import {
  createRouter,
  Identity,
  type Channel,
  type InboundEnvelope,
  type Router,
  type Transport,
} from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { comet } from 'rxmesh/transports/comet';
import { webSocket } from 'rxmesh/transports/websocket';
import type { Contestant } from './contestant.ts';
import { bodyFor, type Item } from './item.ts';
import { consume, itemsTo, network, openItems } from './rxmesh-nodes.ts';
import { Pings } from './waiting.ts';

// Channels of CometBFT's wire end at 127.
const pingChannel = 100;
const host = '127.0.0.1';

/** How two nodes reach each other. */
interface Wire {
  readonly protocol: string;
  listening(): Transport;
  dialing(): Transport;
}

const overWebSocket: Wire = {
  protocol: 'ws',
  listening: () => webSocket({ listen: { port: 0, host } }),
  // A zero mask is safe here: the payload is already ciphertext.
  dialing: () => webSocket({ dial: { zeroMask: true } }),
};

/** Its defaults: records and packets of 1 KiB. rxmesh limits no rates unless it is told to. */
const overComet: Wire = {
  protocol: 'tcp',
  listening: () => comet({ listen: { port: 0, host } }),
  dialing: () => comet(),
};

/**
 * rxmesh over encrypted WebSocket with `block` lanes. The receiver consumes with explicit demand.
 */
export const rxmesh: Contestant = contestant(overWebSocket, consumeItems);

/** The same over CometBFT's own wire. */
export const rxmeshComet: Contestant = contestant(overComet, consumeItems);

/** The same, with a typical RxJS consumer: `subscribe` after two operators. */
export const rxmeshOperators: Contestant = contestant(overWebSocket, (channel, take) => {
  channel.in$
    .pipe(
      map(({ message }) => message),
      filter(({ body }) => body.length > 0),
    )
    .subscribe(({ seq }) => take(seq));
});

type Take = (channel: Channel<Item>, take: (seq: number) => void) => void;

function consumeItems(channel: Channel<Item>, take: (seq: number) => void): void {
  consume(channel, ({ seq }) => take(seq));
}

function contestant(wire: Wire, takeFrom: Take): Contestant {
  return {
    async listen({ channels }, take) {
      const router = await routerWith([wire.listening()]);
      for (let id = 0; id < channels; id += 1) {
        takeFrom(openItems(router, id), (seq) => take(id, seq));
      }
      echo(openItems(router, pingChannel));
      await router.start();
      const port = router.snapshot().endpoints[0]?.port ?? 0;
      return `${wire.protocol}://${router.id}@${host}:${port}`;
    },

    async dial(address, setup) {
      const router = await routerWith([wire.dialing()], [address]);
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
  transports: readonly Transport[],
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
