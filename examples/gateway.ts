/**
 * A gateway between two networks, composed from the operators by hand, without `createRouter`.
 *
 * Inside, three sensors publish temperatures on an in-memory network. Outside, a monitor listens
 * for alarms on a WebSocket. The gateway is a node in both networks and forwards high readings, at
 * most a few per second.
 *
 *     node --conditions=source --import tsx examples/gateway.ts --seconds 3
 */
import { parseArgs } from 'node:util';
import {
  concat,
  filter,
  firstValueFrom,
  fromEvent,
  interval,
  lastValueFrom,
  map,
  merge,
  NEVER,
  of,
  takeUntil,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import {
  createRouter,
  dropOldest,
  Identity,
  json,
  parseNodeAddress,
  selfOf,
  Switchboard,
  type NodeAddress,
  type Router,
  type Self,
  type Transport,
} from 'rxmesh';
import {
  accept,
  dial,
  handshake,
  pipeTo,
  rateLimit,
  relay,
  route,
  sendTo,
  type SessionEvent,
} from 'rxmesh/operators';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { webSocket } from 'rxmesh/transports/websocket';

interface Reading {
  readonly sensor: number;
  readonly celsius: number;
}

const seconds = secondsFromOptions();
const readings = { id: 1, codec: json<Reading>() };
const counts = { published: 0, normal: 0, overRate: 0, received: 0 };

// 1. The gateway's node in one network: inbound and outbound connections, and their sessions.

const gateway = await Identity.generate();

interface Side {
  readonly network: string;
  readonly transport: Transport;
  readonly switchboard: Switchboard;
  readonly dials$: Observable<NodeAddress>;
}

function node({ network, transport, switchboard, dials$ }: Side): Observable<SessionEvent> {
  const self = (): Self => selfOf({ identity: gateway, network, channels: switchboard.channels });
  const onFailure = (error: Error): void => console.log(`gateway, ${network}: ${error.message}`);

  const inbound$ = transport.incoming$.pipe(
    rateLimit({ perSecond: 20, onDrop: (connection) => connection.close() }),
    handshake({ self, concurrency: 8, onFailure }),
  );
  const outbound$ = dials$.pipe(
    dial({ transports: [transport], onFailure }),
    handshake({ self, onFailure }),
  );
  return merge(inbound$, outbound$).pipe(
    accept({ switchboard, onFailure }),
    route(switchboard),
    tap(({ type, session: { nodeInfo } }) =>
      console.log(`gateway, ${network}: ${nodeInfo.moniker} is ${type}`),
    ),
  );
}

// 2. Two networks, a channel in each, and a pipeline from one to the other.

const memory = new MemoryNetwork();
const monitor = await startMonitor();

const inside = new Switchboard({ self: gateway.id });
const outside = new Switchboard({ self: gateway.id });
const sensed = inside.open(readings);
const alarms = outside.open(readings);

const inside$ = node({
  network: 'inside',
  transport: memory.transport(gateway.id),
  switchboard: inside,
  dials$: NEVER,
});

const outside$ = node({
  network: 'outside',
  transport: webSocket(),
  switchboard: outside,
  dials$: concat(of(addressOf(monitor)), NEVER),
});

const forwarded$ = sensed.in$.pipe(
  filter(({ message }) => {
    const isHigh = message.celsius >= 30;
    if (!isHigh) counts.normal += 1;
    return isHigh;
  }),
  rateLimit({ perSecond: 5, onDrop: () => (counts.overRate += 1) }),
  relay(),
  pipeTo(alarms, { buffer: dropOldest(64) }),
);

// 3. Everything runs while it is subscribed.

const running = merge(inside$, outside$).subscribe();
const report = lastValueFrom(forwarded$);
await firstValueFrom(monitor.peers$);
const ctrlC$ = fromEvent(process, 'SIGINT');
await Promise.all([1, 2, 3].map((sensor) => publish(sensor, merge(timer(seconds * 1000), ctrlC$))));
// This ends the forwarding. Messages on their way to the monitor still arrive.
sensed.close();
const { accepted: forwarded } = await report;
await lastValueFrom(outside.goodbye(), { defaultValue: undefined });
running.unsubscribe();
await monitor.stop();

const { published, normal, overRate, received } = counts;
console.log(
  `${published} readings: ${normal} below 30 °C, ${overRate} over the rate, ${forwarded} forwarded`,
);
console.log(`${received} of these arrived at the monitor`);

// The monitor and the sensors are ordinary nodes.

async function startMonitor(): Promise<Router> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'outside',
    moniker: 'monitor',
    transports: [webSocket({ listen: { host: '127.0.0.1' } })],
  });
  router.openChannel(readings).in$.subscribe(({ message: { sensor, celsius } }) => {
    counts.received += 1;
    console.log(`monitor: sensor ${sensor} is at ${celsius} °C`);
  });
  await router.start();
  return router;
}

function addressOf(router: Router): NodeAddress {
  return parseNodeAddress(router.addresses[0] ?? '');
}

/** Publishes twenty readings per second, a third of them high, until `end$` emits. */
async function publish(sensor: number, end$: Observable<unknown>): Promise<void> {
  const identity = await Identity.generate();
  const router = createRouter({
    identity,
    network: 'inside',
    moniker: `sensor ${sensor}`,
    transports: [memory.transport(identity.id)],
    peers: { persistent: [`memory:${gateway.id}`] },
  });
  const channel = router.openChannel(readings);
  const isUp = firstValueFrom(router.peers$);
  await router.start();
  await isUp;
  const ticks$ = interval(50).pipe(takeUntil(end$));
  const published$ = ticks$.pipe(
    map((n) => ({ sensor, celsius: 20 + ((7 * n + 5 * sensor) % 15) })),
    sendTo(gateway.id),
    pipeTo(channel),
  );
  const { accepted } = await lastValueFrom(published$);
  counts.published += accepted;
  await router.stop();
}

function secondsFromOptions(): number {
  const usage = `usage: gateway.ts [--seconds seconds]
  --seconds  how long the sensors measure, 1 to 3600; default 3`;
  try {
    const { values } = parseArgs({
      options: { seconds: { type: 'string', default: '3' }, help: { type: 'boolean' } },
    });
    if (values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    const value = Number(values.seconds);
    if (value >= 1 && value <= 3600) return value;
    throw new RangeError(`--seconds is a number from 1 to 3600, not ${values.seconds}`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}
