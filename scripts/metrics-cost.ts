/**
 * Compares throughput with and without metrics, in turns: two nodes in this process over a
 * WebSocket, messages of 64 bytes, and metrics that are collected once a second.
 *
 *     npm run metrics-cost -- --rounds 10 --seconds 2
 */
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { lastValueFrom } from 'rxjs';
import { createRouter, flowFrom, Identity, raw, type Transport } from 'rxmesh';
import { measure, timed } from 'rxmesh/metrics';
import { pipeTo, sendTo } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { commandLine } from './command-line.ts';

const {
  numbers: { rounds, seconds },
} = commandLine({
  usage: `npm run metrics-cost -- [options]

  --rounds 10   how often to measure each
  --seconds 2   for how long`,
  numbers: { rounds: 10, seconds: 2 },
});
const forMs = seconds * 1_000;
const message = new Uint8Array(64);

/** Messages per second, from one node to another. */
async function rate(isMeasured: boolean): Promise<number> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('rxmesh');
  const transport = (given: Transport): Transport => (isMeasured ? timed(given, { meter }) : given);
  await using receiver = createRouter({
    identity: await Identity.generate(),
    network: 'cost',
    transports: [transport(webSocket({ listen: { host: '127.0.0.1' } }))],
  });
  await using sender = createRouter({
    identity: await Identity.generate(),
    network: 'cost',
    transports: [transport(webSocket())],
  });
  const measured = isMeasured ? [receiver, sender].map((each) => measure(each, { meter })) : [];
  const collecting = setInterval(() => void exporter.collect(), 1_000);
  let received = 0;
  receiver.openChannel({ id: 1, codec: raw() }).in$.subscribe(() => (received += 1));
  const out = sender.openChannel({ id: 1, codec: raw() });
  await Promise.all([receiver.start(), sender.start()]);
  await sender.peers.dial(receiver.addresses[0] ?? '');
  const startedAtMs = performance.now();
  function* messages(): Generator<Uint8Array> {
    while (performance.now() - startedAtMs < forMs) yield message;
  }
  await lastValueFrom(flowFrom(messages()).pipe(sendTo(receiver.id), pipeTo(out)));
  const perSecond = received / ((performance.now() - startedAtMs) / 1_000);
  clearInterval(collecting);
  for (const each of measured) each.unsubscribe();
  await provider.shutdown();
  return perSecond;
}

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;

await rate(false);
const without: number[] = [];
const ratios: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  // The order changes, so that what a round leaves behind meets both alike.
  const first = await rate(round % 2 === 0);
  const second = await rate(round % 2 !== 0);
  const [measured, bare] = round % 2 === 0 ? [first, second] : [second, first];
  without.push(bare);
  ratios.push(measured / bare);
}
const percent = ((median(ratios) - 1) * 100).toFixed(1);
const spread = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(3));
console.log(`without metrics: ${Math.round(median(without)).toLocaleString('en')} messages/s`);
console.log(`with metrics: ${percent} % (median of ${rounds} pairs; from ${spread.join(' to ')})`);
