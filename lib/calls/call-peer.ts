import type { Channel, ErrorCode, NodeId, RxmeshError } from '../index.ts';
import { errorFrame, type Status, statuses } from './call-error.ts';
import { type Frame, kinds, wireVersion } from './frame.ts';
import { FrameQueue } from './frame-queue.ts';
import { PastCalls } from './past-calls.ts';
import { Refusals } from './refusals.ts';

/** A call to a peer. */
export interface Asked {
  answered(frame: Frame): void;
  ended(): void;
  /** The peer reports an error. */
  refused(frame: Frame): void;
  /** The peer takes this many more requests. */
  requestsWanted(count: number): void;
  /** The call fails on this side. */
  failed(error: unknown): void;
}

/** A call from a peer. */
export interface Served {
  start(frame: Frame): void;
  /** The peer takes this many more answers. */
  granted(count: number): void;
  requested(frame: Frame): void;
  requestsEnded(): void;
  /** Ends the call without telling the peer. */
  cancel(code: ErrorCode, text: string): void;
}

/** Creates the call for a frame that starts one. */
export type Serve = (peer: CallPeer, frame: Frame) => Served;

/** What a peer needs from its service. */
export interface CallPeerHost {
  readonly channel: Channel<Frame>;
  /** The longest message of the channel. */
  readonly messageBytesMax: number;
  /** Calls to all peers that have not ended. */
  asking: number;
  /** Calls from all peers that have not ended. */
  serving: number;
  /** Frames that were about no call. */
  dropped: number;
  nextNumber(): number;
  /** The last number that was given; 0 if there is none. */
  readonly lastNumber: number;
  /** Whether a call has ever had this number. */
  wasGiven(number: number): boolean;
  serveOf(frame: Frame): Serve | undefined;
  /** Whether there is room for another call of the peer. */
  mayServe(peer: CallPeer): boolean;
  error(code: ErrorCode, text: string, peer: NodeId): RxmeshError;
}

/** A peer that has the channel open, while it is connected: the calls from it and to it. */
export class CallPeer {
  readonly id: NodeId;
  readonly queue: FrameQueue;
  isGone = false;
  readonly #host: CallPeerHost;
  readonly #asked = new Map<number, Asked>();
  readonly #served = new Map<number, Served>();
  readonly #refusals: Refusals;
  /** Calls to the peer that are over, while it has yet to hear that they were cancelled. */
  #cancelling = 0;

