/**
 * Measures what hostile messages cost the receiver: the largest ones, with and without codec
 * limits, and many small ones that fail to decode. Run `npm run message-cost` on a quiet machine.
 */
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import protobufjs from 'protobufjs';
import { json, protobuf } from '../lib/index.ts';
import { LinkedNode } from '../spec/support/linked-node.ts';

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

const [name, bound] = process.argv.slice(2);
if (name !== undefined) {
  console.log(decodeOnce(name, bound === 'without' ? { elementsMax: Infinity } : {}));
} else {
  for (const each of Object.keys(hostile)) {
    for (const how of ['without', 'with']) {
      const args = [...process.execArgv, '--expose-gc', fileURLToPath(import.meta.url), each, how];
      const result = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
      console.log(`4 MiB of ${each}, ${how} limits:`.padEnd(54), result);
    }
  }
  for (const [each, codec] of Object.entries({ protobuf: protobuf(tree), JSON: json() })) {
    const us = microsecondsOfFailure(codec);
    console.log(`one byte that is no ${each}: ${us.toFixed(1)} µs`);
  }
}
