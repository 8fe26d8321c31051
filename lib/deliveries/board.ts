import { catchError, EMPTY, Subject, Subscription } from 'rxjs';
import { platformCrypto } from '#platform/crypto';
import {
  type Channel,
  type Clock,
  dateOf,
  type ErrorCode,
  type NodeId,
  RxmeshError,
  systemClock,
} from '../index.ts';
import { type Numbers, numbersOf } from '../frames/numbers.ts';
import { watchOpenings } from '../frames/openings.ts';
import type { Attempt } from './attempt.ts';
import type {
  BoardOptions,
  DeliveriesRouter,
  DeliveriesSnapshot,
  Limits,
  Lost,
} from './board-options.ts';
import { timeMaxMs } from './check.ts';
import { closedError, errorBecauseOf, errorOfFrame, storeError } from './delivery-error.ts';
import { Entry } from './entry.ts';
import { epochBytes, type Frame, kinds } from './frame.ts';
import { frameCodec } from './frame-codec.ts';
import { HandlerPlaces } from './handler-places.ts';
import type { HandlerRules, InboxHost, OutboxHost } from './hosts.ts';
import { Found } from './found.ts';
import type { Inbox } from './inbox.ts';
import { Inboxes } from './inboxes.ts';
import { Line } from './line.ts';
import { Outbox } from './outbox.ts';
import { Room } from './room.ts';
import { type Damaged, type Journal, journalOf, type StoredFrame } from './store.ts';

/** How soon a store that could not be read is tried again. */
const loadAgainMs = 1_000;

/** Where the deliveries of a node on one channel meet: its outboxes, inboxes and lines. */
export class Board implements OutboxHost, InboxHost {
  readonly channel: Channel<Frame>;
  readonly channelId: number;
  readonly clock: Clock;
  readonly rules: HandlerRules;
  readonly journal: Journal;
  readonly openings: Numbers;
  readonly lost$: Subject<Lost> = new Subject();
  /** Emits when `isEmpty` has become true, and errors when all ends here. */
  readonly emptied$: Subject<void> = new Subject();
  readonly #limits: Limits;
  readonly #decode: (bytes: Uint8Array) => unknown;
  readonly #lines = new Map<NodeId, Line>();
  readonly #outboxes = new Map<NodeId, Outbox>();
  readonly #room: Room;
  readonly #self: NodeId;
  readonly #inboxes: Inboxes;
  /** What peers have opened before the store was read. */
  readonly #early = new Map<NodeId, Frame>();
  readonly #places: HandlerPlaces;
  readonly #scope = new Subscription();
  #dropped = 0;
  #handler: ((attempt: Attempt) => unknown) | undefined;
  #isLoaded = false;
  #isStoreFailing = false;
  #closed: RxmeshError | undefined;

