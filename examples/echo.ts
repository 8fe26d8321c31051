/**
 * Two nodes in one process, over a WebSocket on loopback: one sends, the other echoes.
 *
 *     node --conditions=source --import tsx examples/echo.ts --count 10
 */
import { parseArgs } from 'node:util';
import {
  concatMap,
  fromEvent,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  type Observable,
  range,
  take,
  takeUntil,
  tap,
  toArray,
} from 'rxjs';
import { createRouter, Identity, json, RxmeshError } from 'rxmesh';
import { reply } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';

const usage = `usage: echo.ts [--count calls] [--port port]
  --count  how many calls to make, 1 to 100000; default 10
  --port   where the echo listens; default 0, any port that is free`;

const { count, port } = options();

const echo = createRouter({
  identity: await Identity.generate(),
  network: 'echo',
  transports: [webSocket({ listen: { host: '127.0.0.1', port } })],
});
const heard = echo.openChannel({ id: 1, codec: json<string>() });
heard.in$.pipe(reply((text) => text)).subscribe(heard.out);
await echo.start().catch(fail);

const address = `ws://${echo.id}@127.0.0.1:${echo.snapshot().endpoints[0]?.port}`;
console.log(`the echo is at ${address}`);

const caller = createRouter({
  identity: await Identity.generate(),
  network: 'echo',
  transports: [webSocket()],
  peers: { persistent: [address] },
});
const calls = caller.openChannel({ id: 1, codec: json<string>() });
await caller.start();
await caller.whenUp(echo.id);

const done = lastValueFrom(
  range(1, count).pipe(
    concatMap((n) => roundTripMs(`hello ${n}`)),
    takeUntil(fromEvent(process, 'SIGINT')),
    toArray(),
  ),
);
const times = await done.catch(fail);
const median = times.sort((a, b) => a - b)[times.length >> 1];
console.log(`${times.length} round trips, median ${median?.toFixed(2) ?? '-'} ms`);

await caller.stop();
await echo.stop();

/** Makes one call, and emits how long the answer took, in milliseconds. */
function roundTripMs(text: string): Observable<number> {
  const start = performance.now();
  const answer$ = calls.in$.pipe(
    take(1),
    map(({ message }) => ({ message, ms: performance.now() - start })),
    tap(({ message, ms }) => console.log(`${message}, ${ms.toFixed(2)} ms`)),
    map(({ ms }) => ms),
  );
  const call$ = calls.send({ to: echo.id, message: text }).pipe(
    tap(({ dropped }) => {
      if (dropped > 0) throw new RxmeshError('RXMESH_UNDELIVERABLE', 'the echo is gone');
    }),
    ignoreElements(),
  );
  return merge(answer$, call$);
}

function options(): { readonly count: number; readonly port: number } {
  try {
    const { values } = parseArgs({
      options: {
        count: { type: 'string', default: '10' },
        port: { type: 'string', default: '0' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    return {
      count: wholeNumber('count', values.count, 1, 100_000),
      port: wholeNumber('port', values.port, 0, 65_535),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new RangeError(`--${name} is a whole number from ${min} to ${max}, not ${text}`);
}

function fail(error: unknown): never {
  if (!(error instanceof RxmeshError)) throw error;
  console.error(`echo: ${error.message}`);
  process.exit(1);
}
