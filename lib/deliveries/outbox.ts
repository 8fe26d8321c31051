import type { NodeId, RxmeshError, StoreOperation } from '../index.ts';
import { errorOfFrame } from './delivery-error.ts';
import { Entries, type Entry } from './entry.ts';
import { failuresMax, Frame, kinds, wireVersion } from './frame.ts';
import type { OutboxHost } from './hosts.ts';

/** The most that a peer may have on its way here, whatever it allows. */
const windowMax: number = 2 ** 20;

/** What an outbox has sent and may send in one opening. */
interface Opening {
  readonly number: number;
  state: 'new' | 'asked' | 'resumed';
  /** The number of the last message that was sent. */
  sentSeq: number;
  /** The first entry that was not sent. */
  next: Entry;
  window: number;
  windowBytes: number;
  /** Messages on their way, and their bytes. */
  count: number;
  bytes: number;
  /** Failures that the receiver should forget. */
  noted: number;
  /** How many failures are being written. */
  failing: number;
  /** The last message taken, and what was sent before it. */
  taken: { readonly entry: Entry; readonly sentBefore: number } | undefined;
}

/** The messages for one peer, in order, until it has handled them. */
export class Outbox {
  readonly to: NodeId;
  readonly #host: OutboxHost;
  readonly #entries = new Entries();
  #epoch: Uint8Array;
  /** The highest number given, and the highest that was acknowledged, sent, or loaded. */
  #last = 0;
  #acked = 0;
  #known = 0;
  /** Whether the epoch was never used in an opening. */
  #isFresh = true;
  #opening: Opening | undefined;
  #wake: () => void = () => undefined;

  constructor(to: NodeId, host: OutboxHost) {
    this.to = to;
    this.#host = host;
    this.#epoch = host.newEpoch();
  }

  get isEmpty(): boolean {
    return this.#entries.isEmpty;
  }

  // For the store

  /** Takes what the store has of this outbox: its state, and its messages in order. */
  restore(state: Frame, entries: readonly Entry[]): void {
    const unnumbered = this.#entries.list();
    for (const entry of unnumbered) this.#entries.remove(entry);
    this.#epoch = state.epoch;
    this.#acked = state.seq;
    this.#isFresh = false;
    for (const entry of entries) {
      entry.isStored = true;
      this.#entries.append(entry);
    }
    this.#last = Math.max(this.#acked + state.skip, entries.at(-1)?.seq ?? 0);
    this.#known = this.#last;
    for (const entry of unnumbered) {
      this.#entries.append(entry);
      this.store(entry);
    }
  }

