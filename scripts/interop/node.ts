import { filter, firstValueFrom, map, tap, timeout } from 'rxjs';
import {
  createRouter,
  Identity,
  type Link,
  type Router,
  type RouterEvent,
  type RouterOptions,
  type RxmeshError,
  type Transport,
} from 'rxmesh';
import { comet, peerExchange } from 'rxmesh/transports/comet';

/** How long anything may take on a busy machine. */
const patienceMs = 120_000;

/** A node of ours, and everything that happens to it. */
export interface Node {
  readonly router: Router;
  readonly events: RouterEvent[];
}

/** A node for a chain, which listens on a free port of loopback. */
export async function nodeFor(
  network: string,
  options: Partial<RouterOptions> = {},
): Promise<Node> {
  const router = createRouter({
    identity: await Identity.generate(),
    network,
    protocolVersion: { block: 11, app: 0 },
    moniker: 'rxmesh-interop',
    transports: [comet({ listen: { host: '127.0.0.1' } })],
    // Answers of the peer show in the snapshot.
    keepAlive: { intervalMs: 500, timeoutMs: 30_000 },
    ...options,
  });
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  return { router, events };
}

/**
 * Runs `work` with a node of ours that is connected with all of these, and stops it.
 * @param prepare opens channels; without any, it has that of peer exchange
 */
export async function connected<T>(
  to: { readonly chainId: string; readonly addresses: readonly string[] },
  work: (node: Node) => Promise<T>,
  prepare: (node: Node) => void = () => undefined,
  options: Partial<RouterOptions> = {},
): Promise<T> {
  const node = await nodeFor(to.chainId, { peers: { persistent: to.addresses }, ...options });
  const { router, events } = node;
  try {
    prepare(node);
    if (router.snapshot().channels.length === 0) router.openChannel(peerExchange);
    await router.start();
    const what = `${to.addresses.length} are up (${events.map(({ type }) => type).join()})`;
    await until(what, () => router.snapshot().peers.length >= to.addresses.length);
    return await work(node);
  } finally {
    await router.stop();
  }
}

/** The error of the first dial that fails, or that leads to a connection that is refused. */
export async function dialFailure({ router }: Node): Promise<RxmeshError> {
  const failed$ = router.events$.pipe(
    filter((event) => event.type === 'dial-failed' || event.type === 'connection-refused'),
    timeout(patienceMs),
  );
  const { error } = await firstValueFrom(failed$);
  return error;
}

/** How often peers have pinged us, and how often we have answered. */
export interface Pings {
  heard: number;
  answered: number;
}

/** Counts the pings on the connections that a transport dials. */
export function counting(transport: Transport, pings: Pings): Transport {
  const watch = (link: Link): void => {
    const attach = link.attach.bind(link);
    link.attach = (receiver) => {
      const ping = receiver.ping.bind(receiver);
      receiver.ping = () => {
        pings.heard += 1;
        ping();
      };
      attach(receiver);
    };
    const pong = link.pong.bind(link);
    link.pong = (readAtMs) => {
      pings.answered += 1;
      pong(readAtMs);
    };
  };
  const dial = transport.dial.bind(transport);
  transport.dial = (endpoint) =>
    dial(endpoint).pipe(
      map((connection) => {
        const handshake = connection.handshake.bind(connection);
        connection.handshake = (self, expected) => handshake(self, expected).pipe(tap(watch));
        return connection;
      }),
    );
  return transport;
}

/** Waits until something is true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number = patienceMs,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Fails with a text. */
export function failIf(condition: boolean, what: string): void {
  if (condition) throw new Error(what);
}
