import { from, lastValueFrom, type ObservableInput } from 'rxjs';
import type { PeerStore, StoreEncodings, StoreOperation } from '../peers/store/peer-store.ts';
import { casesOf, mustHold, type Requirement } from './conformance-case.ts';
import { isLike } from './marbles/like.ts';
import type { ConformanceCase } from './transport-conformance.ts';

/** How a suite opens stores. */
export interface StoreSetup<S extends PeerStore> {
  /** Makes a store that is empty. */
  readonly open: () => S | Promise<S>;
  /** Closes a store, and makes one with the same records; absent if it does not keep them. */
  readonly reopen?: (store: S) => S | Promise<S>;
  readonly close?: (store: S) => void | Promise<void>;
}

const encodings: StoreEncodings = { keyEncoding: 'utf8', valueEncoding: 'view' };
/** After all keys of these cases. */
const last = '~';

/**
 * The requirements on every peer store, as test cases for any test framework.
 *
 *     const setup = { open: () => simulatedStore() };
 *     for (const { name, run } of storeConformance(setup)) it(name, run);
 */
export function storeConformance<S extends PeerStore>(
  setup: StoreSetup<S>,
): readonly ConformanceCase[] {
  const { open, close, reopen } = setup;
  const play = (scenario: (records: Records<S>) => Promise<void>) => async (): Promise<void> => {
    const records = new Records(await open());
    try {
      await records.open();
      await scenario(records);
    } finally {
      await close?.(records.store);
    }
  };
  const cases: Requirement[] = [
    ['S-01 is empty at first, and may be opened again', play(isEmpty)],
    ['S-02 reads what was written, in the order of the keys', play(readsInOrder)],
    ['S-03 reads between two keys, without these', play(readsRanges)],
    ['S-04 reads as many records as it is asked for', play(limits)],
    ['S-05 replaces and deletes', play(replaces)],
    ['S-06 makes the changes of a batch in order', play(keepsOrder)],
    ['S-07 keeps bytes as they are, empty ones and long ones too', play(keepsBytes)],
  ];
  if (reopen !== undefined) {
    const name = 'S-08 has the same records when it is opened again';
    cases.push([name, play((records) => survives(records, reopen))]);
  }
  return casesOf('store', cases);
}

/** A store, with texts for values. */
class Records<S extends PeerStore = PeerStore> {
  store: S;

  constructor(store: S) {
    this.store = store;
  }

  open(): Promise<void> {
    return settled(this.store.open());
  }

  /** Puts `key=value`, or deletes `key`. */
  write(...changes: readonly string[]): Promise<void> {
    return this.batch(
      changes.map((change): StoreOperation => {
        const [key = '', value] = change.split('=');
        return value === undefined
          ? { type: 'del', key }
          : { type: 'put', key, value: bytesOf(value) };
      }),
    );
  }

  batch(operations: StoreOperation[]): Promise<void> {
    return settled(this.store.batch(operations, encodings));
  }

  async read({ gt = '', lt = last, limit = 100 } = {}): Promise<[string, Uint8Array][]> {
    return lastValueFrom(from(this.store.iterator({ ...encodings, gt, lt, limit }).all()));
  }

  async expect(expected: string, range: { gt?: string; lt?: string; limit?: number } = {}) {
    const records = await this.read(range);
    const text = records.map(([key, value]) => `${key}=${textOf(value)}`).join(' ');
    mustHold(text === expected, `it must have '${expected}', but has '${text}'`);
  }
}

const settled = (work: ObservableInput<void>): Promise<void> =>
  lastValueFrom(from(work), { defaultValue: undefined });

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(Array.from(text, (letter) => letter.charCodeAt(0)));

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

async function isEmpty(store: Records): Promise<void> {
  await store.open();
  await store.expect('');
}

async function readsInOrder(store: Records): Promise<void> {
  await store.write('b=2', 'p!c=4', 'a=1', 'p!=3');
  await store.expect('a=1 b=2 p!=3 p!c=4');
}

async function readsRanges(store: Records): Promise<void> {
  await store.write('a=1', 'b=2', 'bb=3', 'c=4', 'd=5');
  await store.expect('bb=3 c=4', { gt: 'b', lt: 'd' });
  await store.expect('', { gt: 'c', lt: 'd' });
}

async function limits(store: Records): Promise<void> {
  await store.write('a=1', 'b=2', 'c=3');
  await store.expect('a=1 b=2', { limit: 2 });
  await store.expect('b=2', { gt: 'a', limit: 1 });
}

async function replaces(store: Records): Promise<void> {
  await store.write('a=1', 'b=2', 'c=3');
  await store.write('a=4', 'b', 'absent');
  await store.expect('a=4 c=3');
}

async function keepsOrder(store: Records): Promise<void> {
  await store.write('a=1', 'a', 'b=1', 'b=2', 'c', 'c=3');
  await store.expect('b=2 c=3');
}

async function keepsBytes(store: Records): Promise<void> {
  const all = Uint8Array.from({ length: 256 }, (_, each) => each);
  const values = [all, new Uint8Array(0), new Uint8Array(100_000).fill(7)];
  const put = values.map((value, at): StoreOperation => ({ type: 'put', key: `k${at}`, value }));
  await store.batch(put);
  const read = await store.read();
  values.forEach((value, at) => {
    const [key, found] = read[at] ?? [];
    const isSame = key === `k${at}` && found !== undefined && isLike(found, value);
    mustHold(isSame, `${value.length} bytes must be read as they were written`);
  });
}

async function survives<S extends PeerStore>(
  records: Records<S>,
  reopen: (store: S) => S | Promise<S>,
): Promise<void> {
  await records.write('a=1', 'b=2');
  await records.write('a');
  records.store = await reopen(records.store);
  await records.open();
  await records.expect('b=2');
}