  constructor(router: DeliveriesRouter, options: BoardOptions) {
    const { channel, limits, store } = options;
    this.#limits = limits;
    this.#room = new Room(limits);
    this.#inboxes = new Inboxes(this, limits.maxSenders);
    this.rules = options.rules;
    this.#decode = options.decode;
    this.channel = router.openChannel({ ...channel, codec: frameCodec });
    this.channelId = this.channel.id;
    this.openings = numbersOf(router, this.channelId);
    this.clock = this.channel.in$.clock ?? systemClock;
    this.#places = new HandlerPlaces(limits.concurrency, this.clock);
    this.journal = journalOf(store, this.channel.id);
    this.#self = router.snapshot().id;
    const openings = {
      opened: (id: NodeId) => this.#opened(id),
      lost: (id: NodeId) => this.#lost(id),
    };
    this.#scope.add(watchOpenings(router, this.channel.id, openings));
    this.#scope.add(
      this.channel.in$.subscribe({
        next: ({ from, message }) => this.#receive(from, message),
        complete: () => this.#end(),
      }),
    );
    this.#load();
  }

  get window(): number {
    return this.#limits.window;
  }

  get windowBytes(): number {
    return this.#limits.windowBytes;
  }

  /** Whether no message waits, the store included. */
  get isEmpty(): boolean {
    return this.#closed === undefined && this.#isLoaded && this.#room.messages === 0;
  }

  get hasHandler(): boolean {
    return this.#handler !== undefined && this.#isLoaded;
  }

  /** The date, for what another process reads. */
  date(): number {
    return Math.round(dateOf(this.clock));
  }

  snapshot(): DeliveriesSnapshot {
    const { messages, bytes } = this.#room;
    return { messages, bytes, handling: this.#places.taken, dropped: this.#dropped };
  }

  // For deliveries

  /** Puts a message into the outbox. Returns the error if there is no room, or no service. */
  post(to: NodeId, entry: Entry): RxmeshError | undefined {
    if (this.#closed !== undefined) return this.#closed;
    if (to === this.#self) {
      return this.error('RXMESH_UNDELIVERABLE', 'a node does not deliver to itself', to);
    }
    if (this.journal.isBehind) {
      this.journal.retry();
      return this.storeFailed(new Error('it does not answer'), to);
    }
    const bound = this.#room.boundFor(to, entry.size);
    if (bound !== undefined) {
      const text = `the outbox has no room for a message to ${to}: ${bound}`;
      return this.error('RXMESH_OUTBOX_FULL', text, to);
    }
    const outbox = this.#outboxFor(to);
    this.#room.count(to, 1, entry.size);
    outbox.add(entry);
    if (!this.#isLoaded) return undefined;
    outbox.store(entry);
    this.#lines.get(to)?.carry(outbox);
    return undefined;
  }

  /** Ends a delivery with an error, or without one when nobody waits for it. */
  withdraw(to: NodeId, entry: Entry, error?: RxmeshError): void {
    this.#outboxes.get(to)?.fail(entry, error);
  }

  /** @throws {TypeError} if there is a handler already */
  handle(handler: (attempt: Attempt) => unknown): Subscription {
    if (this.#handler !== undefined) {
      throw new TypeError('handle: there is a handler already; unsubscribe it first');
    }
    this.#handler = handler;
    for (const inbox of this.#inboxes.all) inbox.next();
    return new Subscription(() => {
      this.#handler = undefined;
    });
  }

  /** Ends every delivery here and closes the channel. */
  close(): void {
    this.#end();
    this.channel.close();
  }

  // For outboxes

  newEpoch(): Uint8Array {
    return platformCrypto.randomBytes(epochBytes);
  }

  ended(outbox: Outbox, entry: Entry, payload: Uint8Array | undefined, error?: RxmeshError): void {
    const { to } = outbox;
    this.#room.count(to, -1, -entry.size);
    entry.timer?.unsubscribe();
    const { waiter } = entry;
    entry.waiter = undefined;
    this.#tidy(to);
    if (this.isEmpty) this.emptied$.next();
    if (error === undefined) {
      waiter?.handled();
      return;
    }
    if (payload !== undefined) this.lost$.next({ to, payload, error });
    waiter?.failed(error);
  }

  // For inboxes

  readonly call = (attempt: Attempt): unknown => this.#handler?.(attempt);

  decode(payload: Uint8Array): unknown {
    return this.#decode(payload);
  }

  mayRun(inbox: Inbox): boolean {
    return this.#closed === undefined && this.#places.mayTake(inbox);
  }

  runs(by: 1 | -1): void {
    this.#places.runs(by);
  }

  error(code: ErrorCode, text: string, peer: NodeId, cause?: unknown): RxmeshError {
    return errorBecauseOf(cause, code, text, { peer, channel: this.channel.id });
  }

  storeFailed(thrown: unknown, peer?: NodeId): RxmeshError {
    return storeError(thrown, { channel: this.channelId, ...(peer !== undefined && { peer }) });
  }

  report(error: RxmeshError): void {
    this.channel.out.error(error);
  }

  // The store

  #load(): void {
    this.#scope.add(
      this.journal
        .load()
        .pipe(
          catchError((thrown: unknown) => {
            if (!this.#isStoreFailing) this.report(this.storeFailed(thrown));
            this.#isStoreFailing = true;
            this.#scope.add(this.clock.schedule(() => this.#load(), loadAgainMs));
            return EMPTY;
          }),
        )
        .subscribe((records) => this.#restore(records)),
    );
  }

  #restore(records: readonly (StoredFrame | Damaged)[]): void {
    const found = new Found(records);
    for (const { error, key } of found.damaged) {
      this.report(error);
      this.journal.owe([{ type: 'del', key }]);
    }
    for (const [peer, state] of found.inboxes) {
      this.#inboxes.of(peer).restore(state, found.failures.get(peer) ?? []);
    }
    this.#isLoaded = true;
    for (const [peer, state] of found.outboxes) {
      this.#restoreOutbox(peer, state, found.messages.get(peer) ?? []);
    }
    for (const [peer, outbox] of this.#outboxes) {
      if (!found.outboxes.has(peer)) outbox.begin();
      this.#lines.get(peer)?.carry(outbox);
      this.#tidy(peer);
    }
    for (const [peer, frame] of this.#early) this.#receive(peer, frame);
    this.#early.clear();
    if (this.isEmpty) this.emptied$.next();
  }

  #restoreOutbox(to: NodeId, state: Frame, messages: readonly Frame[]): void {
    const outbox = this.#outboxFor(to);
    const entries = messages.map((frame) => {
      const entry = Entry.stored(frame);
      this.#room.count(to, 1, entry.size);
      return entry;
    });
    outbox.restore(state, entries);
    for (const entry of entries) {
      if (entry.dueDateMs === 0) continue;
      // The date may have been set since.
      const restMs = Math.min(Math.max(0, entry.dueDateMs - this.date()), timeMaxMs);
      entry.timer = this.clock.schedule(() => this.late(to, entry), restMs);
    }
    this.#tidy(to);
  }

  /** The time of a delivery is over. */
  late(to: NodeId, entry: Entry): void {
    const text = `${to} has not handled the message in time`;
    this.withdraw(to, entry, this.error('RXMESH_DELIVERY_TIMEOUT', text, to));
  }

  // Peers

  #opened(id: NodeId): void {
    const inbox = this.#inboxes.of(id);
    const line = new Line(this.channel, id, inbox, (thrown) =>
      thrown instanceof RxmeshError
        ? thrown
        : this.error('RXMESH_DELIVERY_FAILED', `the message to ${id} cannot be sent`, id, thrown),
    );
    this.#lines.set(id, line);
    const outbox = this.#outboxes.get(id);
    if (outbox !== undefined && this.#isLoaded) line.carry(outbox);
  }

  #lost(id: NodeId): void {
    const line = this.#lines.get(id);
    if (line === undefined) return;
    this.#lines.delete(id);
    this.#early.delete(id);
    line.close();
    this.#tidy(id);
    this.#inboxes.left(line.inbox);
  }

  #receive(from: NodeId, frame: Frame): void {
    const line = this.#lines.get(from);
    if (line === undefined) {
      this.#dropped += 1;
      return;
    }
    if (!this.#isLoaded) {
      if (frame.kind === kinds.open) this.#early.set(from, frame);
      return;
    }
    const { inbox, outbox } = line;
    switch (frame.kind) {
      case kinds.open:
        this.#inboxes.heard(inbox);
        this.#check(from, inbox.opened(frame, line.wake));
        return;
      case kinds.message: {
        const problem = inbox.received(frame);
        if (problem !== undefined) this.#violated(from, problem.code, problem.what);
        return;
      }
      case kinds.noted:
        inbox.noted(frame.seq);
        return;
      case kinds.resume:
        this.#check(from, outbox?.resumed(frame));
        return;
      case kinds.acked:
        this.#check(from, outbox?.acked(frame));
        return;
      case kinds.failed:
        this.#check(from, outbox?.failed(frame));
        return;
      case kinds.refused: {
        const reason = errorOfFrame(frame, { peer: from, channel: this.channel.id });
        this.channel.reports.next({ peer: from, severity: 'note', reason });
        return;
      }
      default:
        this.#dropped += 1;
    }
  }

  #check(from: NodeId, problem: string | undefined): void {
    if (problem !== undefined) this.#violated(from, 'RXMESH_PROTOCOL_VIOLATION', problem);
  }

  #violated(peer: NodeId, code: ErrorCode, what: string): void {
    const reason = this.error(code, `${peer} ${what}`, peer);
    this.channel.reports.next({ peer, severity: 'disconnect', reason });
  }

  // Places

  #outboxFor(to: NodeId): Outbox {
    const known = this.#outboxes.get(to);
    if (known !== undefined) return known;
    const outbox = new Outbox(to, this);
    this.#outboxes.set(to, outbox);
    return outbox;
  }

  /** Lets an outbox go that has nothing for a peer which is not there. */
  #tidy(to: NodeId): void {
    const outbox = this.#outboxes.get(to);
    if (outbox?.isEmpty !== true || this.#lines.has(to) || !this.#isLoaded) return;
    this.#outboxes.delete(to);
    if (this.#closed === undefined) outbox.forget();
  }

  #end(): void {
    if (this.#closed !== undefined) return;
    const error = closedError(this.channelId);
    this.#closed = error;
    this.emptied$.error(error);
    this.#scope.unsubscribe();
    for (const id of [...this.#lines.keys()]) this.#lost(id);
    this.#inboxes.end(error);
    const { hasStore } = this.journal;
    for (const outbox of [...this.#outboxes.values()]) {
      outbox.end((entry) => (hasStore ? closedError(this.channelId, entry) : error));
    }
    this.#outboxes.clear();
    this.lost$.complete();
  }
}
