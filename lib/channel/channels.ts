import { BehaviorSubject, defer, filter, finalize, map, type Observable, Subject } from 'rxjs';
import { systemClock, type Clock } from '../flow/clock.ts';
import { guardedClock } from '../flow/guarded.ts';
import { block, isLane } from '../flow/strategy.ts';
import {
  anInteger,
  isObject,
  optionFaults,
  type OptionKinds,
  required,
} from '../model/check-options.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import { callbackFailed, type DropReason, type RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import { withDefaults } from '../model/with-defaults.ts';
import {
  type ChannelEnd,
  type Drop,
  messageBytesDefault,
  wireMessageBytesMax,
} from '../session/channel-end.ts';
import { fair } from '../session/discipline.ts';
import { goodbye } from '../session/goodbye.ts';
import { keepAliveFrom, type KeepAliveSettings } from '../session/keep-alive.ts';
import type { PeerSession } from '../session/peer-session.ts';
import { Session } from '../session/session.ts';
import type { Link } from '../transport/link.ts';
import type { Channel, ChannelOptions } from './channel.ts';
import type { AbsenceSnapshot } from './absences.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { DecodeFailures } from './decode-failures.ts';
import { DropTally } from './drop-tally.ts';
import { LocalChannel } from './local-channel.ts';
import { aSlowPeerPolicy } from './slow-peers.ts';
import { type LaneOwner, Stalls, type WatchedLane } from './stalls.ts';
import type { SwitchboardOptions } from './switchboard-options.ts';

/** How long a lane may stand still before it counts as stalled, by default. */
export const stallMsDefault = 10_000;

const priorityMax = 255;

/** How many messages a peer may have in flight by default: at first, and at most. */
const inboundMessages = 64;
const inboundMessagesMax = 65_536;
/** About what 1 Gbit/s carries in 250 ms. */
const inboundBytesMax = 32 * 1024 * 1024;

const defaults: Omit<ChannelSettings<never>, 'id' | 'codec'> = {
  inbound: block(inboundMessagesMax, { bytes: inboundBytesMax, initial: inboundMessages }),
  outbound: block(256),
  priority: 1,
  slowPeer: 'wait',
  messageBytesMax: messageBytesDefault,
};

/** A channel that is open here, whatever its message type. */
type OwnEnd = ChannelEnd &
  Pick<
    LocalChannel<unknown>,
    'end' | 'hasCaughtUp' | 'isConsumed' | 'absences' | 'inboxes' | 'mute' | 'refill'
  >;

/** The implementation of `Switchboard`: the open channels, and the sessions that serve them. */
export class Channels implements ChannelHost {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly events$: Subject<RouterEvent> = new Subject();
  readonly reports$: Subject<PeerReport> = new Subject();
  /** See `ChannelHost`. */
  readonly leaving$: Observable<void>;
  readonly #isLeaving = new BehaviorSubject(false);
  readonly #options: SwitchboardOptions;
  readonly #keepAlive: KeepAliveSettings;
  readonly #ends = new Map<number, OwnEnd>();
  /**
   * All sessions, including those whose peer has not accepted yet: channels are announced to them,
   * too.
   */
  readonly #sessions = new Set<Session>();
  /** The session behind each `PeerSession` that users hold. */
  readonly #offered = new WeakMap<PeerSession, Session>();
  /** The sessions that messages are routed to. */
  readonly #live = new Map<NodeId, Session>();
  /** The session looked up last: most messages go to the same peer as the one before. */
  #lastLive: Session | undefined;
  readonly #drops: DropTally;
  readonly #failures: DecodeFailures;
  /** Sessions whose messages are no longer decoded. */
  readonly #muted = new WeakSet<Session>();
  readonly #stalls: Stalls;

