import { isObservable, of, Subject, Subscription } from 'rxjs';
import {
  type Channel,
  type ChannelOptions,
  dateOf,
  type NodeId,
  RxmeshError,
  systemClock,
} from '../index.ts';
import { numbersOf } from '../frames/numbers.ts';
import type { Context } from './context.ts';
import { type GossipCounts, noCounts } from './counts.ts';
import { Frame, kinds, topicsMax, wireVersion } from './frame.ts';
import { outgoingCodec, type OutgoingFrame } from './frame-codec.ts';
import { hold } from './hold.ts';
import { Intake } from './intake.ts';
import { Leads } from './leads.ts';
import { MessageStore } from './message-store.ts';
import { Missing } from './missing.ts';
import type { Neighbour } from './neighbour.ts';
import { type NeighbourHost, Neighbours } from './neighbours.ts';
import {
  type Gossiped,
  type GossipRouter,
  type Settings,
  topicFault,
  topicsFault,
} from './options.ts';
import { Reporter } from './reporter.ts';
import { Seen } from './seen.ts';
import { digestOf, signatureOf } from './signing.ts';
import { Spread } from './spread.ts';
import { type GossipVerdictResult, Verdicts } from './verdicts.ts';

/** What a gossip does at the moment, and has done so far. */
export interface GossipSnapshot extends GossipCounts {
  /** Peers that have the channel open. */
  readonly neighbours: number;
  /** Messages that are kept for neighbours, and their bytes. */
  readonly stored: number;
  readonly storedBytes: number;
  /** Messages that are remembered as seen. */
  readonly seen: number;
  /** Messages that were announced and have not arrived. */
  readonly missing: number;
  /** Verdicts that are pending. */
  readonly pending: number;
}

/** What a board needs of the types of its messages. */
export interface BoardOptions {
  readonly channel: Omit<ChannelOptions<never>, 'codec'>;
  readonly settings: Settings;
  /** Throws what the codec throws. */
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly verdict: (incoming: Gossiped<unknown>) => GossipVerdictResult;
}

/** Where a node's gossip on one channel meets: the frames of its neighbours. */
export class Board implements NeighbourHost {
  readonly channel: Channel<OutgoingFrame>;
  readonly accepted$: Subject<Gossiped<unknown>> = new Subject();
  readonly context: Context;
  readonly #self: NodeId;
  readonly #neighbours: Neighbours;
  readonly #spread: Spread;
  readonly #verdicts: Verdicts<Gossiped<unknown>>;
  readonly #intake: Intake;
  readonly #scope = new Subscription();
  /** The topics that this node wants; undefined: all. */
  #topics: ReadonlySet<string> | undefined;
  #isClosed = false;

