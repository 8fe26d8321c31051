import { AsyncSubject, type Observable } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { paceOf } from '../flow/pace.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../transport/link.ts';
import { type ChannelEnd, type Drop, messageBytesDefault } from './channel-end.ts';
import { Closing } from './closing.ts';
import { ControlBudget } from './control-budget.ts';
import { Draining } from './draining.ts';
import { Hold } from './hold.ts';
import { KeepAlive } from './keep-alive.ts';
import type { Outbox } from './outbox.ts';
import type { PeerSession } from './peer-session.ts';
import type { Port, PortHost, Violation } from './port.ts';
import type { PortSnapshot } from './port-snapshot.ts';
import { Ports } from './ports.ts';
import { Pump } from './pump.ts';
import type { SessionOptions } from './session-options.ts';

/**
 * One peer's connection while it is routed. Reassembles packets into messages for the channels'
 * inboxes, and writes what waits in its outboxes.
 *
 * Messages may arrive before this side counts the peer as up; they wait in their inboxes.
 */
export class Session implements PeerSession, LinkReceiver, PortHost {
  readonly id: NodeId;
  readonly link: Link;
  /** Emits once when the peer has accepted us. Completes without a value if the link ends first. */
  readonly accepted$: Observable<void>;
  /** Emits the link's error, or `undefined` after our own close, and completes. */
  readonly ended$: Observable<RxmeshError | undefined>;

  /** When both sides counted the peer as up, on the node's clock; NaN before. */
  upSinceMs: number = NaN;