  constructor(id: NodeId, host: CallPeerHost) {
    this.id = id;
    this.#host = host;
    this.queue = new FrameQueue(host.channel, id, host.messageBytesMax, () => this.#stopped());
    this.#refusals = new Refusals(this.queue);
  }

  /** Starts sending. The peer may be gone at once, if this node is stopping. */
  start(): void {
    this.queue.start();
    if (this.#host.lastNumber > 0) this.queue.add(new PastCalls(this.#host.lastNumber));
  }

  /** How many calls to the peer have not ended. */
  get asking(): number {
    return this.#asked.size + this.#cancelling;
  }

  /** How many calls from the peer have not ended. */
  get serving(): number {
    return this.#served.size;
  }

  // For calls to the peer

  /** Adds a call and returns its number. */
  asks(call: Asked): number {
    const number = this.#host.nextNumber();
    this.#asked.set(number, call);
    this.#host.asking += 1;
    return number;
  }

  /** A call to the peer is over. */
  settled(number: number): void {
    if (this.#asked.delete(number)) this.#host.asking -= 1;
  }

  /** A call that is over keeps its place until its `cancel` frame has left. */
  cancels(): void {
    this.#cancelling += 1;
    this.#host.asking += 1;
  }

  cancelled(): void {
    this.#cancelling -= 1;
    this.#host.asking -= 1;
  }

  // For calls from the peer

  /** A call from the peer is over, and it knows. */
  served(number: number): void {
    if (this.#served.delete(number)) this.#host.serving -= 1;
  }

  /** Sends an error for a call that has no place any more, or never had one. */
  refuse(frame: Frame): void {
    if (this.isGone || this.#refusals.put(frame)) return;
    this.#violated('RXMESH_OVERFLOW', 'calls, and does not read that they are refused');
  }

  // For the board

  receive(frame: Frame): void {
    switch (frame.kind) {
      case kinds.call:
      case kinds.notify:
      case kinds.channel:
        this.#begin(frame);
        return;
      case kinds.credit:
        this.#late(this.#served.get(frame.call))?.granted(frame.credit);
        return;
      case kinds.cancel:
        this.#cancelled(frame);
        return;
      case kinds.request:
        this.#late(this.#served.get(frame.call))?.requested(frame);
        return;
      case kinds.requestsEnd:
        this.#late(this.#served.get(frame.call))?.requestsEnded();
        return;
      case kinds.answer:
        this.#ask(frame)?.answered(frame);
        return;
      case kinds.end:
        this.#ask(frame)?.ended();
        return;
      case kinds.error:
        this.#ask(frame)?.refused(frame);
        return;
      case kinds.requestCredit:
        this.#ask(frame)?.requestsWanted(frame.credit);
        return;
      default:
        this.#host.dropped += 1;
    }
  }

  /** The peer is gone: it has disconnected, or closed the channel. */
  gone(error: RxmeshError): void {
    this.isGone = true;
    this.queue.close();
    for (const call of [...this.#asked.values()]) call.failed(error);
    for (const call of [...this.#served.values()]) call.cancel(error.code, error.message);
    this.#host.asking -= this.#cancelling;
    this.#cancelling = 0;
  }

  /** The error for a peer that breaks the protocol. */
  violation(code: ErrorCode, what: string): RxmeshError {
    return this.#host.error(code, `${this.id} sends ${what}`, this.id);
  }

  /** Reports a violation. The peer manager disconnects the peer, perhaps before this returns. */
  report(reason: RxmeshError): void {
    this.#host.channel.reports.next({ peer: this.id, severity: 'disconnect', reason });
  }

  #violated(code: ErrorCode, what: string): void {
    this.report(this.violation(code, what));
  }

  #stopped(): void {
    this.gone(this.#host.error('RXMESH_STOPPED', 'the router is stopping', this.id));
  }

  #cancelled({ call: number, isLast }: Frame): void {
    const calls = isLast
      ? [...this.#served].filter(([each]) => each <= number).map(([, call]) => call)
      : [this.#late(this.#served.get(number))];
    for (const call of calls) call?.cancel('RXMESH_CALL_CANCELLED', 'cancelled by its caller');
  }

  #begin(frame: Frame): void {
    const { call: number, kind, method } = frame;
    if (this.isGone) {
      this.#host.dropped += 1;
    } else if (this.#served.has(number)) {
      this.#violated('RXMESH_PROTOCOL_VIOLATION', `call ${number}, which it has not ended`);
    } else if (frame.version !== wireVersion) {
      this.#decline(frame, statuses.refused, `the peer speaks version ${wireVersion} of calls`);
    } else if (!this.#host.mayServe(this)) {
      this.#decline(frame, statuses.tooMany, 'the peer has too many calls at the moment');
    } else {
      const serve = this.#host.serveOf(frame);
      if (serve === undefined) {
        const what = kind === kinds.channel ? 'channels' : 'calls';
        const name = method === '' ? '' : ` of the method ${method}`;
        this.#decline(frame, statuses.unknown, `the peer has no handler for ${what}${name}`);
        return;
      }
      const call = serve(this, frame);
      this.#served.set(number, call);
      this.#host.serving += 1;
      call.start(frame);
    }
  }

  #decline(frame: Frame, status: Status, text: string): void {
    if (frame.kind === kinds.notify) this.#host.dropped += 1;
    else this.refuse(errorFrame(frame.call, status, text));
  }

  /** The call that an answer is about. */
  #ask({ call: number }: Frame): Asked | undefined {
    const call = this.#asked.get(number);
    if (call === undefined && !this.#host.wasGiven(number)) {
      this.#violated('RXMESH_PROTOCOL_VIOLATION', `an answer to call ${number}, which nobody made`);
    }
    return this.#late(call);
  }

  /** Counts a frame whose call is over. */
  #late<C>(call: C | undefined): C | undefined {
    if (call === undefined) this.#host.dropped += 1;
    return call;
  }
}
