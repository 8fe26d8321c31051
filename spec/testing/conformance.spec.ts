import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { MemoryLevel } from 'memory-level';
import {
  type Codec,
  type Discipline,
  fair,
  fifo,
  json,
  limited,
  oneof,
  type PeerStore,
  priority,
  protobuf,
  raw,
  RxmeshError,
  wrapped,
} from 'rxmesh';
import {
  codecConformance,
  type CodecSetup,
  type ConformanceCase,
  disciplineConformance,
  type DisciplineSetup,
  simulatedStore,
  storeConformance,
} from 'rxmesh/testing';
import { typeOf, type Move, type Resign } from '../codec/messages.ts';

/** Runs a suite as the test cases of a description. */
function holds(name: string, cases: readonly ConformanceCase[]): void {
  describe(name, () => {
    for (const each of cases) it(each.name, each.run);
  });
}

/** The numbers of the cases that fail. */
async function failing(cases: readonly ConformanceCase[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of cases) {
    await run().catch((error: unknown) => {
      expect(String(error)).toMatch(/^Error: \w+ conformance: /);
      failed.push(name.slice(0, 4));
    });
  }
  return failed;
}

describe('codecConformance', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const jsonSetup: CodecSetup<unknown> = {
    codec: json<unknown>(),
    messages: ['', 'zażółć', 7, null, [1, [2]], { a: { b: true } }],
    refused: [undefined, cyclic, 7n],
  };
  const moves = [
    { x: 1, y: 2 },
    { x: 300, y: 0 },
    { x: 0, y: 0 },
  ];
  holds('json', codecConformance(jsonSetup));
  holds('raw', codecConformance({ codec: raw(), messages: [new Uint8Array(), Uint8Array.of(1)] }));
  holds('protobuf', codecConformance({ codec: protobuf<Move>(typeOf('Move')), messages: moves }));
  holds(
    'limited',
    codecConformance({
      codec: limited(json<string>(), { messageBytesMax: 64 }),
      messages: ['a', ''],
    }),
  );
  holds(
    'oneof',
    codecConformance({
      codec: oneof<{ move: Move; resign: Resign }>(typeOf('Game'), {
        move: typeOf('Move'),
        resign: typeOf('Resign'),
      }),
      messages: [
        { kind: 'move', x: 1, y: 2 },
        { kind: 'resign', reason: 'late' },
      ],
    }),
  );

  holds(
    'wrapped',
    codecConformance({
      codec: wrapped(json<{ text: string }>(), {
        wrap: (text: string) => ({ text }),
        unwrap({ text }) {
          if (typeof text === 'string') return text;
          throw new TypeError('no text');
        },
      }),
      messages: ['', 'text'],
    }),
  );

  const good = json<unknown>();
  const failed = (code: 'RXMESH_ENCODE_FAILED' | 'RXMESH_DECODE_FAILED'): RxmeshError =>
    new RxmeshError(code, 'odd');
  let shared = new Uint8Array();
  let hasFailed = false;
  const wrong: Record<string, { codec: Codec<unknown>; fails: string[] }> = {
    'loses messages': {
      codec: { ...good, decode: () => 0 },
      fails: ['C-01', 'C-02', 'C-07'],
    },
    'reads the buffer around the bytes': {
      codec: { ...good, decode: (bytes) => good.decode(new Uint8Array(bytes.buffer)) },
      fails: ['C-02'],
    },
    'changes the bytes': {
      codec: {
        ...good,
        decode(bytes) {
          const message = good.decode(bytes);
          bytes.fill(0);
          return message;
        },
      },
      fails: ['C-03'],
    },
    'encodes all messages in one buffer': {
      codec: {
        ...good,
        encode(message) {
          const bytes = good.encode(message);
          if (shared.length < bytes.length) shared = new Uint8Array(100);
          shared.set(bytes);
          return shared.subarray(0, bytes.length);
        },
      },
      fails: ['C-04'],
    },
    'changes messages': {
      codec: {
        ...good,
        encode(message) {
          const bytes = good.encode(message);
          if (Array.isArray(message)) message.push(0);
          return bytes;
        },
      },
      fails: ['C-01', 'C-02', 'C-05', 'C-07'],
    },
    'throws what it likes': {
      codec: {
        encode: (message) => Buffer.from(JSON.stringify(message)),
        decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
      },
      fails: ['C-06', 'C-08'],
    },
    'is stuck after a failure': {
      codec: {
        encode(message) {
          if (hasFailed) throw failed('RXMESH_ENCODE_FAILED');
          return good.encode(message);
        },
        decode(bytes) {
          try {
            return good.decode(bytes);
          } catch (error) {
            hasFailed = true;
            throw error;
          }
        },
      },
      fails: ['C-07'],
    },
  };
  it.each(Object.entries(wrong))('finds one that %s', async (_, { codec, fails }) => {
    hasFailed = false;
    const messages = ['', 'text', [1, 2], { a: 1 }];
    const found = await failing(codecConformance({ ...jsonSetup, messages, codec }));
    expect(found).toEqual(expect.arrayContaining(fails));
  });

  it('needs two messages', () => {
    expect(() => codecConformance({ codec: raw(), messages: [] })).toThrow('two messages at least');
  });
});

