/**
 * Measures each step of a message's path separately, in one process: protobufjs, the cipher and a
 * copy without rxmesh, the codec of rxmesh, and the whole path between two nodes in memory.
 *
 *     npm run bench:parts
 *
 * Prints nanoseconds per message: the median of nine rounds, with minimum and maximum in brackets.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { protobuf as protobufCodec } from 'rxmesh';
import { bodyFor, decode, encode, Item, type Item as Message } from './contestants/item.ts';
import { inMemoryContestants } from './contestants/in-memory.ts';
import { table } from './frame/markdown.ts';
import { textOfRounds } from './frame/numbers.ts';
import { nowUs } from './sides/now.ts';

const sizes = [64, 1024, 65_536];
const rounds = 9;
const roundUs = 40_000;
/** Size of a sealed record. Each message is charged its share. */
const recordBytes = 65_536;

const key = randomBytes(32);
const nonce = Buffer.alloc(12);
const tag = { authTagLength: 16 };
const record = randomBytes(recordBytes);

function seal(): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, tag);
  const sealed = cipher.update(record);
  cipher.final();
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

function open(sealed: Buffer): Buffer {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, tag);
  decipher.setAuthTag(sealed.subarray(-16));
  const opened = decipher.update(sealed.subarray(0, -16));
  decipher.final();
  return opened;
}

/** Nanoseconds per call in each round, after warming up. */
function timed(work: () => void): number[] {
  let calls = 1;
  const once = (): number => {
    const startedAtUs = nowUs();
    for (let i = 0; i < calls; i += 1) work();
    return nowUs() - startedAtUs;
  };
  while (once() < roundUs) calls *= 2;
  return Array.from({ length: rounds }, () => (once() / calls) * 1000);
}

/** Nanoseconds per message between two nodes in memory, including both sides. */
async function wholeWay(name: string, bytes: number): Promise<number[]> {
  const connect = await inMemoryContestants[name]?.load();
  if (connect === undefined) throw new Error(`there is no contestant ${name}`);
  const { run } = await connect(bytes);
  const count = Math.ceil(200_000 / (1 + bytes / 1024));
  const results: number[] = [];
  for (let round = 0; round < rounds + 3; round += 1) {
    const startedAtUs = nowUs();
    await run(count);
    if (round >= 3) results.push(((nowUs() - startedAtUs) / count) * 1000);
  }
  return results;
}

async function costs(bytes: number): Promise<readonly (readonly number[])[]> {
  const message: Message = { seq: 1, body: bodyFor(bytes) };
  const encoded = new Uint8Array(encode(message));
  const verifying = protobufCodec<Message>(Item);
  const trusting = protobufCodec<Message>(Item, { verify: false });
  const batch = new Uint8Array(recordBytes);
  const sealed = seal();
  const share = Math.min(1, bytes / recordBytes);
  return [
    timed(() => encode(message)),
    timed(() => trusting.encode(message)),
    timed(() => verifying.encode(message)),
    timed(() => batch.set(encoded)),
    timed(seal).map((ns) => ns * share),
    timed(() => open(sealed)).map((ns) => ns * share),
    timed(() => decode(encoded)),
    await wholeWay('rxmesh', bytes),
    await wholeWay('rxmesh-encrypted', bytes),
  ];
}

const names = [
  'protobufjs: encode and finish',
  'codec `protobuf`, without `verify`: encode',
  'codec `protobuf`: encode',
  'copy into a record',
  'seal, its share of a record of 64 KiB',
  'open, the same',
  'protobufjs: decode',
  'the whole way in memory, both nodes',
  'the same, encrypted',
];
const columns: (readonly (readonly number[])[])[] = [];
for (const bytes of sizes) columns.push(await costs(bytes));
console.log(
  table([
    [
      'ns a message',
      ...sizes.map((bytes) => (bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`)),
    ],
    ...names.map((name, row) => [
      name,
      ...columns.map((column) => textOfRounds(column[row] ?? [])),
    ]),
  ]),
);
process.exit();
