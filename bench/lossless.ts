/**
 * Sends one million 64-byte protobuf messages from one process to another, over an encrypted
 * WebSocket on loopback, through `block` lanes and `pipeTo`. Checks that nothing is lost,
 * duplicated or reordered, and that memory stays flat.
 *
 *     npm run bench:lossless -- --messages 1000000
 *
 * With `--take`, the receiver requests only that many messages per second, which holds the sender
 * back.
 *
 *     npm run bench:slow-consumer        10 million messages, 100,000 per second
 *
 * Prints messages per second, and the memory of both sides over the course of the run. Exits with
 * code 1 if a message was lost or out of order, or if the heap grew after the first tenth by more
 * than `--growth` MiB or, if given, `--within` percent.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { concatMap, filter, take } from 'rxjs';
import {
  block,
  createRouter,
  Identity,
  protobuf as protobufCodec,
  type Channel,
  type Demand,
  type NodeId,
  type OutboundEnvelope,
} from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { bodyFor, Item } from './contestants/item.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    growth: { type: 'string', default: '32' },
    within: { type: 'string' },
    take: { type: 'string' },
    role: { type: 'string' },
    peer: { type: 'string' },
  },
});
const messages = Number(values.messages);
const tenth = messages / 10;

interface Sample {
  readonly count: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
}

/**
 * The memory of this process at each tenth of the messages. Each sample is the median of up to nine
 * readings, a thousand messages apart, because the amount in flight varies.
 */
class Sampler {
  readonly samples: Sample[] = [];
  #looks: Sample[] = [];

  /** Call after each message, with the number of messages so far. */
  passed(count: number): void {
    const left = (tenth - (count % tenth)) % tenth;
    if (left > 8_000 || left % 1_000 !== 0) return;
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const heapMiB = (heapUsed + external) / 2 ** 20;
    this.#looks.push({ count, heapMiB, rssMiB: rss / 2 ** 20 });
    if (left > 0) return;
    const looks = this.#looks.sort((one, other) => one.heapMiB - other.heapMiB);
    const median = looks[looks.length >> 1];
    if (median !== undefined) this.samples.push({ ...median, count });
    this.#looks = [];
  }
}

async function node(peer?: string): Promise<[Channel<Item>, ReturnType<typeof createRouter>]> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'bench',
    transports: [webSocket(peer === undefined ? { listen: { port: 0, host: '127.0.0.1' } } : {})],
    peers: peer === undefined ? {} : { persistent: [peer] },
  });
  const channel = router.openChannel({
    id: 1,
    codec: protobufCodec<Item>(Item),
    inbound: block(8192),
    outbound: block(4096),
  });
  return [channel, router];
}

async function receive(): Promise<void> {
  const [channel, router] = await node();
  let next = 0;
  const sampler = new Sampler();
  const demand = channel.in$.consume({
    next: ({ message }) => {
      if (message.seq !== next) fail(`expected message ${next}, got ${message.seq}`);
      next += 1;
      sampler.passed(next);
      if (next < messages) return;
      process.send?.({ type: 'received', samples: sampler.samples, at: Date.now() });
    },
    error: (error) => fail(String(error)),
    complete: () => undefined,
  });
  if (values.take === undefined) demand.request(Infinity);
  else takeSlowly(demand, Number(values.take));
  await router.start();
  const port = router.snapshot().endpoints[0]?.port ?? 0;
  process.send?.({ type: 'listening', address: `ws://${router.id}@127.0.0.1:${port}` });
  process.on('message', () => void router.stop().then(() => process.disconnect()));
}

/** Requests messages at a steady rate, a few every millisecond. */
function takeSlowly(demand: Demand, perSecond: number): void {
  const startedAt = Date.now();
  let requested = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - startedAt) / 1000) * perSecond) - requested;
    if (due < 1) return;
    requested += due;
    demand.request(due);
  }, 1);
  timer.unref();
}

function* items(to: NodeId, onPulled: (count: number) => void): Generator<OutboundEnvelope<Item>> {
  const body = bodyFor(64);
  for (let seq = 0; seq < messages; seq += 1) {
    yield { to, message: { seq, body } };
    onPulled(seq + 1);
  }
}

