import { filter, firstValueFrom, timeout } from 'rxjs';
import {
  createRouter,
  Identity,
  type Router,
  type RouterEvent,
  type RouterOptions,
  type RxmeshError,
} from 'rxmesh';
import { comet } from 'rxmesh/transports/comet';

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

/** The error of the first dial that fails, or that leads to a connection that is refused. */
export async function dialFailure({ router }: Node): Promise<RxmeshError> {
  const failed$ = router.events$.pipe(
    filter((event) => event.type === 'dial-failed' || event.type === 'connection-refused'),
    timeout(10_000),
  );
  const { error } = await firstValueFrom(failed$);
  return error;
}

/** Waits until something is true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