  constructor(router: GossipRouter, { channel, settings, decode, verdict }: BoardOptions) {
    const { numbers } = settings;
    this.channel = router.openChannel({ ...channel, codec: outgoingCodec });
    this.#self = router.snapshot().id;
    const clock = this.channel.in$.clock ?? systemClock;
    this.context = {
      channel: this.channel,
      clock,
      settings,
      counts: noCounts(),
      reporter: new Reporter(this.channel, clock),
      seen: new Seen(numbers.seenMax, 2 * numbers.seenMs),
      store: new MessageStore({
        messages: numbers.storeMax,
        bytes: numbers.storeBytesMax,
        ms: Math.max(numbers.storeMs, numbers.antiEntropyMs),
      }),
      missing: new Missing({
        ...numbers,
        perNeighbourMax: numbers.announcedMax,
        keepMs: numbers.seenMs,
      }),
      leads: new Leads(topicsMax),
      series: numbersOf(router, this.channel.id),
      wants: (topic) => this.#topics?.has(topic) !== false,
    };
    this.#neighbours = new Neighbours(this.channel, this);
    this.#spread = new Spread(this.context, this.#neighbours, () => this.#verdicts.room);
    const { verdictsMax: max, verdictMs: timeoutMs } = numbers;
    this.#verdicts = new Verdicts(verdict, { max, timeoutMs }, clock);
    this.#intake = new Intake(this.context, this.#spread, this.#verdicts, decode, (incoming) => {
      this.accepted$.next(incoming);
    });
    this.#followTopics(settings);
    this.#neighbours.watch(router);
    this.#scope.add(
      this.channel.in$.subscribe({
        next: ({ from, message }) => this.#receive(from, message),
        complete: () => this.#end(),
      }),
    );
  }

  snapshot(): GossipSnapshot {
    const { counts, store, seen, missing } = this.context;
    return {
      ...counts,
      neighbours: this.#neighbours.size,
      stored: store.size,
      storedBytes: store.bytes,
      seen: seen.size,
      missing: missing.size,
      pending: this.#verdicts.pending,
    };
  }

  /**
   * Signs a message, and sends it to the neighbours that want its topic.
   *
   * @throws {RxmeshError} `RXMESH_CHANNEL_CLOSED`
   * @throws {TypeError} if there is no identity to sign it with
   */
  publish(payload: Uint8Array, topic: string): void {
    const { settings, clock, seen, counts, series } = this.context;
    const { id: channel } = this.channel;
    if (this.#isClosed) {
      throw new RxmeshError('RXMESH_CHANNEL_CLOSED', 'the gossip is closed', { channel });
    }
    const { identity, signed } = settings;
    const frame = new Frame(kinds.message, topic);
    if (!signed) frame.origin = this.#self;
    else if (identity !== undefined) frame.key = identity.publicKey;
    frame.seq = series.next();
    frame.dateMs = Math.max(0, Math.round(dateOf(clock)));
    frame.payload = payload;
    const digest = digestOf(frame, channel);
    if (signed && identity !== undefined) frame.signature = signatureOf(identity, digest);
    seen.add(digest.id, clock.now());
    counts.published += 1;
    this.#spread.relay(hold(this.context, frame, digest, this.#self, undefined));
  }

  close(): void {
    this.#end();
    this.channel.close();
  }

  // Neighbours

  joined(neighbour: Neighbour): void {
    neighbour.greet(this.#greeting());
    this.#spread.beginRecall(neighbour);
  }

  left(neighbour: Neighbour): void {
    this.#spread.left(neighbour);
  }

  dropped(count: number): void {
    this.context.counts.droppedForNeighbours += count;
  }

  #followTopics({ topics }: Settings): void {
    if (topics === undefined) return;
    this.#topics = new Set();
    const source = isObservable(topics) ? topics : of(topics);
    this.#scope.add(
      source.subscribe({
        next: (names) => this.#want(names),
        error: (error: unknown) => this.channel.out.error(error),
      }),
    );
  }

  #want(names: readonly string[]): void {
    const fault = topicsFault(names);
    if (fault !== undefined) {
      const { id: channel } = this.channel;
      this.channel.out.error(new RxmeshError('RXMESH_OPTIONS_INVALID', fault, { channel }));
      return;
    }
    this.#topics = new Set(names);
    for (const neighbour of this.#neighbours) neighbour.greet(this.#greeting());
  }

  #greeting(): Frame {
    const frame = new Frame(kinds.hello);
    frame.version = wireVersion;
    if (this.#topics === undefined) frame.isAll = true;
    else frame.topics = [...this.#topics];
    return frame;
  }

  // Frames

  #receive(from: NodeId, frame: OutgoingFrame): void {
    const neighbour = this.#neighbours.get(from);
    if (neighbour === undefined || !(frame instanceof Frame)) return;
    const problem = this.#problemOf(neighbour, frame);
    if (problem !== undefined) this.context.reporter.violated(from, problem);
  }

  /** Handles a frame. Returns how it breaks the protocol. */
  #problemOf(neighbour: Neighbour, frame: Frame): string | undefined {
    if (frame.topic !== '' && topicFault(frame.topic) !== undefined)
      return 'a topic that is too long';
    switch (frame.kind) {
      case kinds.hello:
        return this.#greeted(neighbour, frame);
      case kinds.message:
        return this.#intake.received(neighbour, frame);
    }
    if (!neighbour.hasGreeted) return undefined;
    switch (frame.kind) {
      case kinds.have:
        return this.#spread.has(neighbour, frame);
      case kinds.ask:
        return this.#spread.asks(neighbour, frame);
      case kinds.recall:
        return this.#spread.recalls(neighbour, frame);
      case kinds.gone:
        return this.#spread.lacks(neighbour, frame);
      case kinds.prune:
        this.#spread.pruned(neighbour, frame);
        return undefined;
      default:
        return undefined;
    }
  }

  #greeted(neighbour: Neighbour, { version, isAll, topics }: Frame): string | undefined {
    const { reporter, clock } = this.context;
    const nowMs = clock.now();
    if (version !== wireVersion) {
      const reason = `it speaks version ${version} of gossip instead of ${wireVersion}`;
      reporter.blame(neighbour.id, 'note', reason, 'version');
      neighbour.greeted(new Set(), nowMs);
      return undefined;
    }
    const fault = topicsFault(topics);
    if (fault !== undefined) return `a greeting in which ${fault}`;
    const isTooOften = neighbour.greeted(isAll ? undefined : new Set(topics), nowMs);
    if (isTooOften) reporter.blame(neighbour.id, 'note', 'it greets again and again');
    this.#spread.catchUp(neighbour);
    return undefined;
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#scope.unsubscribe();
    this.#verdicts.close();
    this.#neighbours.close();
    this.#spread.close();
    this.accepted$.complete();
  }
}
