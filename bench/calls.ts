/**
 * Calls between two processes: how many a second, one at a time, 64 and 1,000 at a time, and how
 * long a lone one takes.
 *
 *     npm run bench:calls -- --ms 1000 --rounds 5
 *
 * Compares `rxmesh/calls` with `requestResponse` of rsocket-js (over TCP, unencrypted), and with a
 * bare message of rxmesh and its echo, which has no numbers, no errors and no bounds. Requests and
 * answers are items of 64 B, encoded and decoded by both sides. The contestants take turns. Prints
 * the medians of the rounds.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import {
  block,
  createRouter,
  Identity,
  type NodeId,
  parseNodeAddress,
  protobuf,
  type Router,
} from 'rxmesh';
import { calls } from 'rxmesh/calls';
import { reply } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { bodyFor, encode, Item } from './contestants/item.ts';
import { acceptPeers, answer, connectPeer, ping } from './contestants/rsocket.ts';

const { values } = parseArgs({
  options: {
    ms: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    serve: { type: 'boolean', default: false },
  },
});
const concurrencies = [1, 64, 1000] as const;
const item = { seq: 7, body: bodyFor(64) };
const codec = protobuf<Item>(Item);
/** `out` drops what a full lane does not take, so the lane has room for all. */
const echoes = { id: 2, codec, outbound: block(1024) };

/** Makes one call after another, and reports each answer. */
type Caller = (answered: () => void) => void;

async function routerWith(address?: string): Promise<Router> {
  const listen = { listen: { host: '127.0.0.1', port: 0 } };
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'bench',
    // A zero mask is safe here: the payload is already ciphertext.
    transports: [webSocket(address === undefined ? listen : { dial: { zeroMask: true } })],
    peers: { persistent: address === undefined ? [] : [address] },
  });
  return router;
}

/** The other process: answers with what it gets. */
async function serve(): Promise<void> {
  const router = await routerWith();
  calls(router, { id: 1, request: codec, response: codec }).serve(({ request }) => request);
  const echo = router.openChannel(echoes);
  echo.in$.pipe(reply((message) => message)).subscribe(echo.out);
  await router.start();
  const port = await acceptPeers(() => ({ requestResponse: answer }));
  process.send?.({ address: router.addresses[0], port });
}

function callerOf(router: Router, to: NodeId): Caller {
  const service = calls(router, { id: 1, request: codec, response: codec });
  return (answered) => void service.call(to, item).subscribe(answered);
}

/** Answers come in order, so the first one that waits is answered. */
function echoerOf(router: Router, to: NodeId): Caller {
  const echo = router.openChannel(echoes);
  const waiting: (() => void)[] = [];
  let first = 0;
  echo.in$.subscribe(() => {
    waiting[first++]?.();
    if (first < 4_096) return;
    waiting.splice(0, first);
    first = 0;
  });
  return (answered) => {
    waiting.push(answered);
    echo.out.next({ to, message: item });
  };
}

/** Keeps as many calls running for a time. @returns their times, in microseconds, and the rate */
async function run(call: Caller, concurrency: number, ms: number): Promise<Round> {
  const startMs = performance.now();
  const timesUs: number[] = [];
  await new Promise<void>((resolve) => {
    let running = concurrency;
    const next = (): void => {
      const beganMs = performance.now();
      call(() => {
        const nowMs = performance.now();
        timesUs.push((nowMs - beganMs) * 1000);
        if (nowMs - startMs < ms) next();
        else if (--running === 0) resolve();
      });
    };
    for (let i = 0; i < concurrency; i += 1) next();
  });
  const perSecond = timesUs.length / ((performance.now() - startMs) / 1000);
  return { perSecond, p50Us: medianOf(timesUs) };
}

interface Round {
  readonly perSecond: number;
  readonly p50Us: number;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? NaN;
}

async function compare(address: string, port: number): Promise<void> {
  const router = await routerWith(address);
  const { id } = parseNodeAddress(address);
  const peer = await connectPeer(port, []);
  const contestants: Readonly<Record<string, Caller>> = {
    calls: callerOf(router, id),
    'bare message and echo': echoerOf(router, id),
    'rsocket-js': (answered) => void ping(peer, encode(item)).then(answered),
  };
  await router.start();
  await router.whenUp(id);
  for (const concurrency of concurrencies) {
    const results = new Map<string, Round[]>();
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      for (const [name, call] of Object.entries(contestants)) {
        const result = await run(call, concurrency, Number(values.ms));
        // The first round warms up.
        if (round > 0) results.set(name, [...(results.get(name) ?? []), result]);
      }
    }
    for (const [name, all] of results) {
      const perSecond = medianOf(all.map((each) => each.perSecond));
      const p50Us = medianOf(all.map((each) => each.p50Us));
      const rate = `${perSecond.toFixed(0).padStart(8)} calls/s`;
      console.log(
        `${String(concurrency).padStart(5)} at a time: ${rate}, p50 ${p50Us.toFixed(0).padStart(6)} µs  ${name}`,
      );
    }
  }
  await router.stop();
}

if (values.serve) {
  await serve();
} else {
  const child = fork(process.argv[1] ?? '', ['--serve']);
  child.once('message', ({ address, port }: { address: string; port: string }) => {
    void compare(address, Number(port)).finally(() => child.kill());
  });
  child.once('exit', (code) => process.exit(code ?? 0));
}
