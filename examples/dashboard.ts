/**
 * Telemetry of several processes, on a page with live charts. One consumer takes the samples of
 * all. The page has a switch that makes it slow: then the lanes fill, and the producers slow down,
 * wherever they run. Nothing is lost.
 *
 *     node --conditions=source --import tsx examples/dashboard.ts
 *
 * Then open the address that it prints. The page is examples/dashboard/page, bundled with esbuild.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import {
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  interval,
  map,
  merge,
  Observable,
  switchMap,
  tap,
  timer,
} from 'rxjs';
import { createRouter, Identity, type NodeId, type Router } from 'rxmesh';
import { boundedMergeMap, broadcast } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { numberFrom, optionsOf, runUntilCtrlC } from './common/program.ts';
import { servePage } from './common/web-page.ts';
import {
  dashboardNetwork,
  type Lane,
  type ProducerView,
  type Report,
  reports,
  samples,
  slowness,
  type View,
  views,
} from './dashboard/telemetry.ts';

const usage = `usage: dashboard.ts [--producers n] [--port n] [--seconds n]
  --producers  how many processes, 1 to 16; default 3
  --port       of the page, on 127.0.0.1; default: any free one
  --seconds    how long to run, up to 86400; default: until Ctrl-C`;

/** How long the slow consumer takes for one sample. */
const slowMs = 100;

const { producers, port, seconds } = optionsOf(usage, () => {
  const { values } = parseArgs({
    options: {
      producers: { type: 'string', default: '3' },
      port: { type: 'string', default: '0' },
      seconds: { type: 'string' },
    },
  });
  const { seconds: limit } = values;
  return {
    producers: numberFrom('--producers', values.producers, 1, 16),
    port: numberFrom('--port', values.port, 0, 65_535),
    seconds: limit === undefined ? undefined : numberFrom('--seconds', limit, 0.1, 86_400),
  };
});

/** What the consumer has taken from a producer. */
interface Taken {
  count: number;
  last: number;
  missing: number;
}

/** Takes the samples of all producers, one after the other, and tells pages how it goes. */
class Collector {
  readonly #router: Router;
  readonly #taken = new Map<NodeId, Taken>();
  readonly #reports = new Map<NodeId, Report>();
  #isSlow = false;

  constructor(router: Router) {
    this.#router = router;
  }

  /** Works while subscribed. */
  work(): Observable<never> {
    const { in$ } = this.#router.openChannel(samples);
    const taken$ = in$.pipe(
      tap(({ from, message: { seq } }) => this.#take(from, seq)),
      // One at a time, and none of the next before that: `in$` is asked for one more only then.
      boundedMergeMap(() => (this.#isSlow ? timer(slowMs) : EMPTY), { concurrency: 1 }),
    );
    const reports$ = this.#router
      .openChannel(reports)
      .in$.pipe(tap(({ from, message }) => this.#reports.set(from, message)));
    const switched$ = this.#router
      .openChannel(slowness)
      .in$.pipe(tap(({ message }) => (this.#isSlow = message)));
    const pages = this.#router.openChannel(views);
    const shown$ = interval(500).pipe(
      map(() => this.#view()),
      broadcast(),
      tap(pages.out),
    );
    return merge(taken$, reports$, switched$, shown$).pipe(ignoreElements());
  }

  #take(from: NodeId, seq: number): void {
    const taken = this.#taken.get(from) ?? { count: 0, last: 0, missing: 0 };
    taken.count += 1;
    taken.missing += seq - taken.last - 1;
    taken.last = seq;
    this.#taken.set(from, taken);
  }

  #view(): View {
    const list = [...this.#reports].map(([id, report]): ProducerView => {
      const { count, missing } = this.#taken.get(id) ?? { count: 0, missing: 0 };
      const inbound = this.#laneFrom(id);
      return { ...report, id, isUp: this.#router.isUp(id), taken: count, missing, inbound };
    });
    list.sort((a, b) => a.name.localeCompare(b.name));
    return { isSlow: this.#isSlow, producers: list };
  }

  #laneFrom(peer: NodeId): Lane {
    const ports = this.#router.snapshot().peers.find(({ id }) => id === peer)?.channels ?? [];
    const lane = ports.find(({ channel }) => channel === samples.id)?.inbound;
    // The lane takes what it has granted.
    return { depth: lane?.depth ?? 0, capacity: (lane?.depth ?? 0) + (lane?.granted ?? 0) };
  }
}

/** Processes that send samples, while subscribed. */
function producing(address: string): Observable<never> {
  return new Observable((subscriber) => {
    const script = new URL('dashboard/producer.ts', import.meta.url);
    const children = Array.from({ length: producers }, (_, i): ChildProcess => {
      const child = fork(script, [`producer ${i + 1}`, address], { detached: true });
      child.once('error', (error) => subscriber.error(error));
      child.once('exit', (code) => subscriber.error(new Error(`producer ${i + 1} ended: ${code}`)));
      return child;
    });
    return () => {
      for (const child of children) child.disconnect();
    };
  });
}

function dashboard(identity: Identity): Observable<never> {
  const server = createServer();
  const router = createRouter({
    identity,
    network: dashboardNetwork,
    moniker: 'collector',
    transports: [webSocket({ listen: { server, path: '/mesh' } })],
  });
  const page = {
    title: 'Telemetry',
    node: identity.id,
    program: new URL('dashboard/page/main.ts', import.meta.url),
    style: new URL('dashboard/page/style.css', import.meta.url),
    html: '<main id="dashboard"></main>',
  };
  const started$ = defer(async () => {
    const url = await servePage(server, page, port);
    await router.start();
    console.log(`open ${url}`);
    return `${url.replace('http://', `ws://${identity.id}@`)}/mesh`;
  });
  const produced$ = started$.pipe(switchMap(producing));
  return merge(new Collector(router).work(), produced$).pipe(
    finalize(() => void router.stop().then(() => server.close())),
  );
}

const running$ = defer(() => Identity.generate()).pipe(switchMap(dashboard));
await runUntilCtrlC(running$, { name: 'dashboard', seconds });
