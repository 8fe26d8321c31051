/**
 * Measures what hostile messages cost the receiver: the largest ones, with and without codec
 * limits, and many small ones that fail to decode. And what the limits of JSON cost for honest
 * messages. Run `npm run message-cost` on a quiet machine.
 */
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import protobufjs from 'protobufjs';
import { json, protobuf } from '../lib/index.ts';
import { LinkedNode } from '../spec/support/linked-node.ts';
import { commandLine } from './command-line.ts';

const messageBytes = 4 * 1024 * 1024;
const failures = 100;
const rounds = 300;
const { root } = protobufjs.parse(`syntax = "proto3";
  message Leaf {}
  message Tree { repeated Leaf leaves = 1; repeated uint32 numbers = 2; }`);
const tree = root.lookupType('Tree');

/** A packed list of one-byte numbers. */
function packedNumbers() {
  const writer = new protobufjs.Writer();
  return writer
    .uint32(18)
    .bytes(new Uint8Array(messageBytes - 8).fill(1))
    .finish();
}

/** Messages of 4 MiB by name: a codec for them, and their bytes. */
const hostile = {
  'protobuf, empty submessages': {
    codecOf: (limits) => protobuf(tree, limits),
    bytesOf: () => Buffer.alloc(messageBytes, '0a00', 'hex'),
  },
  'protobuf, packed numbers': {
    codecOf: (limits) => protobuf(tree, limits),
    bytesOf: packedNumbers,
  },
  'JSON, empty lists': {
    codecOf: (limits) => json(limits),
    bytesOf: () => Buffer.from(`[${'[],'.repeat((messageBytes - 4) / 3)}[]]`),
  },
};

const mib = (bytes) => bytes / 1024 ** 2;

/**
 * Decodes one message once. Runs in its own process, so the peak memory of the process is that of
 * the message.
 */
function decodeOnce(name, limits) {
  const { codecOf, bytesOf } = hostile[name];
  const codec = codecOf(limits);
  const bytes = bytesOf();
  globalThis.gc();
  const before = process.memoryUsage().rss;
  const peakBefore = process.resourceUsage().maxRSS * 1024;
  const start = performance.now();
  let outcome = 'decoded';
  try {
    codec.decode(bytes);
  } catch {
    outcome = 'refused';
  }
  const ms = performance.now() - start;
  const peak = process.resourceUsage().maxRSS * 1024;
  // An earlier peak is not the message's.
  const more = peak > peakBefore ? peak - before : 0;
  return `${ms.toFixed(0).padStart(5)} ms, +${mib(more).toFixed(0)} MiB, ${outcome}`;
}

/** Microseconds per one-byte message that fails to decode, from the link to the drop. */
function microsecondsOfFailure(codec) {
  const node = new LinkedNode();
  node.channels.open({ id: 7, codec }).in$.subscribe();
  const { link } = node.peer(1);
  const packet = { type: 'data', channel: 7, bytes: Uint8Array.of(0xff), last: true };
  const packets = Array(failures).fill(packet);
  let spentMs = 0;
  for (let round = 0; round < rounds; round++) {
    node.clock.advance(1_000);
    const start = performance.now();
    link.arrive(...packets);
    node.turn();
    spentMs += performance.now() - start;
    node.events.length = 0;
    node.reports.length = 0;
    link.take();
  }
  if (link.ended) throw new Error('the allowance was not enough');
  return (spentMs * 1000) / (rounds * failures);
}

/** Honest JSON messages by name. */
const honest = {
  'a long text': { text: 'lorem ipsum '.repeat(2_000) },
  '4,000 numbers': Array.from({ length: 4_000 }, (_, n) => n * 7),
  '200 records': records(200),
  '2,000 records': records(2_000),
};

function records(count) {
  return Array.from({ length: count }, (_, n) => ({ id: n, name: `user ${n}`, tags: ['a', 'b'] }));
}

/** Microseconds of a decode, the least of several rounds. */
function microsecondsOf(decode) {
  let least = Infinity;
  for (let round = 0; round < 30; round++) {
    const start = performance.now();
    for (let n = 0; n < 50; n++) decode();
    least = Math.min(least, (performance.now() - start) * 20);
  }
  return least;
}

/** The share of a decode that goes into the limits. */
function limitsShare(message) {
  const bytes = json().encode(message);
  const [usual, endless] = [json(), json({ elementsMax: Infinity, depthMax: 2 ** 40 })];
  const without = microsecondsOf(() => endless.decode(bytes));
  const share = microsecondsOf(() => usual.decode(bytes)) / without - 1;
  const percent = (100 * share).toFixed(0);
  return `${bytes.length} bytes, ${without.toFixed(0)} µs, limits + ${percent} %`;
}

const { values } = commandLine({
  usage: 'npm run message-cost',
  options: { one: { type: 'string' }, unlimited: { type: 'boolean' } },
});
if (values.one !== undefined) {
  console.log(decodeOnce(values.one, values.unlimited ? { elementsMax: Infinity } : {}));
} else {
  for (const each of Object.keys(hostile)) {
    for (const [how, ...flags] of [['without', '--unlimited'], ['with']]) {
      const script = ['--expose-gc', fileURLToPath(import.meta.url), '--one', each, ...flags];
      const args = [...process.execArgv, ...script];
      const result = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
      console.log(`4 MiB of ${each}, ${how} limits:`.padEnd(54), result);
    }
  }
  for (const [each, codec] of Object.entries({ protobuf: protobuf(tree), JSON: json() })) {
    const us = microsecondsOfFailure(codec);
    console.log(`one byte that is no ${each}: ${us.toFixed(1)} µs`);
  }
  for (const [each, message] of Object.entries(honest)) {
    console.log(`JSON, ${each}:`.padEnd(24), limitsShare(message));
  }
}
