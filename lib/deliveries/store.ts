import { defer, EMPTY, expand, from, Observable, of, toArray, concatMap } from 'rxjs';
import {
  isNodeId,
  type NodeId,
  type PeerStore,
  RxmeshError,
  type StoreEncodings,
  type StoreOperation,
} from '../index.ts';
import { type Frame, kinds } from './frame.ts';
import { frameCodec } from './frame-codec.ts';

/**
 * Where deliveries are kept: the part of an abstract-level database that they use. `ClassicLevel`
 * (Node), `BrowserLevel` (browsers), `MemoryLevel` and their sublevels have it.
 */
export type DeliveryStore = PeerStore;

/** The most records that are read at a time. */
const recordsMax = 256;
/** The most changes in one batch; one write with more of them still stays whole. */
const batchMax = 1_000;

/**
 * How many writes may wait for a store, and how many changes are owed after writes have failed.
 * Then no message is kept any more.
 */
const writesMax: number = 2 ** 16;

const encodings: StoreEncodings = { keyEncoding: 'utf8', valueEncoding: 'view' };

/** What a record is about: a message, an outbox, an inbox, or a failure that is not noted. */
export type RecordKind = 'message' | 'outbox' | 'inbox' | 'failure';

/** What the value of each record is. */
const frameKinds: Readonly<Record<RecordKind, number>> = {
  message: kinds.message,
  outbox: kinds.open,
  inbox: kinds.resume,
  failure: kinds.failed,
};

/** A record as it is stored. */
export interface StoredFrame {
  readonly kind: RecordKind;
  readonly peer: NodeId;
  readonly frame: Frame;
}

/** A record that is damaged. */
export interface Damaged {
  readonly key: string;
  readonly error: RxmeshError;
}

/** Called when a write is done, or has failed. */
type Done = (error?: unknown) => void;

interface Write {
  readonly operations: readonly StoreOperation[];
  readonly done: Done;
  /** Whether its changes are made with the next write, if this one fails. */
  readonly isOwed: boolean;
}

/** By store and channel: a service that opens again goes on behind the writes of the one before. */
const journals = new WeakMap<DeliveryStore, Map<number, Journal>>();

/** The journal of a channel in a store, which is the same one for the same store. */
export function journalOf(store: DeliveryStore | undefined, channel: number): Journal {
  if (store === undefined) return new Journal(undefined, channel);
  const ofStore = journals.get(store) ?? new Map<number, Journal>();
  journals.set(store, ofStore);
  const journal = ofStore.get(channel) ?? new Journal(store, channel);
  ofStore.set(channel, journal);
  return journal;
}

/**
 * The records of one channel in a store, one batch at a time. What is to be written meanwhile goes
 * into the next batch, in order. Without a store, everything is written at once.
 *
 * What is owed is in every batch until one of them has succeeded. So what the store has is what it
 * should have had at some time: records of different times never come together.
 */
export class Journal {
  readonly #store: DeliveryStore | undefined;
  readonly #prefix: string;
  #waiting: Write[] = [];
  /** By key. */
  readonly #owed = new Map<string, StoreOperation>();
  #isWriting = false;
  #isFlushing = false;

  constructor(store: DeliveryStore | undefined, channel: number) {
    this.#store = store;
    this.#prefix = `rxmesh-deliveries/1/${channel}/`;
  }

  /** Whether the store does not keep up, or does not answer at all. */
  get isBehind(): boolean {
    return this.#waiting.length >= writesMax || this.#owed.size >= writesMax;
  }

  get hasStore(): boolean {
    return this.#store !== undefined;
  }