  /** Numbers and writes what was added before the store had been read, which had nothing for it. */
  begin(): void {
    for (const entry of this.#entries.list()) this.store(entry);
  }

  /** Adds a message. Call `store` once the outbox has been restored. */
  add(entry: Entry): void {
    this.#entries.append(entry);
  }

  /** Numbers a message and writes it. */
  store(entry: Entry): void {
    const { journal } = this.#host;
    this.#last += 1;
    entry.seq = this.#last;
    if (!journal.hasStore) {
      this.#stored(entry);
      return;
    }
    const changes = [this.#record(entry), ...entry.operations];
    entry.operations = [];
    journal.write(changes, (error) => {
      if (error === undefined) this.#stored(entry);
      else this.fail(entry, this.#host.storeFailed(error, this.to));
    });
  }

  // For the sender

  /** Takes a message out: nobody waits for it any more, or it has failed. */
  fail(entry: Entry, error?: RxmeshError): void {
    if (entry.after === entry || entry.isVoid) return;
    if (entry.seq > 0) this.#host.journal.owe(this.#deletion(entry.seq));
    const opening = this.#opening;
    const isOnItsWay = opening?.state === 'resumed' && entry.seq <= opening.sentSeq;
    const { payload } = entry;
    if (isOnItsWay) {
      entry.isVoid = true;
      entry.payload = new Uint8Array(0);
    } else {
      this.#remove(entry);
    }
    this.#host.ended(this, entry, payload, error);
  }

  // For the line to the peer

  /** The peer can be reached. */
  open(wake: () => void): void {
    this.#wake = wake;
    this.#begin();
  }

  /** It cannot be reached any more. */
  close(): void {
    this.#wake = () => undefined;
    this.#opening = undefined;
    for (const entry of this.#entries.list()) if (entry.isVoid) this.#entries.remove(entry);
  }

  /** The frame whose turn it is. */
  takeFrame(): Frame | undefined {
    const opening = this.#opening;
    if (opening === undefined) return undefined;
    opening.taken = undefined;
    if (opening.noted > 0) {
      const frame = new Frame(kinds.noted, opening.noted);
      opening.noted = 0;
      return frame;
    }
    if (opening.state === 'resumed') return this.#nextMessage(opening);
    if (opening.state === 'asked' || !this.#entries.first.isStored) return undefined;
    opening.state = 'asked';
    const frame = new Frame(kinds.open);
    frame.version = wireVersion;
    frame.epoch = this.#epoch;
    frame.opening = opening.number;
    return frame;
  }

  /** The channel does not take the last frame. */
  notSent(error: RxmeshError): void {
    const opening = this.#opening;
    const taken = opening?.taken;
    if (opening === undefined || taken === undefined) return;
    opening.taken = undefined;
    opening.sentSeq = taken.sentBefore;
    opening.count -= 1;
    opening.bytes -= taken.entry.size;
    if (taken.entry.isVoid) this.#remove(taken.entry);
    else this.fail(taken.entry, error);
  }

  /** The peer says what it has handled. Returns what is wrong with that. */
  resumed(frame: Frame): string | undefined {
    const opening = this.#opening;
    if (opening?.state !== 'asked' || frame.opening !== opening.number) return undefined;
    if (frame.seq > this.#known) {
      if (this.#isFresh) return `acknowledges message ${frame.seq}, which was never sent`;
      // The store is older than what the peer has seen: those numbers have been used before.
      const what = `it has lost messages that ${this.to} has handled, up to number ${frame.seq}`;
      this.#host.report(this.#host.storeFailed(new Error(what), this.to));
      this.#handled(this.#known);
      this.#renew();
      return undefined;
    }
    this.#isFresh = false;
    this.#handled(frame.seq);
    opening.state = 'resumed';
    opening.sentSeq = frame.seq;
    opening.next = this.#entries.first;
    opening.window = Math.min(Math.max(1, frame.window), windowMax);
    opening.windowBytes = Math.max(1, frame.windowBytes);
    this.#wake();
    return undefined;
  }

  /** The peer has handled everything up to this number. Returns what is wrong with that. */
  acked({ opening: number, seq }: Frame): string | undefined {
    const opening = this.#opening;
    if (opening?.state !== 'resumed' || number !== opening.number) return undefined;
    // It may be one of an earlier opening that was withdrawn since.
    if (seq > this.#known) return `acknowledges message ${seq}, which was never sent`;
    this.#handled(seq);
    this.#wake();
    return undefined;
  }

  /** The peer's handler has given up on a message. Returns what is wrong with that. */
  failed(frame: Frame): string | undefined {
    const opening = this.#opening;
    if (opening === undefined || frame.opening !== opening.number) return undefined;
    if (frame.seq > this.#known) return `fails message ${frame.seq}, which was never sent`;
    if (opening.failing >= failuresMax) return `sends more than ${failuresMax} failures at a time`;
    opening.failing += 1;
    const entry = this.#entries.list().find(({ seq }) => seq === frame.seq);
    if (entry !== undefined) this.#remove(entry);
    this.#host.journal.owe(this.#deletion(frame.seq), () => {
      opening.failing -= 1;
      if (this.#opening !== opening) return;
      opening.noted = Math.max(opening.noted, frame.seq);
      this.#wake();
    });
    if (entry?.isVoid === false) {
      this.#host.ended(this, entry, entry.payload, this.#errorOf(frame));
    }
    this.#wake();
    return undefined;
  }

  /** Ends all deliveries here. What is in the store stays there. */
  end(errorOf: (entry: Entry) => RxmeshError): void {
    this.close();
    while (!this.#entries.isEmpty) {
      const entry = this.#entries.first;
      this.#entries.remove(entry);
      this.#host.ended(this, entry, undefined, errorOf(entry));
    }
  }

  #record({ seq, payload, dueDateMs }: Entry): StoreOperation {
    const frame = new Frame(kinds.message, seq);
    frame.epoch = this.#epoch;
    frame.payload = payload;
    frame.dueDateMs = dueDateMs;
    return this.#host.journal.put('message', this.to, frame);
  }

  /** Without the last message, the record of the outbox remembers its number. */
  #deletion(seq: number): readonly StoreOperation[] {
    const { journal } = this.#host;
    if (!journal.hasStore) return [];
    const change = journal.del('message', this.to, seq);
    return seq === this.#last ? [change, this.#state()] : [change];
  }

  /** What is left of an outbox without messages. */
  #state(): StoreOperation {
    const frame = new Frame(kinds.open, this.#acked);
    frame.skip = this.#last - this.#acked;
    frame.epoch = this.#epoch;
    return this.#host.journal.put('outbox', this.to, frame);
  }

  /** An empty outbox is not needed any more: the next one has another epoch. */
  forget(): void {
    const { journal } = this.#host;
    journal.owe([journal.del('outbox', this.to)]);
  }

  #begin(): void {
    this.#opening = {
      number: this.#host.openings.next(),
      state: 'new',
      sentSeq: 0,
      next: this.#entries.end,
      window: 0,
      windowBytes: 0,
      count: 0,
      bytes: 0,
      noted: 0,
      failing: 0,
      taken: undefined,
    };
    this.#wake();
  }

  #stored(entry: Entry): void {
    entry.isStored = true;
    const opening = this.#opening;
    if (entry.after !== entry && opening?.next === this.#entries.end) opening.next = entry;
    this.#wake();
  }

  #nextMessage(opening: Opening): Frame | undefined {
    const entry = opening.next;
    if (entry === this.#entries.end || !entry.isStored) return undefined;
    if (opening.count >= opening.window || opening.bytes >= opening.windowBytes) return undefined;
    const frame = new Frame(kinds.message, entry.seq);
    frame.skip = entry.seq - 1 - opening.sentSeq;
    frame.payload = entry.payload;
    opening.taken = { entry, sentBefore: opening.sentSeq };
    opening.sentSeq = entry.seq;
    opening.next = entry.after;
    opening.count += 1;
    opening.bytes += entry.size;
    this.#known = Math.max(this.#known, entry.seq);
    return frame;
  }

  /** Ends everything up to this number. */
  #handled(seq: number): void {
    const { journal } = this.#host;
    const changes: StoreOperation[] = [];
    const handled: Entry[] = [];
    for (let first = this.#entries.first; this.#isUpTo(first, seq); first = this.#entries.first) {
      this.#remove(first);
      if (first.isVoid) continue;
      handled.push(first);
      if (journal.hasStore) changes.push(journal.del('message', this.to, first.seq));
    }
    this.#acked = Math.max(this.#acked, seq);
    if (changes.length > 0) journal.owe([...changes, this.#state()]);
    for (const entry of handled) this.#host.ended(this, entry, undefined);
  }

  #isUpTo(entry: Entry, seq: number): boolean {
    return entry !== this.#entries.end && entry.seq > 0 && entry.seq <= seq;
  }

  #remove(entry: Entry): void {
    const opening = this.#opening;
    if (opening?.state === 'resumed') {
      if (opening.next === entry) {
        opening.next = entry.after;
      } else if (entry.seq <= opening.sentSeq) {
        opening.count -= 1;
        opening.bytes -= entry.size;
      }
    }
    this.#entries.remove(entry);
  }

  /** Begins anew, as another sender. */
  #renew(): void {
    this.#epoch = this.#host.newEpoch();
    this.#isFresh = true;
    this.#known = 0;
    const messages = this.#entries.list().filter(({ isVoid }) => !isVoid);
    this.#host.journal.owe([this.#state(), ...messages.map((entry) => this.#record(entry))]);
    this.#begin();
  }

  #errorOf(frame: Frame): RxmeshError {
    return errorOfFrame(frame, { peer: this.to, channel: this.#host.channelId });
  }
}