async function send(peer: string): Promise<void> {
  const [channel, router] = await node(peer);
  const sampler = new Sampler();
  let startedAt = 0;
  router.peers$
    .pipe(
      filter(({ status }) => status === 'up'),
      take(1),
      concatMap(({ id }) => {
        startedAt = Date.now();
        return pipeTo(channel)(items(id, (count) => sampler.passed(count)));
      }),
    )
    .subscribe({
      next: ({ accepted }) => {
        if (accepted !== messages) fail(`${messages - accepted} messages were dropped`);
        process.send?.({ type: 'sent', samples: sampler.samples, at: startedAt });
      },
      error: (error: unknown) => fail(String(error)),
    });
  process.on('message', () => void router.stop().then(() => process.disconnect()));
  await router.start();
}

function fail(text: string): never {
  process.send?.({ type: 'failed', text });
  process.exit(1);
}

type Report =
  | { readonly type: 'listening'; readonly address: string }
  | { readonly type: 'sent' | 'received'; readonly samples: readonly Sample[]; readonly at: number }
  | { readonly type: 'failed'; readonly text: string };

/** Runs each side in its own process, and prints their reports. */
function compare(): void {
  const script = new URL(import.meta.url).pathname;
  const size = `--messages=${messages}`;
  const slowness = values.take === undefined ? [] : [`--take=${values.take}`];
  const execArgv = [...process.execArgv, '--expose-gc'];
  const receiver = fork(script, ['--role=receive', size, ...slowness], { execArgv });
  const children = [receiver];
  const reports = new Map<string, Extract<Report, { type: 'sent' | 'received' }>>();
  const onReport = (report: Report): void => {
    if (report.type === 'failed') {
      console.error(report.text);
      process.exitCode = 1;
      for (const child of children) child.kill();
    } else if (report.type === 'listening') {
      const sender = fork(script, ['--role=send', size, `--peer=${report.address}`], { execArgv });
      children.push(sender);
      sender.on('message', onReport);
    } else {
      reports.set(report.type, report);
      if (reports.size < 2) return;
      for (const child of children) child.send('stop');
      print(reports);
    }
  };
  receiver.on('message', onReport);
}

function print(reports: ReadonlyMap<string, { samples: readonly Sample[]; at: number }>): void {
  const sent = reports.get('sent');
  const received = reports.get('received');
  if (sent === undefined || received === undefined) return;
  const seconds = (received.at - sent.at) / 1000;
  console.log(`${messages} messages of 64 bytes in ${seconds.toFixed(2)} s, in order, none lost:`);
  console.log(`${Math.round(messages / seconds)} messages/s (memory sampled on the way)`);
  console.log('messages    sender heap, rss    receiver heap, rss   (MiB, after a collection)');
  sent.samples.forEach((one, i) => {
    const other = received.samples[i];
    const row = [one.count, one.heapMiB, one.rssMiB, other?.heapMiB ?? NaN, other?.rssMiB ?? NaN];
    console.log(row.map((n, column) => n.toFixed(column === 0 ? 0 : 1).padStart(10)).join(''));
  });
  for (const [side, { samples: taken }] of reports) {
    // The first tenth is the warm-up: code is compiled and pools fill.
    const [first, last] = [taken[0], taken.at(-1)];
    const growth = (last?.heapMiB ?? NaN) - (first?.heapMiB ?? NaN);
    const percent = (growth / (first?.heapMiB ?? NaN)) * 100;
    const flat =
      growth <= Number(values.growth) &&
      (values.within === undefined || percent <= Number(values.within));
    const text = `heap grew by ${growth.toFixed(1)} MiB (${percent.toFixed(1)} %) after the first tenth`;
    console.log(`${side}: ${text}${flat ? '' : ', too much'}`);
    if (!flat) process.exitCode = 1;
  }
}

if (values.role === 'receive') await receive();
else if (values.role === 'send') await send(values.peer ?? '');
else compare();
