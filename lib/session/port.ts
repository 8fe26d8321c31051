import type { Clock } from '../flow/clock.ts';
import type { Pace } from '../flow/pace.ts';
import { type LaneOptions, whenFull } from '../flow/strategy.ts';
import type { Direction } from '../model/direction.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { unlimitedCredit } from '../transport/link.ts';
import { Assembler } from './assembler.ts';
import {
  type ChannelEnd,
  type Credit,
  type Drop,
  type Grant,
  grantsPerWindow,
  type Inbox,
  wireMessageBytesMax,
} from './channel-end.ts';
import { abandon, type OnDisplaced, Outbox, type SendCounter } from './outbox.ts';
import { portSnapshot, type PortSnapshot, type PortState } from './port-snapshot.ts';
import type { UnsentReason } from './waiting-sends.ts';

/** The lane of a channel that the peer has open but we do not. It never holds anything. */
const noLane: LaneOptions = { strategy: 'dropNewest', capacity: 1 };

/**
 * Consumers that take a whole window within this many of the shortest round trips may be waiting
 * for credit. A connection keeps two round trips of data in flight (`InFlight`), or four records,
 * and credit for up to a quarter of a window has yet to be returned.
 */
const roundTripsPerCredit = 4;

/** What a port needs from its session. */
export interface PortHost {
  readonly id: NodeId;
  readonly over: boolean;
  /** See `Link.hasCredit`. */
  readonly hasCredit: boolean;
  readonly clock: Clock;
  /** The shortest recent round trip, in milliseconds; Infinity before the first. */
  readonly leastRoundTripMs: number;
  /** Tells the peer that a channel is open here, and the limit on its messages. */
  announced(end: ChannelEnd): void;
  /** Grants the peer credit. */
  granted(channel: number, messages: number, bytes: number): void;
  /** Without credit: a port that took nothing more may take messages again. */
  takesAgain(): void;
  dropped(drop: Drop): void;
  /** The peer has violated the protocol. */
  violated(code: Violation, text: string, channel: number): void;
}

/** The ways in which a peer can violate the protocol. */
export type Violation = 'RXMESH_CREDIT_EXCEEDED' | 'RXMESH_PROTOCOL_VIOLATION' | 'RXMESH_OVERFLOW';

/** One channel of a session, in both directions: what its peer may send, and where it goes. */
export class Port implements PortState {
  readonly channel: number;
  readonly outbox: Outbox;
  /** The channel, while it is open here. */
  end: ChannelEnd | undefined;
  inbox: Inbox | undefined;
  /** Whether the peer opened it and we never did. */
  isPeerOnly = false;
  /** Whether the peer has ever opened it. */
  wasOpen = false;
  /** Whether the peer has ever announced a limit on its messages. */
  wasLimited = false;
  /** Whether to accept only what is already on its way from the peer. */
  #isClosing = false;
  readonly #host: PortHost;
  readonly #assembler = new Assembler();
  /** What this session joined the inbox with. */
  #grant: Grant = noGrant;
  /** How many more messages the peer may start, as long as `#grantedBytes` is positive, too. */
  #granted = 0;
  /** How many more bytes it may send; negative if its last message was longer than the rest. */
  #grantedBytes = 0;
  /**
   * Since when the consumers have taken the credit returned by the last grants, and how many grants
   * that were.
   */
  #windowSinceMs = -Infinity;
  #grants = 0;
  #messagesIn = 0;
  #bytesIn = 0;
  /** Without credit: whether the link holds back a message until there is room. */
  #isHolding = false;
  #snapshot: PortSnapshot | undefined;

  /** @param counter see `Outbox` */
  constructor(channel: number, host: PortHost, counter: SendCounter | undefined) {
    this.channel = channel;
    this.outbox = new Outbox(channel, noLane, counter);
    this.#host = host;
    if (host.hasCredit) return;
    // `takes` limits the peer instead.
    this.#granted = unlimitedCredit;
    this.#grantedBytes = unlimitedCredit;
  }

