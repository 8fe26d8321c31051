import { Observable, ReplaySubject } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { ByeReason, Link, LinkReceiver } from '../transport/link.ts';
import { Assembler } from './assembler.ts';
import type { ChannelEnd, Drop, Inbox } from './channel-end.ts';
import { Outbox } from './outbox.ts';
import { Pump } from './pump.ts';

/** Channels that a peer may open, at most: it costs us a little memory for each. */
export const peerChannelsMax = 4096;

/** Lane of a channel that the peer has open and we have not: it never holds anything. */
const noLane: LaneOptions = { strategy: 'dropNewest', capacity: 1 };

/** One channel of a session, both ways. */
interface Port {
  readonly assembler: Assembler;
  readonly outbox: Outbox;
  end: ChannelEnd | undefined;
  inbox: Inbox | undefined;
  /** How many more messages the peer may begin. */
  granted: number;
  messagesIn: number;
  bytesIn: number;
}

/** What a session asks of the node that it belongs to. */
export interface SessionOptions {
  readonly link: Link;
  readonly id: NodeId;
  readonly clock: Clock;
  readonly onDrop: (drop: Drop) => void;
  /** The peer opened or closed a channel after both sides had accepted. */
  readonly onPeerChannel: (channel: number, open: boolean) => void;
}

/** What a session tells of one of its channels. */
export interface PortSnapshot {
  readonly channel: number;
  readonly outbound: { readonly depth: number; readonly capacity: number; readonly credit: number };
  readonly inbound: { readonly depth: number; readonly capacity: number; readonly granted: number };
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * One peer's connection while it is routed: it takes packets apart into messages for the channels'
 * inboxes, and writes what waits in its outboxes.
 *
 * Messages may arrive before this side counts the peer as up; they wait in their inboxes.
 */
export class Session implements LinkReceiver {
  readonly id: NodeId;
  readonly link: Link;
  /** Emits once, when the peer has accepted us; completes without that when the link ends before. */
  readonly accepted$: Observable<void>;
  /** Emits the link's error, or `undefined` after our own close, and completes. */
  readonly ended$: Observable<RxmeshError | undefined>;

  /** When both sides counted the peer as up, on the node's clock; NaN before. */
  upSinceMs: number = NaN;

  readonly #accepted = new ReplaySubject<void>(1);
  readonly #ended = new ReplaySubject<RxmeshError | undefined>(1);
  readonly #ports = new Map<number, Port>();
  readonly #pump: Pump;
  readonly #options: SessionOptions;
  #isAccepted = false;
  #isLive = false;
  #violation: RxmeshError | undefined;
  #over = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.link = options.link;
    this.#pump = new Pump(options.link, options.clock);
    this.accepted$ = this.#accepted.asObservable();
    this.ended$ = this.#ended.asObservable();
  }

  get over(): boolean {
    return this.#over;
  }

