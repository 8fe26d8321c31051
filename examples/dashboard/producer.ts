/**
 * A process that measures itself a hundred times a second. `examples/dashboard.ts` starts it, with
 * its name and the address of the collector.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { interval, map } from 'rxjs';
import { createRouter, flowFrom, Identity, parseNodeAddress } from 'rxmesh';
import { pipeTo, sendTo } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { dashboardNetwork, type Lane, type Report, reports, samples } from './telemetry.ts';
import type { Sample } from './telemetry.ts';

/** The time between two samples, at least. */
const sampleMs = 10;

// Without the collector, however it ended, there is nobody to work for. It may have ended while
// this was still loading.
const collectorIsGone = (): void => process.exit();
process.once('disconnect', collectorIsGone);
if (!process.connected) collectorIsGone();

const [, , name = '', address = ''] = process.argv;
const { id: collector } = parseNodeAddress(address);
const router = createRouter({
  identity: await Identity.generate(),
  network: dashboardNetwork,
  moniker: name,
  transports: [webSocket()],
  peers: { persistent: [address] },
});
const out = router.openChannel(samples);
const told = router.openChannel(reports);
await router.start();
await router.whenUp(collector);

let made = 0;
const memory = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);

/** Each is made when there is room for it, so a slow reader slows this loop. */
async function* measurements(): AsyncGenerator<Sample> {
  for (;;) {
    await sleep(sampleMs);
    made += 1;
    yield { seq: made, memory: memory() };
  }
}

function lane(): Lane {
  const ports = router.snapshot().peers.find(({ id }) => id === collector)?.channels ?? [];
  const port = ports.find(({ channel }) => channel === samples.id);
  return { depth: port?.outbound.depth ?? 0, capacity: port?.outbound.capacity ?? 0 };
}

flowFrom(measurements())
  .pipe(sendTo(collector), pipeTo(out, { absent: 'wait' }))
  .subscribe();
interval(500)
  .pipe(
    map((): Report => ({ name, made, memory: memory(), lane: lane() })),
    sendTo(collector),
  )
  .subscribe(told.out);
