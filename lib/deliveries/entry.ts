import type { Subscription } from 'rxjs';
import type { StoreOperation } from '../index.ts';
import type { Frame } from './frame.ts';

/** Who waits for the end of a delivery. */
export interface Waiter {
  /** The other side's handler has completed. */
  handled(): void;
  failed(error: unknown): void;
}

/** A message in an outbox. */
export class Entry {
  /** The neighbours in the outbox; itself when it is in none. */
  before: Entry = this;
  after: Entry = this;
  /** 0 until the outbox has been read from the store. */
  seq = 0;
  payload: Uint8Array;
  readonly size: number;
  /** In milliseconds since 1970; 0 if it is never too late. */
  readonly dueDateMs: number;
  /** Whether the store has it. It is not sent before that. */
  isStored = false;
  /** Withdrawn while it was on its way: only its place is left. */
  isVoid = false;
  /** Nobody waits for what was found in the store. */
  waiter: Waiter | undefined;
  timer: Subscription | undefined;
  /** What else is to be written with it. */
  operations: readonly StoreOperation[] = [];

  constructor(payload: Uint8Array, dueDateMs = 0) {
    this.payload = payload;
    this.size = payload.length;
    this.dueDateMs = dueDateMs;
  }

  /** A message that the store has. */
  static stored({ payload, dueDateMs, seq }: Frame): Entry {
    const entry = new Entry(payload, dueDateMs);
    entry.seq = seq;
    return entry;
  }
}

/** The messages of an outbox, in order. */
export class Entries {
  /** Stands behind the last entry and in front of the first. */
  readonly end: Entry = new Entry(new Uint8Array(0));

  get first(): Entry {
    return this.end.after;
  }

  get last(): Entry {
    return this.end.before;
  }

  get isEmpty(): boolean {
    return this.end.after === this.end;
  }

  append(entry: Entry): void {
    const { before } = this.end;
    entry.before = before;
    entry.after = this.end;
    before.after = entry;
    this.end.before = entry;
  }

  remove(entry: Entry): void {
    entry.before.after = entry.after;
    entry.after.before = entry.before;
    entry.before = entry;
    entry.after = entry;
  }

  /** All of them, as they are now. */
  list(): readonly Entry[] {
    const list: Entry[] = [];
    for (let entry = this.first; entry !== this.end; entry = entry.after) list.push(entry);
    return list;
  }
}