  put(kind: RecordKind, peer: NodeId, frame: Frame): StoreOperation {
    return { type: 'put', key: this.#key(kind, peer, frame.seq), value: frameCodec.encode(frame) };
  }

  del(kind: RecordKind, peer: NodeId, seq = 0): StoreOperation {
    return { type: 'del', key: this.#key(kind, peer, seq) };
  }

  /** Makes all these changes or none, after those before them. */
  write(operations: readonly StoreOperation[], done: Done = () => undefined): void {
    this.#write(operations, done, false);
  }

  /**
   * The same for what this node has done already. If the write fails, the changes are made together
   * with those of the next one.
   */
  owe(operations: readonly StoreOperation[], done: Done = () => undefined): void {
    this.#write(operations, done, true);
  }

  /** Tries again to make the changes that are owed. */
  retry(): void {
    if (this.#store === undefined || this.#owed.size === 0 || this.#waiting.length > 0) return;
    this.#waiting.push({ operations: [], done: () => undefined, isOwed: true });
    this.#flush(this.#store);
  }

  /** All records, in no particular order but that of the numbers of messages and failures. */
  load(): Observable<readonly (StoredFrame | Damaged)[]> {
    const store = this.#store;
    if (store === undefined) return from([[]]);
    const read = (gt: string): Observable<[string, Uint8Array][]> =>
      defer(() =>
        store.iterator({ gt, lt: `${this.#prefix}~`, limit: recordsMax, ...encodings }).all(),
      );
    return defer(() => this.#settled()).pipe(
      concatMap(() => store.open()),
      concatMap(() => read(this.#prefix)),
      expand((records) => {
        const last = records[recordsMax - 1];
        return last === undefined ? EMPTY : read(last[0]);
      }),
      concatMap((records) => records.map(([key, value]) => this.#decode(key, value))),
      toArray(),
    );
  }

  /** Emits when the writes of the service before are over, and nothing is owed after them. */
  #settled(): Observable<void> {
    const store = this.#store;
    const isIdle = !this.#isWriting && this.#waiting.length === 0 && this.#owed.size === 0;
    if (store === undefined || isIdle) return of(undefined);
    return new Observable((subscriber) => {
      const done = (error?: unknown): void => {
        if (error !== undefined) subscriber.error(error);
        subscriber.next();
        subscriber.complete();
      };
      this.#waiting.push({ operations: [], done, isOwed: true });
      this.#flush(store);
    });
  }

  #write(operations: readonly StoreOperation[], done: Done, isOwed: boolean): void {
    if (this.#store === undefined || operations.length === 0) {
      done();
      return;
    }
    this.#waiting.push({ operations, done, isOwed });
    this.#flush(this.#store);
  }

  #key(kind: RecordKind, peer: NodeId, seq: number): string {
    const key = `${this.#prefix}${kind}/${peer}`;
    // 2^53 has 14 hexadecimal digits. Keys are read in order.
    const isOneOfMany = kind === 'message' || kind === 'failure';
    return isOneOfMany ? `${key}/${seq.toString(16).padStart(14, '0')}` : key;
  }

  #decode(key: string, value: Uint8Array): StoredFrame | Damaged {
    try {
      const [kind = '', peer = ''] = key.slice(this.#prefix.length).split('/');
      if (!isRecordKind(kind) || !isNodeId(peer)) throw new RangeError('its key is unknown');
      const frame = frameCodec.decode(value);
      const isWhole = frame.kind === frameKinds[kind] && key === this.#key(kind, peer, frame.seq);
      if (!isWhole) throw new RangeError('it is another record');
      return { kind, peer, frame };
    } catch (cause) {
      const text = `the record ${key} is damaged`;
      return { key, error: new RxmeshError('RXMESH_STORE_RECORD_INVALID', text, { cause }) };
    }
  }

  /** A store may answer immediately, so this is a loop. */
  #flush(store: DeliveryStore): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    while (!this.#isWriting && this.#waiting.length > 0) {
      this.#isWriting = true;
      const writes = this.#take();
      let error: unknown;
      const over = (): void => {
        this.#isWriting = false;
        this.#settle(writes, error === undefined);
        for (const { done } of writes) done(error);
        this.#flush(store);
      };
      const own = writes.flatMap((write) => write.operations);
      const operations = this.#owed.size === 0 ? own : [...this.#owed.values(), ...own];
      const write = (): ReturnType<DeliveryStore['batch']> | Observable<never> =>
        operations.length === 0 ? EMPTY : store.batch(operations, encodings);
      defer(write).subscribe({
        error: (thrown: unknown) => {
          error = thrown ?? new Error('the store has failed');
          over();
        },
        complete: over,
      });
    }
    this.#isFlushing = false;
  }

  /** A batch has succeeded, with all that was owed, or it has failed. */
  #settle(writes: readonly Write[], isWritten: boolean): void {
    if (isWritten) {
      this.#owed.clear();
      return;
    }
    for (const { operations, isOwed } of writes) {
      if (isOwed) for (const operation of operations) this.#owed.set(operation.key, operation);
    }
  }

  #take(): readonly Write[] {
    let count = 0;
    let changes = 0;
    for (const { operations } of this.#waiting) {
      changes += operations.length;
      if (count > 0 && changes > batchMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function isRecordKind(kind: string): kind is RecordKind {
  return Object.hasOwn(frameKinds, kind);
}