  /**
   * @throws {RangeError} if the timeout in `keepAlive` is shorter than its interval, or
   *   `decodeFailuresPerSecond` is out of range
   */
  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#keepAlive = keepAliveFrom(options.keepAlive);
    this.self = options.self;
    this.clock = guardedClock(options.clock ?? systemClock, (callback, thrown) =>
      this.events$.next(callbackFailed(callback, thrown)),
    );
    this.leaving$ = this.#isLeaving.pipe(
      filter(Boolean),
      map(() => undefined),
    );
    this.#stalls = new Stalls(
      this.clock,
      options.stallMs ?? stallMsDefault,
      () => this.#lanes(),
      (stall) => this.events$.next({ type: 'lane-stalled', ...stall }),
    );
    this.#drops = new DropTally(this.clock, (drop) => this.#reportDrop(drop));
    this.#failures = new DecodeFailures(this.clock, options.decodeFailuresPerSecond);
  }

  *#lanes(): Iterable<readonly [WatchedLane, LaneOwner]> {
    for (const { id: channel, inboxes } of this.#ends.values()) {
      for (const inbox of inboxes)
        yield [inbox, { peer: inbox.peer, channel, direction: 'inbound' }];
      for (const session of this.sessions()) {
        const outbox = session.outbox(channel);
        const owner = { peer: session.id, channel, direction: 'outbound' } as const;
        if (outbox !== undefined) yield [outbox, owner];
      }
    }
  }

  /** Ids of the open channels, in the order in which they were opened. */
  get ids(): readonly number[] {
    return [...this.#ends.keys()];
  }

  /** Ids of the open channels without a consumer. */
  get unconsumed(): readonly number[] {
    return this.ids.filter((id) => this.#ends.get(id)?.isConsumed === false);
  }

  /**
   * Opens a channel, at any time, and announces it to connected peers.
   * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`
   */
  open<T>(options: ChannelOptions<T>): Channel<T> {
    const settings = checked(options);
    if (this.#ends.has(settings.id)) {
      const text = `channel ${settings.id} is open already`;
      throw new RxmeshError('RXMESH_CHANNEL_OPEN', text, { channel: settings.id });
    }
    const channel = new LocalChannel(settings, this);
    this.#ends.set(settings.id, channel);
    for (const session of this.#sessions) {
      // A sender that learns of room may already have closed the channel.
      if (this.#ends.get(settings.id) !== channel) break;
      session.openChannel(channel);
    }
    return channel;
  }

  /** Creates a session for a proven link, and informs the peer that we accept it. */
  offer(link: Link, id: NodeId): Session {
    const session = new Session({
      link,
      id,
      clock: this.clock,
      discipline: this.#options.discipline ?? fair,
      keepAlive: this.#keepAlive,
      onDrop: (drop) => this.dropped(drop),
      onHeldBack: () => this.mayStall(),
      onPeerChannel: (channel, open) => {
        if (open) this.#ends.get(channel)?.refill(id);
        this.events$.next({ type: 'peer-channel', peer: id, channel, open });
        if (open) this.#ends.get(channel)?.reached(id);
      },
    });
    this.#sessions.add(session);
    this.#offered.set(session, session);
    session.ended$.subscribe(() => this.#sessions.delete(session));
    session.accept(this.#ends.values());
    return session;
  }

  /**
   * The session behind one that `accept` emitted.
   * @throws {TypeError} if it belongs to another switchboard
   */
  behind(session: PeerSession): Session {
    const own = this.#offered.get(session);
    if (own !== undefined) return own;
    throw new TypeError(
      'route: the session must be one that `accept` emitted for this switchboard',
    );
  }

  /** Routes messages to this session from now on. Each peer has one such session. */
  add(session: Session): void {
    this.#live.set(session.id, session);
    this.#lastLive = undefined;
    for (const end of this.#ends.values()) end.refill(session.id);
  }

  remove(session: Session): void {
    if (this.#live.get(session.id) === session) this.#live.delete(session.id);
    this.#lastLive = undefined;
  }

  /** See `Switchboard.probe`. */
  probe(): void {
    for (const session of [...this.sessions()]) session.probe();
  }

  /** How many messages were dropped, by channel and reason. */
  drops(): ReadonlyMap<number, ReadonlyMap<DropReason, number>> {
    return this.#drops.counts;
  }

  /** Reports drops now rather than at the end of the turn. */
  reportDrops(): void {
    this.#drops.flush();
  }

  /** What waits for absent recipients, by channel. */
  absences(): readonly (AbsenceSnapshot & { readonly channel: number })[] {
    return [...this.#ends.values()].flatMap((end) =>
      end.absences().map((absence) => ({ channel: end.id, ...absence })),
    );
  }

  /** See `Switchboard.goodbye`. */
  goodbye(drainMs: number): Observable<never> {
    return defer(() => {
      this.#isLeaving.next(true);
      const isConsumed = (): boolean => [...this.#ends.values()].every((end) => end.hasCaughtUp);
      return goodbye([...this.sessions()], { clock: this.clock, drainMs, isConsumed });
    }).pipe(finalize(() => this.#isLeaving.next(false)));
  }

  /** Closes every channel and completes the streams. */
  close(): void {
    for (const end of [...this.#ends.values()]) end.end('node-stopped');
    this.reportDrops();
    this.#stalls.close();
    this.events$.complete();
    this.reports$.complete();
  }

  // ChannelHost, for channels

  session(peer: NodeId): Session | undefined {
    if (this.#lastLive?.id === peer) return this.#lastLive;
    const session = this.#live.get(peer);
    if (session !== undefined) this.#lastLive = session;
    return session;
  }

  sessions(): Iterable<Session> {
    return this.#live.values();
  }

  dropped(drop: Drop): void {
    const { direction, channel, reason, peer } = drop;
    if (direction === 'outbound' || reason !== 'too-large' || peer === undefined) {
      this.#drops.add(drop);
      return;
    }
    this.#drops.add(drop, () => {
      const bytesMax = this.#ends.get(channel)?.messageBytesMax ?? 0;
      const text = `${peer} sent a message larger than messageBytesMax, ${bytesMax} bytes`;
      return new RxmeshError('RXMESH_MESSAGE_TOO_LARGE', text, { peer, channel });
    });
    this.#price(peer);
  }

  decodeFailed(peer: NodeId, channel: number, thrown: unknown): void {
    const kind = { direction: 'inbound', channel, reason: 'decode-failed', peer } as const;
    this.#drops.add({ ...kind, count: 1 }, () => {
      const text = `${peer} sent a message that the codec of channel ${channel} cannot decode`;
      return toRxmeshError(thrown, 'RXMESH_DECODE_FAILED', text, { peer, channel });
    });
    this.#price(peer);
  }

  isMuted(peer: NodeId): boolean {
    const session = this.session(peer);
    return session !== undefined && this.#muted.has(session);
  }

  /** The peer has sent a message that is of no use. */
  #price(peer: NodeId): void {
    if (!this.#failures.allows(peer)) this.#mute(peer);
  }

  /** Mutes and reports a peer that exceeded its allowance, once per connection. */
  #mute(peer: NodeId): void {
    if (this.isMuted(peer)) return;
    const session = this.session(peer);
    if (session !== undefined) this.#muted.add(session);
    for (const end of [...this.#ends.values()]) end.mute(peer);
    const reason = this.#failures.errorOf(peer);
    this.reports$.next({ peer, severity: 'disconnect', reason });
  }

  /** What is of no use in one turn costs a peer the score of a single `note`. */
  #reportDrop(drop: Drop): void {
    this.events$.next({ type: 'message-dropped', ...drop });
    const { direction, peer, error, reason } = drop;
    if (direction === 'outbound' || peer === undefined || error === undefined) return;
    if (reason !== 'decode-failed' && reason !== 'too-large') return;
    this.reports$.next({ peer, severity: 'note', reason: error });
  }

  mayStall(): void {
    this.#stalls.mayStall();
  }

  awaited(channel: number, peer: NodeId | undefined, awaited: boolean): void {
    this.events$.next({
      type: 'recipient-awaited',
      channel,
      awaited,
      ...(peer !== undefined && { peer }),
    });
  }

  reported(report: PeerReport): void {
    this.reports$.next(report);
  }

  sourceFailed(channel: number, error: unknown): void {
    this.events$.next({ type: 'source-failed', channel, error });
  }

  consumerFailed(channel: number, error: RxmeshError): void {
    this.events$.next({ type: 'consumer-failed', channel, error });
  }

  closed(channel: ChannelEnd): void {
    this.#ends.delete(channel.id);
    for (const session of this.#sessions) session.closeChannel(channel);
  }
}

const optionKinds: OptionKinds<ChannelOptions<never>> = {
  id: required(anInteger(0, 0xffff)),
  codec: required({ what: 'a codec, such as json()', accepts: isCodec }),
  inbound: { what: 'a lane, such as block(64)', accepts: isLane },
  outbound: { what: 'a lane, such as block(64)', accepts: isLane },
  priority: anInteger(1, priorityMax),
  slowPeer: aSlowPeerPolicy,
  messageBytesMax: anInteger(1, wireMessageBytesMax, '1 to 2^30 (bytes)'),
};

/** Fills in the defaults. Names every wrong option in a single error. */
function checked<T>(options: ChannelOptions<T>): ChannelSettings<T> {
  const wrong = [...optionFaults(options, optionKinds)];
  const { outbound } = isObject(options) ? options : {};
  if (isLane(outbound) && outbound.initial !== undefined) {
    wrong.push('outbound must not have `initial`, which is for inbound lanes');
  }
  if (wrong.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `openChannel: ${wrong.join('; ')}`);
  }
  return { id: options.id, codec: options.codec, ...withDefaults(defaults, options) };
}

function isCodec(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { encode, decode } = value as { encode?: unknown; decode?: unknown };
  return typeof encode === 'function' && typeof decode === 'function';
}
