import { filter } from 'rxjs';
import type { Channel, ChannelOptions } from '../../lib/channel/channel.ts';
import type { Channels } from '../../lib/channel/channels.ts';
import { channelsOf, Switchboard } from '../../lib/channel/switchboard.ts';
import { raw } from '../../lib/codec/raw.ts';
import type { RouterEvent } from '../../lib/model/event.ts';
import { type NodeId, parseNodeId } from '../../lib/model/id.ts';
import type { PeerReport } from '../../lib/model/peer-report.ts';
import { fair, type Discipline } from '../../lib/session/discipline.ts';
import type { KeepAliveSettings } from '../../lib/session/keep-alive.ts';
import type { Session } from '../../lib/session/session.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Link } from '../../lib/transport/link.ts';
import { evict } from '../../operators/evict.ts';
import { credit, FakeLink, type FakeLinkOptions, JoinedLinks } from './fake-link.ts';

/** A node ID from a small number. */
export const idOf = (node: number): NodeId => parseNodeId(node.toString(16).padStart(40, '0'));

/** Opens a channel of raw bytes, by default channel 7. */
export function open(
  node: LinkedNode,
  options: Partial<ChannelOptions<Uint8Array>> = {},
): Channel<Uint8Array> {
  return node.channels.open({ id: 7, codec: raw(), ...options });
}

/** The first byte of each message that arrives from now on. */
export function heard(channel: Channel<Uint8Array>): (number | undefined)[] {
  const values: (number | undefined)[] = [];
  channel.in$.subscribe(({ message }) => values.push(message[0]));
  return values;
}

/**
 * A node without a router: its channels, and links provided by the test. It evicts peers that are
 * reported for eviction.
 */
export class LinkedNode {
  readonly id: NodeId;
  readonly clock: VirtualClock;
  readonly switchboard: Switchboard;
  readonly channels: Channels;
  readonly events: RouterEvent[] = [];
  readonly reports: PeerReport[] = [];

  /**
   * @param keepAlive and `stallMs` are off by default, so that no timer runs when nothing happens
   */
  constructor(
    node = 0,
    clock: VirtualClock = new VirtualClock(),
    discipline: () => Discipline = fair,
    keepAlive: Partial<KeepAliveSettings> = { intervalMs: 0 },
    stallMs = 0,
  ) {
    this.id = idOf(node);
    this.clock = clock;
    this.switchboard = new Switchboard({ self: this.id, clock, discipline, keepAlive, stallMs });
    this.channels = channelsOf(this.switchboard);
    this.switchboard.events$.subscribe((event) => this.events.push(event));
    this.switchboard.reports$.subscribe((report) => this.reports.push(report));
    this.switchboard.reports$
      .pipe(
        filter(({ severity }) => severity === 'disconnect' || severity === 'ban'),
        evict(this.switchboard),
      )
      .subscribe();
  }

  /** A session on `link` that is routed as soon as the peer has accepted. */
  connect(link: Link, peer: NodeId): Session {
    const session = this.channels.offer(link, peer);
    session.accepted$.subscribe(() => {
      this.channels.add(session);
      session.goLive();
    });
    session.ended$.subscribe(() => this.channels.remove(session));
    return session;
  }

  /** A connected peer, played by the test, with these channels open for that many messages. */
  peer(
    peer: number,
    messagesOn: Readonly<Record<number, number>> = {},
    options?: FakeLinkOptions,
  ): { link: FakeLink; session: Session } {
    const link = new FakeLink(options);
    const session = this.connect(link, idOf(peer));
    link.arrive({ type: 'accept' });
    for (const [channel, messages] of Object.entries(messagesOn)) {
      link.arrive(credit(Number(channel), messages));
    }
    this.turn();
    link.take();
    return { link, session };
  }

  /** Runs everything that is due. */
  turn(): void {
    this.clock.advance(0);
  }

  /** The number of dropped messages so far, by `<in or out> <channel> <reason>`; clears them. */
  dropped(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const text of this.takeDrops()) {
      const [, kind = '', count] = /^(.*) (\d+)$/.exec(text) ?? [];
      counts[kind] = (counts[kind] ?? 0) + Number(count);
    }
    return counts;
  }

  /**
   * The drops so far, as `<in or out> <channel> <reason> <count>`, merged per turn; clears them.
   */
  takeDrops(): string[] {
    this.channels.reportDrops();
    return this.events
      .splice(0)
      .flatMap((event) =>
        event.type === 'message-dropped'
          ? [`${event.direction.slice(0, -5)} ${event.channel} ${event.reason} ${event.count}`]
          : [],
      );
  }
}

/** Two connected nodes, `a` and `b`, on links whose records the test moves. */
export class NodePair {
  readonly clock: VirtualClock = new VirtualClock();
  readonly a: LinkedNode = new LinkedNode(0xa, this.clock);
  readonly b: LinkedNode = new LinkedNode(0xb, this.clock);
  links: JoinedLinks;
  sessions: { a: Session; b: Session };
  readonly #options: FakeLinkOptions;

  constructor(options: FakeLinkOptions = {}) {
    this.#options = options;
    this.links = new JoinedLinks(options);
    this.sessions = this.#connect();
  }

  /** Cuts the current link, and joins the nodes with a new one. */
  reconnect(): void {
    this.links.cut();
    this.links = new JoinedLinks(this.#options);
    this.sessions = this.#connect();
  }

  /** Moves records until nothing is in transit. */
  settle(): void {
    do this.clock.advance(0);
    while (this.links.deliver('a') || this.links.deliver('b'));
  }

  #connect(): { a: Session; b: Session } {
    const a = this.a.connect(this.links.a, this.b.id);
    const b = this.b.connect(this.links.b, this.a.id);
    this.settle();
    return { a, b };
  }
}
