import type { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import {
  type ErrorCode,
  type ErrorContext,
  RxmeshError,
  toRxmeshError,
} from '../../lib/model/error.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { type Link, type LinkReceiver, unlimitedCredit } from '../../lib/transport/link.ts';
import { InboundMessages } from './inbound-messages.ts';
import type { LinkLimits } from './options.ts';
import { PacketReader } from './packet-reader.ts';
import { CHANNELS_END, FIELD, PACKET, packetLengthMax } from './packets.ts';
import { type FrameCipher, OpenRecords, type RecordReader, STREAM_BYTES } from './records.ts';
import type { CometPeer } from './secret-handshake.ts';
import { varintBytes } from './varint.ts';

/** How much may wait for `attach` before the link stops reading. */
const waitingBytesMax = 65_536;
/**
 * How often a paused link sends a pong, whether it was asked or not: it cannot read the pings, and
 * CometBFT disconnects 45 s after one that is not answered.
 */
const pausedPongMs = 15_000;
/** More than any ping or pong takes. */
const controlBytes = 8;
/** How many bytes of a message fit a packet that is sealed at once, with a ping or pong. */
const fittingBytes = 2 * STREAM_BYTES - wholeBytes(STREAM_BYTES) - controlBytes;

/** What a link is made of. */
export interface CometLinkOptions {
  /** Carries the stream: the boundaries of its frames mean nothing. */
  readonly socket: FrameSocket;
  readonly peer: CometPeer;
  /** The channels that we have announced. */
  readonly channels: readonly number[];
  readonly limits: LinkLimits;
  readonly clock: Clock;
}

/**
 * A link over CometBFT's wire: an MConnection. It has no credit: before each message it asks
 * whether its receiver takes it. If not, it stops reading until `pause(false)`.
 *
 * The wire has no acceptance either. CometBFT starts its MConnection with peers that it has
 * accepted, and closes the others. So our first ping asks for it, and the first packet of the peer
 * gives it.
 */
export class CometLink implements Link {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly nodeInfo: NodeInfo;
  readonly publicKey: Uint8Array;
  readonly hasCredit = false;
  readonly fragmentBytesMax: number;

  readonly #socket: FrameSocket;
  readonly #cipher: FrameCipher;
  readonly #records: RecordReader;
  readonly #limits: LinkLimits;
  readonly #clock: Clock;
  readonly #open: OpenRecords = new OpenRecords();
  readonly #packets: PacketReader;
  readonly #inbound: InboundMessages;
  /** The most bytes of a full packet, with its length. */
  readonly #packetBytes: number;
  /** By channel: what the peer has announced. */
  readonly #announced: ReadonlySet<number>;
  #receiver: LinkReceiver | undefined;
  #reading = false;
  #accepted = false;
  #paused = false;
  /** Whether the open records must not wait for more. */
  #urgent = false;
  #flushTimer: Subscription | undefined;
  #pongTimer: Subscription | undefined;
  #closing = false;
  #ended = false;
  #endedBy: RxmeshError | undefined;
  /** The socket's end, and its failure if any, held back while earlier packets still wait. */
  #socketEnd: { readonly failure: RxmeshError | undefined } | undefined;

  constructor({ socket, peer, channels, limits, clock }: CometLinkOptions) {
    this.direction = socket.direction;
    this.local = socket.local;
    this.remote = socket.remote;
    this.nodeInfo = peer.nodeInfo;
    this.publicKey = peer.publicKey;
    this.fragmentBytesMax = Math.min(limits.packetBytesMax, fittingBytes);
    this.#socket = socket;
    this.#cipher = peer.cipher;
    this.#records = peer.reader;
    this.#limits = limits;
    this.#clock = clock;
    this.#packets = new PacketReader(limits.packetBytesMax);
    this.#packets.take(peer.rest);
    this.#packetBytes = wholeBytes(this.fragmentBytesMax);
    this.#announced = new Set(peer.nodeInfo.channels.filter((id) => id < CHANNELS_END));
    this.#inbound = new InboundMessages({
      channels,
      bytesMax: limits.messageBytesMax,
      violated: (text, channel) => this.#fail('RXMESH_PROTOCOL_VIOLATION', text, { channel }),
    });
  }

  attach(receiver: LinkReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError('attach must be called once');
    this.#receiver = receiver;
    this.#inbound.receiver = receiver;
    if (!this.#paused) this.#socket.pause(false);
    for (const channel of this.#announced) {
      receiver.messageLimit(channel, this.#limits.messageBytesMax);
      receiver.credit(channel, unlimitedCredit, unlimitedCredit);
    }
    if (this.#ended) receiver.ended(this.#endedBy);
    else this.#read();
  }

  get writable(): boolean {
    return !this.#ended && this.#socketEnd === undefined && this.#socket.writable;
  }

  get room(): number {
    const isFull = this.#open.free < this.#packetBytes + controlBytes;
    return isFull ? 0 : this.fragmentBytesMax;
  }

  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    if (this.#ended) return;
    if (!this.#accepted) throw new TypeError('accept must be called before data');
    if (!this.#announced.has(channel)) {
      throw new RangeError(`the peer has not announced channel ${channel}, so it takes no data`);
    }
    const length = end - start;
    if (length > this.room || length < 0 || (length === 0 && !last)) {
      throw new RangeError(`a piece must fit the room of ${this.room} bytes, got ${length} bytes`);
    }
    const open = this.#open;
    const dataBytes = length === 0 ? 0 : 1 + varintBytes(length) + length;
    const messageBytes = (channel === 0 ? 0 : 2) + (last ? 2 : 0) + dataBytes;
    open.varint(1 + varintBytes(messageBytes) + messageBytes);
    open.byte(PACKET.message);
    open.varint(messageBytes);
    // As protobuf has it, zeros are left out.
    if (channel !== 0) {
      open.byte(FIELD.channel);
      open.byte(channel);
    }
    if (last) {
      open.byte(FIELD.eof);
      open.byte(1);
    }
    if (length === 0) return;
    open.byte(FIELD.data);
    open.varint(length);
    open.write(bytes, start, end);
  }

  /** The wire has no words for what `credit`, `messageLimit` and `channelClosed` say. */
  credit(): void {
    return undefined;
  }

  messageLimit(): void {
    return undefined;
  }

  channelClosed(): void {
    return undefined;
  }

  accept(): void {
    if (this.#accepted) throw new TypeError('accept must be called once');
    this.#accepted = true;
    this.#inbound.awaitPong();
    this.ping();
  }

  ping(): void {
    this.#control(PACKET.ping);
  }

  pong(): void {
    this.#control(PACKET.pong);
  }

  flush(): void {
    if (this.#ended || this.#open.length === 0) return;
    if (this.#limits.flushMs === 0 || this.#urgent || this.room === 0) this.#write();
    else this.#flushTimer ??= this.#clock.schedule(this.#writeLate, this.#limits.flushMs);
  }

  get arrivedBytes(): number | undefined {
    return this.#socket.arrivedBytes;
  }

  pause(paused: boolean): void {
    if (this.#ended || this.#paused === paused) return;
    this.#paused = paused;
    this.#inbound.isPaused = paused;
    this.#inbound.isHeld = false;
    this.#pongTimer?.unsubscribe();
    this.#pongTimer = undefined;
    if (paused) this.#pongTimer = this.#clock.schedule(this.#pongUnasked, pausedPongMs);
    // Last, since a socket that resumes may hand over a message that pauses the link again.
    this.#socket.pause(paused);
    if (!paused) this.#read();
  }

  /** The wire has no words for the reason. */
  close(): void {
    if (this.#ended) return;
    // The other side may close the socket during this write: that is our own end, not a failure.
    this.#closing = true;
    this.#write();
    this.#end(undefined, 'close');
  }

  get hasPeerClosed(): boolean {
    // A socket whose last reads wait while it is paused says so before its end.
    return this.#socketEnd !== undefined || this.#socket.closed;
  }

  get closed(): boolean {
    return this.#ended && this.#socket.closed;
  }

  toString(): string {
    return `link to ${this.nodeInfo.nodeId}, ${this.#socket.toString()}`;
  }

  /** Takes the next piece of the stream. */
  receive(piece: Uint8Array): void {
    if (this.#ended || this.#socketEnd !== undefined) return;
    try {
      this.#packets.take(this.#records.read(piece, this.#packets.waiting));
    } catch (cause) {
      // The packets of earlier reads have been handed over; nothing vouches for the rest.
      const error = toRxmeshError(cause, 'RXMESH_RECORD_INVALID', 'a record could not be opened');
      this.#fail(error.code, error.message, { cause });
      return;
    }
    if (this.#receiver !== undefined) this.#read();
    else if (this.#packets.waitingBytes > waitingBytesMax) this.#socket.pause(true);
  }

  /** The socket can take more. */
  socketDrained(): void {
    if (!this.#ended) this.#receiver?.drained();
  }

  /** The other side has closed the socket, or it has failed. */
  socketEnded(failure?: RxmeshError): void {
    if (this.#ended || this.#closing || this.#socketEnd !== undefined) return;
    this.#socketEnd = { failure };
    if (this.#receiver !== undefined) this.#read();
  }

  /** Ends the link at once. */
  destroy(): void {
    this.#end(undefined, 'destroy');
  }

  /** Hands over the packets that have arrived, as far as the receiver takes them. */
  #read(): void {
    if (this.#reading || this.#ended) return;
    this.#reading = true;
    const wrong = this.#packets.read(this.#inbound);
    this.#reading = false;
    if (this.#inbound.passedView()) this.#records.keep();
    else if (!this.#packets.holdsRead) this.#records.release();
    if (wrong !== undefined) this.#fail('RXMESH_PROTOCOL_VIOLATION', wrong);
    else if (!this.#inbound.hasEnded && !this.#isOver()) this.#receiver?.recordEnd();
    if (this.#inbound.isHeld) this.pause(true);
    // Only now is it known whether the peer had accepted us.
    if (this.#isOver()) this.#end(this.#closedByPeer(this.#socketEnd?.failure), 'destroy');
  }

  /**
   * Whether the socket has ended, and everything that had arrived before was handed over. If it has
   * failed, nothing says that the rest will ever be taken.
   */
  #isOver(): boolean {
    const end = this.#socketEnd;
    if (end === undefined) return false;
    return end.failure !== undefined || !(this.#paused || this.#inbound.isHeld);
  }

  #control(packet: number): void {
    if (this.#ended) return;
    if (this.#open.free < controlBytes) this.#write();
    this.#open.byte(2);
    this.#open.byte(packet);
    this.#open.byte(0);
    this.#urgent = true;
  }

  readonly #writeLate = (): void => {
    this.#flushTimer = undefined;
    this.#write();
  };

  readonly #pongUnasked = (): void => {
    this.#pongTimer = this.#clock.schedule(this.#pongUnasked, pausedPongMs);
    this.pong();
    this.flush();
  };

  #write(): void {
    this.#urgent = false;
    this.#flushTimer?.unsubscribe();
    this.#flushTimer = undefined;
    if (this.#ended || this.#open.length === 0) return;
    let sealed: Uint8Array;
    try {
      sealed = this.#open.seal(this.#cipher);
    } catch (cause) {
      const error = toRxmeshError(cause, 'RXMESH_CONNECTION_FAILED', 'a record was not sealed');
      this.#fail(error.code, error.message, { cause });
      return;
    }
    this.#socket.send(sealed);
  }

  /** A refusal arrives as a reset where the peer had not read all that we sent. */
  #closedByPeer(failure: RxmeshError | undefined): RxmeshError {
    if (!this.#inbound.isAccepted) {
      const text =
        'the peer closed the connection after the handshake, so it has refused this node';
      const hint =
        'CometBFT gives no reason but in its own log: a duplicate, no free slot, a filter';
      return this.#error('RXMESH_PEER_REFUSED', `${text} (${hint})`, { cause: failure });
    }
    return failure === undefined
      ? this.#error('RXMESH_CONNECTION_CLOSED', 'the peer closed the connection')
      : this.#error(failure.code, failure.message, { cause: failure });
  }

  #fail(code: ErrorCode, message: string, context?: ErrorContext): void {
    this.#end(this.#error(code, message, context), 'destroy');
  }

  /** Changes the state first, since the socket and the receiver may call back. */
  #end(error: RxmeshError | undefined, release: 'close' | 'destroy'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endedBy = error;
    this.#inbound.hasEnded = true;
    if (this.#paused && !this.#reading) this.#inbound.reportLost(this.#packets);
    this.#open.clear();
    this.#flushTimer?.unsubscribe();
    this.#pongTimer?.unsubscribe();
    // A paused socket would not notice that the other side has closed.
    this.#socket.pause(false);
    if (release === 'close') this.#socket.close();
    else this.#socket.destroy();
    this.#receiver?.ended(error);
  }

  #error(code: ErrorCode, message: string, context?: ErrorContext): RxmeshError {
    const { nodeId } = this.nodeInfo;
    return new RxmeshError(code, `${nodeId}: ${message}`, { ...context, peer: nodeId });
  }
}

/** The most bytes of a packet with this many bytes of a message, with its length in front. */
function wholeBytes(dataBytes: number): number {
  const lengthMax = packetLengthMax(dataBytes);
  return varintBytes(lengthMax) + lengthMax;
}
