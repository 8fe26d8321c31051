import { defer, type Observable } from 'rxjs';
import { systemClock, timerMaxMs, type Clock } from '../flow/clock.ts';
import { reportUnhandled } from '../flow/report-unhandled.ts';
import { block, isLane } from '../flow/strategy.ts';
import { RxmeshError } from '../model/error.ts';
import type { DropReason, RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import { unknownOptions } from '../model/unknown-options.ts';
import { wireMessageBytesMax, type ChannelEnd, type Drop } from '../session/channel-end.ts';
import { fair, type Discipline } from '../session/discipline.ts';
import { goodbye } from '../session/goodbye.ts';
import { keepAliveFrom, type KeepAliveSettings } from '../session/keep-alive.ts';
import { Session } from '../session/session.ts';
import type { Link } from '../transport/link.ts';
import type { Channel, ChannelOptions } from './channel.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { LocalChannel } from './local-channel.ts';
import { isSlowPeerPolicy } from './slow-peers.ts';

/** What a node's channels need of the node. */
export interface ChannelsOptions {
  /** The node's own ID. */
  readonly self: NodeId;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** Makes, for each connection, what chooses the channel that writes next. Default `fair`. */
  readonly discipline?: () => Discipline;
  /**
   * When silent peers are pinged, and given up. Default: a ping every 10 s, and 30 s without a sign of
   * life; `intervalMs: 0` turns it off.
   */
  readonly keepAlive?: Partial<KeepAliveSettings>;
  /** Hears of drops, and of channels that peers open and close. */
  readonly onEvent?: (event: RouterEvent) => void;
  /** Hears what is reported on channels' `errors`. */
  readonly onReport?: (report: PeerReport) => void;
}

/** The highest priority of a channel. */
const priorityMax = 255;

const defaults = {
  inbound: block(64),
  outbound: block(256),
  priority: 1,
  slowPeer: 'wait' as const,
  messageBytesMax: 4 * 1024 * 1024,
};

/**
 * The channels that are open at a node and the sessions that serve them: the place where the two
 * meet. A router has one; whoever composes pipelines by hand makes one for each network.
 */
export class Channels implements ChannelHost {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly #options: ChannelsOptions;
  readonly #keepAlive: KeepAliveSettings;
  readonly #ends = new Map<number, ChannelEnd & Pick<Channel<unknown>, 'close'>>();
  /** All sessions, also those whose peer has not accepted yet: they hear of channels. */
  readonly #sessions = new Set<Session>();
  /** The sessions that messages are routed to. */
  readonly #live = new Map<NodeId, Session>();
  /** The one of them that was asked for last: most messages go where the one before went. */
  #lastLive: Session | undefined;
  readonly #drops = new Map<number, Map<DropReason, number>>();

  /** @throws {RangeError} for a `keepAlive` whose timeout is shorter than its interval */
  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#keepAlive = keepAliveFrom(options.keepAlive);
    this.self = options.self;
    this.clock = options.clock ?? systemClock;
  }

  /** Ids of the channels that are open here, in the order of their opening. */
  get ids(): readonly number[] {
    return [...this.#ends.keys()];
  }

  /**
   * Opens a channel, at any time; peers that are connected learn of it.
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
      // Senders that hear of room may have closed it already.
      if (this.#ends.get(settings.id) !== channel) break;
      session.openChannel(channel);
    }
    return channel;
  }

  /** Makes a session of a proven link, and tells the peer that we accept it. */
  offer(link: Link, id: NodeId): Session {
    const session = new Session({
      link,
      id,
      clock: this.clock,
      discipline: this.#options.discipline ?? fair,
      keepAlive: this.#keepAlive,
      onDrop: (drop) => this.dropped(drop),
      onPeerChannel: (channel, open) =>
        this.#tell({ type: 'peer-channel', peer: id, channel, open }),
    });
    this.#sessions.add(session);
    session.ended$.subscribe(() => this.#sessions.delete(session));
    session.accept(this.#ends.values());
    return session;
  }

  /** From now on messages are routed to this session. It is one for each peer. */
  add(session: Session): void {
    this.#live.set(session.id, session);
    this.#lastLive = undefined;
  }

  remove(session: Session): void {
    if (this.#live.get(session.id) === session) this.#live.delete(session.id);
    this.#lastLive = undefined;
  }

  /** How many messages were dropped, by channel and reason. */
  drops(): ReadonlyMap<number, ReadonlyMap<DropReason, number>> {
    return this.#drops;
  }

  /**
   * Lets the lanes of all peers empty for at most `drainMs` milliseconds (default 1 s), says goodbye to
   * the peers, and completes when their links are closed. What still waits then is dropped, and told.
   * Channels stay open. Unsubscribing from what `route` makes, by contrast, waits for nothing.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
   */
  goodbye(drainMs = 1_000): Observable<never> {
    if (typeof drainMs !== 'number' || !(drainMs >= 0 && drainMs <= timerMaxMs)) {
      const text = `goodbye: drainMs is from 0 to 2^31 - 1 milliseconds, not ${String(drainMs)}`;
      throw new RxmeshError('RXMESH_OPTIONS_INVALID', text);
    }
    return defer(() => goodbye([...this.sessions()], this.clock, drainMs));
  }

  /** Closes every channel. */
  close(): void {
    for (const end of [...this.#ends.values()]) end.close();
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
    const reasons = this.#drops.get(drop.channel) ?? new Map<DropReason, number>();
    this.#drops.set(drop.channel, reasons);
    reasons.set(drop.reason, (reasons.get(drop.reason) ?? 0) + drop.count);
    this.#tell({ type: 'message-dropped', ...drop });
  }

  reported(report: PeerReport): void {
    try {
      this.#options.onReport?.(report);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  sourceFailed(channel: number, error: unknown): void {
    this.#tell({ type: 'source-failed', channel, error });
  }

  #tell(event: RouterEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  closed(channel: ChannelEnd): void {
    this.#ends.delete(channel.id);
    for (const session of this.#sessions) session.closeChannel(channel);
  }
}

const optionNames = ['id', 'codec', ...Object.keys(defaults)];

/** Fills in the defaults. Names every wrong option in one error. */
function checked<T>(options: ChannelOptions<T>): ChannelSettings<T> {
  const settings: ChannelSettings<T> = { ...defaults, ...options };
  const { id, codec, inbound, outbound, priority, slowPeer, messageBytesMax } = settings;
  const wrong = [...unknownOptions(options, optionNames)];
  if (!Number.isInteger(id) || id < 0 || id > 0xffff) {
    wrong.push(`id is a whole number from 0 to 65535, not ${String(id)}`);
  }
  if (!isCodec(codec)) {
    wrong.push('codec has the functions encode and decode');
  }
  for (const [name, lane] of Object.entries({ inbound, outbound })) {
    if (!isLane(lane)) wrong.push(`${name} is a lane such as block(64)`);
  }
  if (!Number.isInteger(priority) || priority < 1 || priority > priorityMax) {
    wrong.push(`priority is a whole number from 1 to ${priorityMax}, not ${String(priority)}`);
  }
  if (!isSlowPeerPolicy(slowPeer)) {
    wrong.push(
      `slowPeer is 'wait', 'drop', or { evictAfterMs } with milliseconds from 1 to 2^31 - 1`,
    );
  }
  if (
    !Number.isInteger(messageBytesMax) ||
    messageBytesMax < 1 ||
    messageBytesMax > wireMessageBytesMax
  ) {
    wrong.push(`messageBytesMax is a whole number of bytes from 1 to 2^30, not ${messageBytesMax}`);
  }
  if (wrong.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `openChannel: ${wrong.join('; ')}`);
  }
  return { id, codec, inbound, outbound, priority, slowPeer, messageBytesMax };
}

function isCodec(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { encode, decode } = value as { encode?: unknown; decode?: unknown };
  return typeof encode === 'function' && typeof decode === 'function';
}