  /** Announces the channels that are open here, and that we accept the peer. */
  accept(ends: Iterable<ChannelEnd>): void {
    for (const end of ends) this.#join(end);
    this.link.attach(this);
    if (this.#over) return;
    this.#pump.run();
    this.link.accept();
    this.link.flush();
  }

  /** Both sides count the peer as up: its messages go to the consumers. */
  goLive(): void {
    this.#isLive = true;
    this.upSinceMs = this.#options.clock.now();
    for (const port of this.#ports.values()) port.inbox?.release();
  }

  /** A channel has been opened here: the peer gets credit for it. */
  openChannel(end: ChannelEnd): void {
    if (this.#over) return;
    this.#join(end);
    this.#pump.run();
  }

  /** A channel has been closed here. What may be written at once still is; the rest is dropped. */
  closeChannel(id: number): void {
    const port = this.#ports.get(id);
    if (port?.end === undefined || this.#over) return;
    this.#pump.run();
    this.#drop(port, 'channel-closed');
    port.inbox?.leave();
    port.inbox = undefined;
    port.end = undefined;
    port.assembler.skip();
    port.granted -= this.#pump.close(id);
  }

  /** The way out on a channel, if both sides have it open. */
  outbox(channel: number): Outbox | undefined {
    const port = this.#ports.get(channel);
    return port?.end !== undefined && port.outbox.open ? port.outbox : undefined;
  }

  /** Something was offered to an outbox of this session. */
  wake(outbox: Outbox): void {
    this.#pump.wake(outbox);
  }

  /** Whether everything that was sent is written. */
  get idle(): boolean {
    for (const port of this.#ports.values()) if (!port.outbox.idle) return false;
    return true;
  }

  /** Ids of the channels that the peer has open, in ascending order. */
  get peerChannels(): readonly number[] {
    const open = [...this.#ports].filter(([, port]) => port.outbox.open).map(([id]) => id);
    return open.sort((a, b) => a - b);
  }

  snapshot(): readonly PortSnapshot[] {
    const open = [...this.#ports].filter(([, port]) => port.end !== undefined);
    return open.map(([channel, port]) => ({
      channel,
      outbound: {
        depth: port.outbox.depth,
        capacity: port.outbox.capacity,
        credit: port.outbox.credit,
      },
      inbound: {
        depth: port.inbox?.depth ?? 0,
        capacity: port.inbox?.capacity ?? 0,
        granted: port.granted,
      },
      messagesIn: port.messagesIn,
      messagesOut: port.outbox.messages,
      bytesIn: port.bytesIn,
      bytesOut: port.outbox.bytes,
    }));
  }

  /** Says goodbye and closes, once what is batched is written. */
  close(reason: ByeReason, text?: string): void {
    if (this.#over) return;
    this.#pump.run();
    this.link.close(reason, text);
  }

  // LinkReceiver: what the peer sends

  data(channel: number, bytes: Uint8Array, last: boolean): void {
    const port = this.#ports.get(channel);
    if (port === undefined) {
      this.#violated('RXMESH_CREDIT_EXCEEDED', 'a message on a channel that was never open', channel);
      return;
    }
    if (port.assembler.open) {
      this.#whole(port, channel, this.#assemble(port, channel, bytes, last), true);
      return;
    }
    if (port.granted === 0) {
      this.#violated('RXMESH_CREDIT_EXCEEDED', 'more messages than it had credit for', channel);
      return;
    }
    port.granted -= 1;
    if (last && bytes.length <= (port.end?.messageBytesMax ?? 0)) {
      this.#whole(port, channel, bytes, false);
    } else {
      this.#whole(port, channel, this.#assemble(port, channel, bytes, last), true);
    }
  }

  credit(channel: number, messages: number): void {
    let port = this.#ports.get(channel);
    if (port === undefined) {
      if (this.#ports.size >= peerChannelsMax) {
        this.#violated('RXMESH_PROTOCOL_VIOLATION', `more than ${peerChannelsMax} channels`, channel);
        return;
      }
      port = newPort(channel);
      this.#ports.set(channel, port);
    }
    const { outbox } = port;
    outbox.credit += messages;
    if (!Number.isSafeInteger(outbox.credit)) {
      this.#violated('RXMESH_PROTOCOL_VIOLATION', 'credit beyond measure', channel);
      return;
    }
    if (!outbox.open) {
      outbox.open = true;
      if (this.#isAccepted) this.#options.onPeerChannel(channel, true);
    }
    this.#pump.wake(outbox);
  }

  channelClosed(channel: number): void {
    const port = this.#ports.get(channel);
    if (port === undefined || !port.outbox.open) return;
    port.outbox.open = false;
    this.#drop(port, 'channel-not-open');
    if (this.#isAccepted) this.#options.onPeerChannel(channel, false);
  }

  accepted(): void {
    this.#isAccepted = true;
    this.#accepted.next();
    this.#accepted.complete();
  }

  ping(): void {
    this.#pump.pong();
  }

  pong(): void {
    // An answer to a ping that we did not send is legal, and means nothing.
  }

  drained(): void {
    this.#pump.run();
  }

  recordEnd(): void {
    // Credit that the messages of this record gave back leaves at the end of the turn.
  }

  ended(error?: RxmeshError): void {
    if (this.#over) return;
    this.#over = true;
    this.#pump.stop();
    for (const port of this.#ports.values()) {
      port.outbox.open = false;
      this.#drop(port, 'peer-down');
      port.inbox?.leave();
    }
    this.#ports.clear();
    this.#accepted.complete();
    this.#ended.next(this.#violation ?? error);
    this.#ended.complete();
  }

  #join(end: ChannelEnd): void {
    const port = this.#ports.get(end.id) ?? newPort(end.id);
    this.#ports.set(end.id, port);
    port.end = end;
    port.outbox.reopen(end.outbound);
    const inbox = end.join(this.id, (messages) => {
      if (this.#over || port.inbox !== inbox) return;
      port.granted += messages;
      this.#pump.grant(end.id, messages);
    });
    port.inbox = inbox;
    if (this.#isLive) inbox.release();
    // Credit that the peer still has from an earlier time of the channel counts.
    const grant = Math.max(0, inbox.room - port.granted);
    port.granted += grant;
    this.#pump.grant(end.id, grant);
  }

  #assemble(port: Port, channel: number, bytes: Uint8Array, last: boolean): Uint8Array | undefined {
    const bytesMax = port.end?.messageBytesMax ?? 0;
    const whole = port.assembler.add(bytes, last, bytesMax);
    if (whole !== 'tooLarge') return whole;
    this.#refused(port, channel, bytesMax);
    return undefined;
  }

  /** A message that this side does not take is counted, told, and its credit given back. */
  #refused(port: Port, channel: number, bytesMax: number): void {
    const closed = port.end === undefined;
    const error = closed
      ? undefined
      : new RxmeshError('RXMESH_MESSAGE_TOO_LARGE', `a message of more than ${bytesMax} bytes`, {
          peer: this.id,
          channel,
        });
    this.#options.onDrop({
      direction: 'inbound',
      channel,
      reason: closed ? 'channel-closed' : 'too-large',
      count: 1,
      peer: this.id,
      ...(error && { error }),
    });
    if (!closed) {
      port.granted += 1;
      this.#pump.grant(channel, 1);
    }
  }

  #whole(port: Port, channel: number, bytes: Uint8Array | undefined, owned: boolean): void {
    if (bytes === undefined) return;
    if (port.inbox === undefined) {
      this.#refused(port, channel, 0);
      return;
    }
    port.messagesIn += 1;
    port.bytesIn += bytes.length;
    if (!port.inbox.receive(bytes, owned)) {
      this.#violated('RXMESH_OVERFLOW', 'its lane is full', channel);
    }
  }

  #drop(port: Port, reason: 'peer-down' | 'channel-not-open' | 'channel-closed'): void {
    const count = port.outbox.clear(reason);
    if (count === 0) return;
    const channel = port.outbox.channel;
    this.#options.onDrop({ direction: 'outbound', channel, reason, count, peer: this.id });
  }

  #violated(
    code: 'RXMESH_CREDIT_EXCEEDED' | 'RXMESH_PROTOCOL_VIOLATION' | 'RXMESH_OVERFLOW',
    text: string,
    channel: number,
  ): void {
    this.#violation = new RxmeshError(code, `${this.id} on channel ${channel}: ${text}`, {
      peer: this.id,
      channel,
    });
    this.link.close('violation', text);
  }
}

function newPort(channel: number): Port {
  return {
    assembler: new Assembler(),
    outbox: new Outbox(channel, noLane),
    end: undefined,
    inbox: undefined,
    granted: 0,
    messagesIn: 0,
    bytesIn: 0,
  };
}
