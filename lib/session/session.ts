import { AsyncSubject, type Observable, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { paceOf } from '../flow/pace.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError, toRxmeshError, withContext } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../transport/link.ts';
import { type ChannelEnd, type Drop, messageBytesDefault } from './channel-end.ts';
import { ControlBudget } from './control-budget.ts';
import { Draining } from './draining.ts';
import { KeepAlive } from './keep-alive.ts';
import type { Outbox } from './outbox.ts';
import type { PeerSession } from './peer-session.ts';
import type { Port, PortHost, Violation } from './port.ts';
import type { PortSnapshot } from './port-snapshot.ts';
import { peerChannelsMax, Ports } from './ports.ts';
import { Pump } from './pump.ts';
import type { SessionOptions } from './session-options.ts';

export type { LaneSnapshot, PortSnapshot } from './port-snapshot.ts';

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
  readonly #options: SessionOptions;
  #isLive = false;
  #fault: RxmeshError | undefined;
  #over = false;
  /** Set once a lane that must not overflow has overflowed. */
  #overflow: string | undefined;
  #isLeaving = false;
  /** On a wire without credit: whether the link is paused because a lane is full. */
  #isHeld = false;
  #resume: Subscription | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.link = options.link;
    const { link, clock, discipline } = options;
    const onFailure = (error: RxmeshError): void => this.#failed(error);
    this.#pump = new Pump({ link, clock, discipline, onFailure });
    this.#ports = new Ports(this, this.#pump.counter);
    this.#draining = new Draining(this.#ports, this.#pump);
    this.#keepAlive = new KeepAlive({
      settings: options.keepAlive,
      clock: options.clock,
      ping: (onPing) => this.#pump.ping(onPing),
      arrivedBytes: () => link.arrivedBytes ?? 0,
      isHeld: () => this.#isHeld,
      hasPeerClosed: () => link.hasPeerClosed === true,
      onTimeout: (ms, missing) => this.#timedOut(ms, missing),
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
      this.#accept(ends);
    } catch (thrown) {
      this.#failed(linkFailed(thrown, this.id));
      // The link may not know yet whom to notify.
      this.ended();
    }
  }

  #accept(ends: Iterable<ChannelEnd>): void {
    for (const end of ends) this.#join(end);
    this.link.attach(this);
    if (this.#over) return;
    // Measure now: later, the ping might wait behind data.
    if (this.hasCredit) this.#pump.measure();
    this.#pump.run();
    this.link.accept();
    this.link.flush();
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
    this.#closeLink(reason, text);
  }

  /** Closes the connection because this node stops. */
  leave(): void {
    this.#isLeaving = true;
    this.close('done');
  }

  // LinkReceiver: called by the link

  takes(channel: number): boolean {
    if (this.#ports.get(channel)?.takes() !== false) return true;
    this.#isHeld = true;
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
    const port = this.#ports.known(channel) ?? this.#peerOnlyPort(channel);
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
    const port = this.#ports.known(channel) ?? this.#peerOnlyPort(channel);
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

  pong(): void {
    this.#countControl();
    if (this.#over) return;
    this.#keepAlive.onAnyPong();
    if (this.#pump.ponged()) this.#keepAlive.pong();
  }

  drained(): void {
    this.#pump.run();
  }

  recordEnd(): void {
    // Any record is a sign of life. Credit for what was consumed leaves at the end of the turn.
    this.#keepAlive.onRecord();
    if (this.#overflow !== undefined) this.#closeLink('violation', this.#overflow);
  }

  ended(error?: RxmeshError): void {
    if (this.#over) return;
    this.#over = true;
    this.#resume?.unsubscribe();
    this.#keepAlive.stop();
    this.#pump.stop();
    this.#ports.disconnect(this.#isLeaving ? 'node-stopped' : 'peer-down');
    this.#accepted.complete();
    this.#ended.next(this.#fault ?? error);
    this.#ended.complete();
  }

  /** A message has arrived but reaches no inbox. */
  #dropOne(channel: number, reason: DropReason): void {
    this.dropped({ direction: 'inbound', channel, reason, count: 1, peer: this.id });
  }

  /** Ends the session if the peer floods us with control packets. */
  #countControl(): void {
    if (this.#control.take() || this.#over) return;
    const { rule } = this.#control;
    const text = `${this.id}: ${rule}`;
    this.#fault ??= new RxmeshError('RXMESH_PROTOCOL_VIOLATION', text, { peer: this.id });
    this.#closeLink('violation', rule);
  }

  /**
   * How many control packets have been legitimate so far: one for each message and each KiB, and
   * one for each ping we sent.
   */
  #earned(): number {
    return this.#pump.pings + this.#ports.traffic;
  }

  #timedOut(ms: number, missing: 'any sign' | 'pong'): void {
    const what = missing === 'pong' ? 'no pong' : 'nothing';
    const text = `${what} has arrived from ${this.id} for ${ms} ms`;
    this.#fault ??= new RxmeshError('RXMESH_PEER_TIMEOUT', text, { peer: this.id });
    this.#closeLink('done', missing === 'pong' ? 'no pong' : 'no sign of life');
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

  /** The port of a channel that the peer has opened and we have not. */
  #peerOnlyPort(channel: number): Port | undefined {
    if (this.#over) return undefined;
    const port = this.#ports.addPeerOnly(channel);
    if (port === undefined) {
      const text = `more than ${peerChannelsMax} channels that are not open here`;
      this.violated('RXMESH_PROTOCOL_VIOLATION', text, channel);
    }
    return port;
  }

  /** The port that serves `end`, if any. */
  #portOf(end: ChannelEnd): Port | undefined {
    const port = this.#ports.known(end.id);
    return port?.end === end && !this.#over ? port : undefined;
  }

  /** Ends the link because of a failure on this side. The peer learns no details. */
  #failed(error: RxmeshError): void {
    this.#fault ??= withContext(error, { peer: this.id });
    this.#closeLink('done', 'this node failed to send');
  }

  /**
   * Closes the link. With a transport that has its own wire, this may throw, and the link counts as
   * ended.
   */
  #closeLink(reason: ByeReason, text?: string): void {
    try {
      this.link.close(reason, text);
    } catch (thrown) {
      this.ended(linkFailed(thrown, this.id));
    }
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
    // After the turn, since a consumer may be in the middle of taking a message.
    this.#resume ??= this.clock.afterTurn(() => {
      this.#resume = undefined;
      this.#isHeld = false;
      this.link.pause(false);
    });
  }

  dropped(drop: Drop): void {
    this.#options.onDrop(drop);
  }

  violated(code: Violation, text: string, channel: number): void {
    if (this.#over) return;
    this.#fault ??= new RxmeshError(code, `${this.id} on channel ${channel}: ${text}`, {
      peer: this.id,
      channel,
    });
    // Count the rest of the record first, message by message: it has arrived and is lost.
    if (code === 'RXMESH_OVERFLOW') this.#overflow = text;
    else this.#closeLink('violation', text);
  }
}

function linkFailed(thrown: unknown, peer: NodeId): RxmeshError {
  return toRxmeshError(thrown, 'RXMESH_CONNECTION_FAILED', `the link to ${peer}`, { peer });
}