  get granted(): number {
    return this.#granted;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  get messagesIn(): number {
    return this.#messagesIn;
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Joins the channel, which has been opened here. Returns the inbox for its messages. */
  join(end: ChannelEnd, pace: Pace | undefined): Inbox {
    this.isPeerOnly = false;
    this.#isClosing = false;
    this.end = end;
    this.outbox.reopen(end.outbound, end.priority, pace, this.#displacedTo(end));
    this.#grant = () => {
      if (this.#host.over || this.inbox !== inbox || this.#isClosing) return;
      if (inbox.isNarrow) this.#widen(inbox);
      this.replenish(inbox);
      this.#takeAgain();
    };
    const granted = this.#host.hasCredit
      ? { messages: this.#granted, bytes: this.#grantedBytes }
      : { messages: 0, bytes: 0 };
    const inbox = end.join(this.#host.id, granted, this.#grant);
    this.inbox = inbox;
    this.#takeAgain();
    return inbox;
  }

  /**
   * Without credit: whether the peer may start another message. If not, `PortHost.takesAgain` is
   * called once it may. What arrives for a closed channel is dropped, so it holds up no other.
   */
  takes(): boolean {
    const { inbox } = this;
    const hasRoom = inbox === undefined || (inbox.room > 0 && inbox.roomBytes > 0);
    this.#isHolding = !hasRoom || inbox?.grantsBy(this.#grant) === false;
    return !this.#isHolding;
  }

  #takeAgain(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#host.takesAgain();
  }

  /** The callback for messages that the lane drops in favour of newer ones, if it drops any. */
  #displacedTo(end: ChannelEnd): OnDisplaced | undefined {
    if (whenFull[end.outbound.strategy] !== 'drops') return undefined;
    return (bytes) => end.displaced(bytes);
  }

  /**
   * Leaves the channel, which has been closed here: credit that was not sent is withdrawn, and
   * waiting messages are dropped.
   */
  leave(close: () => Credit): void {
    const { inbox, end } = this;
    this.end = undefined;
    this.inbox = undefined;
    const unsent = close();
    this.#granted -= unsent.messages;
    this.#grantedBytes -= unsent.bytes;
    inbox?.leave(this.#grant);
    this.#assembler.cut();
    this.#grant = noGrant;
    this.#takeAgain();
    // Last, since a callback may reopen the channel.
    this.clear('channel-closed', end);
  }

  /**
   * Stops accepting messages from the peer if there are consumers. Messages on their way still
   * arrive.
   */
  stopReceiving(close: () => Credit): void {
    if (this.end?.isConsumed !== true) return;
    this.#isClosing = true;
    const unsent = close();
    this.#granted -= unsent.messages;
    this.#grantedBytes -= unsent.bytes;
  }

  /** Accepts messages again. */
  resumeReceiving(): void {
    if (!this.#isClosing || this.inbox === undefined || this.end === undefined) return;
    this.#isClosing = false;
    this.#host.announced(this.end);
    this.replenish(this.inbox);
  }

  /** Whether the consumers, if there are any, have received everything that has arrived. */
  get isConsumed(): boolean {
    const isEmpty = this.inbox?.depth === 0 && this.#assembler.messages === 0;
    return isEmpty || this.end?.isConsumed !== true;
  }

  /**
   * How many control packets have been earned: one for each message in, for each KiB in and for
   * each fragment out.
   */
  get traffic(): number {
    return this.#messagesIn + Math.floor(this.#bytesIn / 1024) + this.outbox.pieces;
  }

  /** The connection has ended. */
  disconnect(reason: 'peer-down' | 'node-stopped'): void {
    this.outbox.open = false;
    this.clear(reason);
    this.inbox?.leave(this.#grant);
  }

  /** A fragment of a message has arrived. */
  data(bytes: Uint8Array, last: boolean): void {
    const { length } = bytes;
    const isPiece = !last || this.#assembler.open;
    const isGranted = this.#granted > 0 && this.#grantedBytes > 0;
    if (isPiece || !isGranted || length > (this.end?.messageBytesMax ?? -1)) {
      this.#piece(bytes, last);
      return;
    }
    this.#granted -= 1;
    this.#grantedBytes -= length;
    this.#whole(bytes, false);
  }

  /** Anything but a whole message that is granted and short enough. */
  #piece(bytes: Uint8Array, last: boolean): void {
    const begins = !this.#assembler.open;
    const isGranted = !begins || (this.#granted > 0 && this.#grantedBytes > 0);
    const isShort = this.#grantedBytes - bytes.length > -wireMessageBytesMax;
    if (!isGranted || !isShort) {
      this.#violated(isGranted);
      return;
    }
    if (begins) this.#granted -= 1;
    this.#grantedBytes -= bytes.length;
    const whole = this.#assemble(bytes, last);
    if (whole !== undefined) this.#whole(whole, true);
  }

  /**
   * Grants the peer credit for the room it does not know of yet. Usually that is what was consumed.
   * It is less while the peer still has credit from a time when the channel had a larger lane here.
   * A partly received message already has its place.
   */
  replenish(inbox: Inbox): void {
    // Room is granted only once and over one connection, even while the peer has two.
    if (this.#isClosing || !inbox.grantsBy(this.#grant)) return;
    const assembler = this.#assembler;
    const messages = Math.max(0, inbox.room - assembler.messages - this.#granted);
    const bytes = Math.max(0, inbox.roomBytes - assembler.bytes - this.#grantedBytes);
    if (messages === 0 && bytes === 0) return;
    this.#granted += messages;
    this.#grantedBytes += bytes;
    this.#host.granted(this.channel, messages, bytes);
  }

  /** Drops the messages waiting to be sent, unless the channel keeps them. */
  clear(reason: UnsentReason, end: ChannelEnd | undefined = this.end): void {
    const { outbox } = this;
    const { keepMs } = outbox;
    const { messages, sends, leftover } = outbox.takeUnsent(reason);
    // All that remains of the channel is how much its peer may still send.
    if (reason === 'channel-closed') outbox.reopen(noLane, 1);
    // From here on, whoever is called back may open the channel again and send.
    if (messages.length > 0) outbox.moved();
    const isKept =
      messages.length > 0 && end?.unsent(this.#host.id, messages, reason, keepMs) === true;
    const count = leftover + abandon(sends, reason) + (isKept ? 0 : messages.length);
    if (count > 0) this.#dropped('outbound', reason, count);
  }

  /** The state of the port: the same object as the last time if nothing has changed since. */
  snapshot(): PortSnapshot {
    this.#snapshot = portSnapshot(this, this.#snapshot);
    return this.#snapshot;
  }

  /**
   * Doubles the window if consumers take a whole one within four round trips, since it may be what
   * limits the peer, and once more if they take it within two: then it is far from enough. TCP
   * tunes its receive buffer in the same way (Semke, Mahdavi and Mathis, SIGCOMM 1998).
   */
  #widen(inbox: Inbox): void {
    this.#grants += 1;
    if (this.#grants < grantsPerWindow) return;
    const nowMs = this.#host.clock.now();
    const { leastRoundTripMs } = this.#host;
    const roundTrips = (nowMs - this.#windowSinceMs) / leastRoundTripMs;
    if (leastRoundTripMs < Infinity) {
      if (roundTrips < roundTripsPerCredit) inbox.widen();
      if (roundTrips < roundTripsPerCredit / 2) inbox.widen();
    }
    this.#windowSinceMs = nowMs;
    this.#grants = 0;
  }

  #assemble(bytes: Uint8Array, last: boolean): Uint8Array | undefined {
    const whole = this.#assembler.add(bytes, last, this.end?.messageBytesMax);
    if (typeof whole !== 'string') return whole;
    // No consumer will see it, so its credit is returned now.
    if (this.inbox) this.replenish(this.inbox);
    this.#dropInbound(whole);
    return undefined;
  }

  #whole(bytes: Uint8Array, owned: boolean): void {
    const { inbox } = this;
    if (inbox === undefined) {
      this.#dropInbound('channel-closed');
      return;
    }
    this.#messagesIn += 1;
    this.#bytesIn += bytes.length;
    if (!inbox.receive(bytes, owned)) this.#overflowed();
  }

  #overflowed(): void {
    this.#dropInbound('lane-full');
    const { capacity = 0, capacityBytes = 0 } = this.inbox ?? {};
    const text = `its lane of ${capacity} messages and ${capacityBytes} bytes is full`;
    this.#host.violated('RXMESH_OVERFLOW', text, this.channel);
  }

  #violated(isGranted: boolean): void {
    if (isGranted) {
      const text = `a message of more than ${wireMessageBytesMax} bytes, the most on the wire`;
      this.#host.violated('RXMESH_PROTOCOL_VIOLATION', text, this.channel);
    } else {
      const left = `${this.#granted} messages and ${this.#grantedBytes} bytes`;
      const text = `a message beyond its credit, of which ${left} were left`;
      this.#host.violated('RXMESH_CREDIT_EXCEEDED', text, this.channel);
    }
  }

  /** A message has arrived but reaches no consumer. */
  #dropInbound(reason: DropReason): void {
    this.#dropped('inbound', reason, 1);
  }

  #dropped(direction: Direction, reason: DropReason, count: number): void {
    const { channel } = this;
    this.#host.dropped({ direction, channel, reason, count, peer: this.#host.id });
  }
}

const noGrant: Grant = () => undefined;