  readonly #accepted = new AsyncSubject<void>();
  readonly #ended = new AsyncSubject<RxmeshError | undefined>();
  readonly #ports: Ports;
  readonly #pump: Pump;
  readonly #draining: Draining;
  readonly #keepAlive: KeepAlive;
  readonly #control: ControlBudget;
  readonly #closing: Closing;
  readonly #hold: Hold;
  readonly #options: SessionOptions;
  #isLive = false;
  #over = false;
  #isLeaving = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.link = options.link;
    const { link, clock, discipline, onHeldBack } = options;
    this.#closing = new Closing(link, options.id, (error) => this.ended(error));
    this.#hold = new Hold(link, clock);
    const onFailure = (error: RxmeshError): void => this.#closing.failed(error);
    this.#pump = new Pump({ link, clock, discipline, onHeldBack, onFailure });
    this.#ports = new Ports(this, this.#pump.counter);
    this.#draining = new Draining(this.#ports, this.#pump);
    this.#keepAlive = new KeepAlive({
      settings: options.keepAlive,
      clock: options.clock,
      ping: (onPing) => this.#pump.ping(onPing),
      arrivedBytes: () => link.arrivedBytes ?? 0,
      isHeld: () => this.#hold.isHeld,
      hasPeerClosed: () => link.hasPeerClosed === true,
      onTimeout: (ms, missing) => this.#closing.timedOut(ms, missing),
    });
    this.#control = new ControlBudget(clock, () => this.#earned());
    this.accepted$ = this.#accepted.asObservable();
    this.ended$ = this.#ended.asObservable();
  }

  get direction(): Direction {
    return this.link.direction;
  }

  get local(): Endpoint {
    return this.link.local;
  }

  get remote(): Endpoint {
    return this.link.remote;
  }

  get nodeInfo(): NodeInfo {
    return this.link.nodeInfo;
  }

  get over(): boolean {
    return this.#over;
  }

  /** See `PortHost`. */
  get hasCredit(): boolean {
    return this.link.hasCredit;
  }

  /** Announces our open channels, and that we accept the peer. */
  accept(ends: Iterable<ChannelEnd>): void {
    try {
      for (const end of ends) this.#join(end);
      this.link.attach(this);
      if (this.#over) return;
      // Measure now: later, the ping might wait behind data.
      if (this.hasCredit) this.#pump.measure();
      this.#pump.run();
      this.link.accept();
      this.link.flush();
    } catch (thrown) {
      this.#closing.failed(thrown);
      // The link may not know yet whom to notify.
      this.ended();
    }
  }

  /** Both sides count the peer as up: start delivering its messages. */
  goLive(): void {
    if (this.#over) return;
    this.#isLive = true;
    this.upSinceMs = this.#options.clock.now();
    this.#keepAlive.start();
    // What has waited for the peer goes before the answers to its messages.
    for (const { end, outbox } of [...this.#ports.all]) if (outbox.open) end?.reached(this.id);
    for (const port of this.#ports.all) port.inbox?.release();
  }

  /** Opens a channel on this session and grants the peer credit for it. */
  openChannel(end: ChannelEnd): void {
    if (this.#over) return;
    // If the channel is reopened while it is being closed, this session may not have closed it yet.
    const before = this.#ports.known(end.id)?.end;
    if (before !== undefined) this.closeChannel(before);
    this.#join(end);
    this.#pump.run();
  }

  /**
   * Closes a channel on this session. What can be written immediately still is; the rest is
   * dropped.
   */
  closeChannel(end: ChannelEnd): void {
    const closing = this.#portOf(end);
    if (closing === undefined) return;
    this.#pump.finish(closing.outbox);
    // Senders were notified of what was written, and may have ended this session or reopened the
    // channel.
    const port = this.#portOf(end);
    if (port === undefined) return;
    port.leave(() => this.#pump.close(end.id));
  }

  /** The outbox of a channel, if both sides have it open. */
  outbox(channel: number): Outbox | undefined {
    const port = this.#ports.get(channel);
    return port?.end !== undefined && port.outbox.open ? port.outbox : undefined;
  }

  /** Notes that something was offered to an outbox of this session. */
  wake(outbox: Outbox): void {
    this.#pump.wake(outbox);
  }

  /**
   * Whether everything sent has been written and, after `stopReceiving`, everything received has
   * been consumed.
   */
  get idle(): boolean {
    return this.#draining.isDone;
  }

  /**
   * Asks the peer to stop sending on channels that are consumed here. Messages on their way still
   * arrive. A wire without credit has no words for that.
   */
  stopReceiving(): void {
    if (this.#over || !this.hasCredit) return;
    this.#draining.begin();
  }

  /** Accepts messages again, as before `stopReceiving`. */
  resumeReceiving(): void {
    if (this.#over) return;
    this.#draining.end();
  }

  get channels(): readonly number[] {
    return this.#ports.openChannels;
  }

  /** The open channels: the same array as the last time if nothing has changed since. */
  snapshot(): readonly PortSnapshot[] {
    return this.#ports.snapshot();
  }

  /** The last round trip of a ping, in milliseconds; `undefined` before the first one. */
  get roundTripMs(): number | undefined {
    return this.#keepAlive.roundTripMs;
  }

  /** See `PortHost`. */
  get leastRoundTripMs(): number {
    return this.#pump.roundTripMs;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /**
   * Asks the peer for a sign of life and ends the link if none arrives in time. For a link that may
   * be dead because its peer has connected again.
   */
  probe(): void {
    this.#keepAlive.probe();
  }

  close(reason: ByeReason, text?: string): void {
    if (this.#over) return;
    this.#pump.run();
    this.#closing.close(reason, text);
  }

  /** Closes the connection because this node stops. */
  leave(): void {
    this.#isLeaving = true;
    this.close('done');
  }

  // LinkReceiver: called by the link

  takes(channel: number): boolean {
    if (this.#ports.get(channel)?.takes() !== false) return true;
    this.#hold.begin();
    return false;
  }

  data(channel: number, bytes: Uint8Array, last: boolean): void {
    const port = this.#ports.get(channel);
    if (port !== undefined) port.data(bytes, last);
    else if (!this.hasCredit) {
      // Announced in the handshake, and closed before the session began.
      if (last) this.#dropOne(channel, 'channel-closed');
    } else {
      const text = 'a message on a channel that was never open';
      this.violated('RXMESH_CREDIT_EXCEEDED', text, channel);
    }
  }

  lost(channel: number): void {
    this.#dropOne(channel, this.#isLeaving ? 'node-stopped' : 'peer-down');
  }

  credit(channel: number, messages: number, bytes: number): void {
    const port = this.#over ? undefined : this.#ports.ofPeer(channel);
    if (port === undefined) return;
    const { outbox } = port;
    outbox.credit += messages;
    outbox.creditBytes += bytes;
    if (!Number.isSafeInteger(outbox.credit) || !Number.isSafeInteger(outbox.creditBytes)) {
      this.violated('RXMESH_PROTOCOL_VIOLATION', 'credit above 2^53', channel);
      return;
    }
    if (outbox.open || port.wasOpen) this.#countControl();
    if (this.#over) return;
    if (!outbox.open) {
      outbox.open = true;
      port.wasOpen = true;
      if (this.#isLive) this.#options.onPeerChannel(channel, true);
    }
    this.#pump.wake(outbox);
  }

  messageLimit(channel: number, bytes: number): void {
    const port = this.#over ? undefined : this.#ports.ofPeer(channel);
    if (port === undefined) return;
    if (port.wasLimited) this.#countControl();
    port.wasLimited = true;
    port.outbox.messageBytesMax = bytes;
  }

  channelClosed(channel: number): void {
    const port = this.#ports.known(channel);
    if (port === undefined || !port.outbox.open) {
      this.#countControl();
      return;
    }
    port.outbox.open = false;
    port.outbox.messageBytesMax = messageBytesDefault;
    port.clear('channel-not-open');
    if (this.#isLive) this.#options.onPeerChannel(channel, false);
  }

  accepted(): void {
    this.#accepted.next();
    this.#accepted.complete();
  }

  ping(): void {
    this.#countControl();
    if (!this.#over) this.#pump.pong();
  }

  pong(readAtMs?: number): void {
    this.#countControl();
    if (this.#over) return;
    this.#keepAlive.onAnyPong();
    if (this.#pump.ponged(readAtMs)) this.#keepAlive.pong();
  }

  drained(): void {
    this.#pump.run();
  }

  recordEnd(): void {
    // Any record is a sign of life. Credit for what was consumed leaves at the end of the turn.
    this.#keepAlive.onRecord();
    this.#closing.recordEnd();
  }

  ended(error?: RxmeshError): void {
    if (this.#over) return;
    this.#over = true;
    this.#hold.stop();
    this.#keepAlive.stop();
    this.#pump.stop();
    this.#ports.disconnect(this.#isLeaving ? 'node-stopped' : 'peer-down');
    this.#accepted.complete();
    this.#ended.next(this.#closing.fault ?? error);
    this.#ended.complete();
  }

  /** A message has arrived but reaches no inbox. */
  #dropOne(channel: number, reason: DropReason): void {
    this.dropped({ direction: 'inbound', channel, reason, count: 1, peer: this.id });
  }

  /** Ends the session if the peer floods us with control packets. */
  #countControl(): void {
    if (this.#control.take() || this.#over) return;
    this.#closing.flooded(this.#control.rule);
  }

  /**
   * How many control packets have been legitimate so far: one for each message and each KiB, and
   * one for each ping we sent.
   */
  #earned(): number {
    return this.#pump.pings + this.#ports.traffic;
  }

  #join(end: ChannelEnd): void {
    const port = this.#ports.own(end.id);
    const { outbox } = port;
    const pace = paceOf(end.outbound, this.#options.clock, () => this.#pump.wake(outbox));
    const inbox = port.join(end, pace);
    this.#pump.rerank(outbox);
    // The first credit announces that the channel is open, even if the peer has enough already.
    this.announced(end);
    port.replenish(inbox);
    if (this.#isLive) inbox.release();
  }

  /** The port that serves `end`, if any. */
  #portOf(end: ChannelEnd): Port | undefined {
    const port = this.#ports.known(end.id);
    return port?.end === end && !this.#over ? port : undefined;
  }

  // PortHost: called by ports

  announced({ id, messageBytesMax }: ChannelEnd): void {
    const isUsual = messageBytesMax === messageBytesDefault;
    this.#pump.open(id, isUsual ? undefined : messageBytesMax);
  }

  granted(channel: number, messages: number, bytes: number): void {
    this.#pump.grant(channel, messages, bytes);
  }

  takesAgain(): void {
    this.#hold.end();
  }

  dropped(drop: Drop): void {
    this.#options.onDrop(drop);
  }

  violated(code: Violation, text: string, channel: number): void {
    if (!this.#over) this.#closing.violated(code, text, channel);
  }
}
