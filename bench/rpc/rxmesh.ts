import {
  block,
  createRouter,
  type DirectEnvelope,
  Flow,
  flowFrom,
  Identity,
  type NodeId,
  parseNodeAddress,
  protobuf,
  type Router,
} from 'rxmesh';
import { calls } from 'rxmesh/calls';
import { pipeTo, reply } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import type { Subscription } from 'rxjs';
import { bodyFor, Item } from '../contestants/item.ts';
import type { RpcContestant } from './contestant.ts';

const item = { seq: 7, body: bodyFor(64) };
const codec = protobuf<Item>(Item);
const methods = {
  echo: { request: codec, response: codec },
  items: { request: codec, response: codec },
};
/** `out` drops what a full lane does not take, so the lane has room for all. */
const echoes = { id: 2, codec, outbound: block(1024) };
/** A message here starts a stream of items, and the next one stops it. */
const feed = { id: 3, codec };

async function routerWith(address?: string): Promise<Router> {
  const listen = { listen: { host: '127.0.0.1', port: 0 } };
  return createRouter({
    identity: await Identity.generate(),
    network: 'bench',
    // A zero mask is safe here: the payload is already ciphertext.
    transports: [webSocket(address === undefined ? listen : { dial: { zeroMask: true } })],
    peers: { persistent: address === undefined ? [] : [address] },
  });
}

async function connected(address: string): Promise<{ router: Router; to: NodeId }> {
  const router = await routerWith(address);
  const { id: to } = parseNodeAddress(address);
  return { router, to };
}

async function started(router: Router, to: NodeId): Promise<void> {
  await router.start();
  await router.whenUp(to);
}

async function serve(): Promise<string> {
  const router = await routerWith();
  calls(router, { id: 1, request: codec, response: codec }).serve(({ request }) => request);
  calls(router, { id: 4, methods }).serve({ items: () => endless(item) });
  const echo = router.openChannel(echoes);
  echo.in$.pipe(reply((message) => message)).subscribe(echo.out);
  const channel = router.openChannel(feed);
  let feeding: Subscription | undefined;
  channel.in$.subscribe(({ from }) => {
    if (feeding === undefined) {
      const envelope: DirectEnvelope<Item> = { to: from, message: item };
      feeding = endless(envelope).pipe(pipeTo(channel)).subscribe();
    } else {
      feeding.unsubscribe();
      feeding = undefined;
    }
  });
  await router.start();
  return router.addresses[0] ?? '';
}

function endless<T>(value: T): Flow<T> {
  return flowFrom({
    *[Symbol.iterator]() {
      for (;;) yield value;
    },
  });
}

/** `rxmesh/calls`, over an encrypted WebSocket. */
export const rxmeshCalls: RpcContestant = {
  name: 'rxmesh calls',
  serve,

  async connect(address) {
    const { router, to } = await connected(address);
    const service = calls(router, { id: 1, request: codec, response: codec });
    await started(router, to);
    return (answered) => void service.call(to, item).subscribe(answered);
  },
};

/** A message of rxmesh and its echo, which has no numbers, no errors and no bounds. */
export const rxmeshEcho: RpcContestant = {
  name: 'rxmesh message and echo',
  serve,

  async connect(address) {
    const { router, to } = await connected(address);
    const echo = router.openChannel(echoes);
    const waiting: (() => void)[] = [];
    let first = 0;
    // Answers come in order, so the first one that waits is answered.
    echo.in$.subscribe(() => {
      waiting[first++]?.();
      if (first < 4_096) return;
      waiting.splice(0, first);
      first = 0;
    });
    await started(router, to);
    return (answered) => {
      waiting.push(answered);
      echo.out.next({ to, message: item });
    };
  },
};

/** Takes items for a while. @returns how many came */
export type Taker = (ms: number) => Promise<number>;

/** Two ways to take a stream of items: the answers of one call, and the messages of `in$`. */
export const rxmeshStreams = {
  serve,

  async connect(address: string): Promise<Readonly<Record<string, Taker>>> {
    const { router, to } = await connected(address);
    const { items } = calls(router, { id: 4, methods }).methods;
    const channel = router.openChannel(feed);
    await started(router, to);
    const toggle = (): void => channel.out.next({ to, message: item });
    return {
      'answers of one call': (ms) => countFor(ms, (take) => items.call(to, item).subscribe(take)),
      'messages of in$': (ms) =>
        countFor(ms, (take) => {
          const taking = channel.in$.subscribe(take);
          toggle();
          taking.add(toggle);
          return taking;
        }),
    };
  },
};

async function countFor(ms: number, start: (take: () => void) => Subscription): Promise<number> {
  let count = 0;
  const taking = start(() => (count += 1));
  await new Promise((resolve) => setTimeout(resolve, ms));
  taking.unsubscribe();
  return count;
}
