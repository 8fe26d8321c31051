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

/**
 * The same over CometBFT's own wire with its defaults: records and packets of 1 KiB. Rates are
 * unlimited, as they are by default.
 */
export const rxmeshComet: Contestant = rxmeshOver(async (isListening) => ({
  identity: await Identity.generate(),
  transport: isListening ? comet({ listen: { port: 0, host } }) : comet(),
  address: (router) => addressOf(router, 'tcp'),
}));

/** The same over another transport. */
export function rxmeshOver(medium: Medium): Contestant {
  return contestant((channel, take) => {
    consume(channel, ({ seq }) => take(seq));
  }, medium);
}

/** What a node stands on. */
export type Medium = (isListening: boolean) => Promise<Ground>;

interface Ground {
  readonly identity: Identity;
  readonly transport: Transport;
  /** Where it listens, for the others. */
  address(router: Router): string;
}

/** An encrypted WebSocket. A node that listens can dial, too. */
export async function overWebSocket(isListening: boolean): Promise<Ground> {
  // A zero mask is safe here: the payload is already ciphertext.
  const dial = { zeroMask: true };
  return {
    identity: await Identity.generate(),
    transport: webSocket(isListening ? { listen: { port: 0, host }, dial } : { dial }),
    address: (router) => addressOf(router, 'ws'),
  };
}

function addressOf(router: Router, protocol: string): string {
  return `${protocol}://${router.id}@${host}:${router.snapshot().endpoints[0]?.port ?? 0}`;
}

type Take = (channel: Channel<Item>, take: (seq: number) => void) => void;

function contestant(takeFrom: Take, medium: Medium = overWebSocket): Contestant {
  return {
    async listen({ channels }, take) {
      const { identity, transport, address } = await medium(true);
      const router = routerWith(identity, transport);
      for (let id = 0; id < channels; id += 1) {
        takeFrom(openItems(router, id), (seq) => take(id, seq));
      }
      echo(openItems(router, pingChannel));
      await router.start();
      return address(router);
    },

    async dial(address, setup) {
      const { identity, transport } = await medium(false);
      const router = routerWith(identity, transport, [address]);
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

function routerWith(
  identity: Identity,
  transport: Transport,
  persistent: readonly string[] = [],
): Router {
  return createRouter({ identity, network, transports: [transport], peers: { persistent } });
}

function echo(channel: Channel<Item>): void {
  channel.in$
    .pipe(map(({ from, message }: InboundEnvelope<Item>) => ({ to: from, message })))
    .subscribe(channel.out);
}