describe('disciplineConformance', () => {
  holds('fair', disciplineConformance({ open: fair }));
  holds('fifo', disciplineConformance({ open: fifo }));
  holds('priority', disciplineConformance({ open: priority, starves: true }));

  let total = 0;
  let lot = 1;
  const wrong: Record<string, { setup: DisciplineSetup; fails: string[] }> = {
    'ranks some lanes with no number': {
      setup: { open: () => ({ rank: ({ priority: each }) => Math.sqrt(1 - each) }) },
      fails: ['D-01', 'D-02', 'D-03', 'D-04', 'D-05', 'D-06'],
    },
    'changes a lane': {
      setup: {
        open: () => ({
          rank(lane) {
            Object.assign(lane, { priority: 1 });
            return 0;
          },
        }),
      },
      fails: ['D-03'],
    },
    'counts for all connections': {
      setup: { open: () => ({ rank: ({ channel }) => (total += channel) % 7 }), starves: true },
      fails: ['D-04', 'D-05'],
    },
    'draws lots': {
      setup: {
        open: () => ({ rank: () => (lot = (lot * 16_807) % 2_147_483_647) }),
        starves: true,
      },
      fails: ['D-04', 'D-05'],
    },
    'starves a lane': {
      setup: { open: priority },
      fails: ['D-06'],
    },
    'lets a lane catch up': {
      setup: {
        open: (): Discipline => ({
          rank: ({ mark }) => mark,
          served: (lane, bytes) => (lane.mark += bytes / lane.priority),
        }),
      },
      fails: ['D-07'],
    },
  };
  it.each(Object.entries(wrong))('finds one that %s', async (_, { setup, fails }) => {
    expect(await failing(disciplineConformance(setup))).toEqual(fails);
  });
});

describe('storeConformance', () => {
  holds('simulatedStore', storeConformance({ open: simulatedStore }));
  holds('MemoryLevel', storeConformance({ open: () => new MemoryLevel() }));
  holds(
    'ClassicLevel',
    storeConformance({
      open: async () => new ClassicLevel(await mkdtemp(join(tmpdir(), 'store-'))),
      async reopen(store) {
        await store.close();
        return new ClassicLevel(store.location);
      },
      async close(store) {
        await store.close();
        await rm(store.location, { recursive: true });
      },
    }),
  );

  const wrong: Record<
    string,
    { change: (store: PeerStore) => Partial<PeerStore>; fails: string[] }
  > = {
    'takes keys for numbers': {
      change: (store) => ({ iterator: (range) => store.iterator({ ...range, gt: '', lt: '~' }) }),
      fails: ['S-03', 'S-04'],
    },
    'reads everything': {
      change: (store) => ({ iterator: (range) => store.iterator({ ...range, limit: 1e9 }) }),
      fails: ['S-04'],
    },
    'deletes nothing': {
      change: (store) => ({
        batch: (operations, options) =>
          store.batch(
            operations.filter(({ type }) => type === 'put'),
            options,
          ),
      }),
      fails: ['S-05', 'S-06'],
    },
    'makes the changes of a batch backwards': {
      change: (store) => ({
        batch: (operations, options) => store.batch(operations.toReversed(), options),
      }),
      fails: ['S-06'],
    },
    'loses bytes at the end': {
      change: (store) => ({
        batch: (operations, options) =>
          store.batch(
            operations.map((each) =>
              each.type === 'put' ? { ...each, value: each.value.subarray(0, 1000) } : each,
            ),
            options,
          ),
      }),
      fails: ['S-07'],
    },
  };
  it.each(Object.entries(wrong))('finds one that %s', async (_, { change, fails }) => {
    const open = (): PeerStore => {
      const store = simulatedStore();
      return { ...store, ...change(store) };
    };
    expect(await failing(storeConformance({ open }))).toEqual(fails);
  });

  it('finds one that forgets', async () => {
    expect(
      await failing(storeConformance({ open: simulatedStore, reopen: simulatedStore })),
    ).toEqual(['S-08']);
  });
});
