import { toKeep } from '../model/bytes.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { type ErrorCode, RxmeshError } from '../model/error.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { FrameSocket } from '../transport/frame-socket.ts';
import { byeText, refusalText } from '../transport/bye-reason.ts';
import type { ByeReason, Link, LinkReceiver } from '../transport/link.ts';
import type { AuthenticatedPeer } from './handshake.ts';
import { InboundPackets } from './inbound-packets.ts';
import { PacketBatch } from './packet-batch.ts';
import { parsePackets } from './packet-parser.ts';
import {
  BYE_BYTES_MAX,
  CONTROL_BYTES_MAX,
  FRAGMENT_BYTES_MAX,
  RECORD_BYTES_MAX,
} from './packets.ts';
import type { RecordCipher } from './records.ts';

/**
 * How many records may wait for `attach`, or for the end of a call during which they arrived. More
 * than a socket hands over once it is paused: what it has read already is up to 32 frames.
 */
const WAITING_RECORDS_MAX = 64;
/** With this many before `attach`, the socket is paused: an honest peer may open many channels. */
const RECORDS_BEFORE_PAUSE = 8;

/** What a bye means if the peer has not accepted us. For other reasons: it refused us. */
const REFUSALS: Readonly<Partial<Record<ByeReason, ErrorCode>>> = {
  duplicate: 'RXMESH_DUPLICATE_CONNECTION',
  full: 'RXMESH_PEERS_FULL',
  incompatible: 'RXMESH_INCOMPATIBLE',
};

/** A link of rxmesh's own wire protocol over a frame socket, from the end of the handshake. */
export class SecureLink implements Link {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly nodeInfo: NodeInfo;
  readonly publicKey: Uint8Array;
  readonly hasCredit = true;
  readonly fragmentBytesMax: number = FRAGMENT_BYTES_MAX;

  readonly #socket: FrameSocket;
  readonly #cipher: RecordCipher;
  readonly #batch: PacketBatch = new PacketBatch();
  readonly #inbound: InboundPackets;
  #receiver: LinkReceiver | undefined;
  #waiting: Uint8Array[] = [];
  /** How many bytes the frames had that have arrived. */
  #frameBytes = 0;
  #reading = false;
  #accepted = false;
  #paused = false;
  /** Whether the socket is paused until `attach`. */
  #isHeldBack = false;
  #closing = false;
  #ended = false;
  #endedBy: RxmeshError | undefined;
  /** The socket's end, held back while earlier records still wait. */
  #socketEnd: RxmeshError | undefined;

  constructor(socket: FrameSocket, peer: AuthenticatedPeer) {
    this.direction = socket.direction;
    this.local = socket.local;
    this.remote = socket.remote;
    this.nodeInfo = peer.nodeInfo;
    this.publicKey = peer.publicKey;
    this.#socket = socket;
    this.#cipher = peer.cipher;
    this.#inbound = new InboundPackets({
      violated: (message) => this.#fail('RXMESH_PROTOCOL_VIOLATION', message),
      bye: (reason, text) => this.#onBye(reason, text),
    });
  }

  attach(receiver: LinkReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError('attach must be called once');
    this.#receiver = receiver;
    this.#inbound.receiver = receiver;
    if (this.#ended) {
      receiver.ended(this.#endedBy);
      return;
    }
    this.#readWaiting();
    // Last, since the socket may hand over further frames at once.
    this.#letIn();
  }

  get writable(): boolean {
    return !this.#ended && this.#socket.writable;
  }

  get room(): number {
    return this.#batch.room;
  }

  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    if (this.#ended) return;
    if (!this.#accepted) throw new TypeError('accept must be called before data');
    const length = end - start;
    if (length > this.#batch.room || length < 0 || (length === 0 && !last)) {
      throw new RangeError(`a piece must fit the room of ${this.room} bytes, got ${length} bytes`);
    }
    this.#batch.data(channel, bytes, start, end, last);
  }

  credit(channel: number, messages: number, bytes: number): void {
    if (this.#reserve(CONTROL_BYTES_MAX)) this.#batch.credit(channel, messages, bytes);
  }

  messageLimit(channel: number, bytes: number): void {
    if (this.#reserve(CONTROL_BYTES_MAX)) this.#batch.messageLimit(channel, bytes);
  }

  channelClosed(channel: number): void {
    if (this.#reserve(CONTROL_BYTES_MAX)) this.#batch.channelClosed(channel);
  }

  accept(): void {
    if (this.#accepted) throw new TypeError('accept must be called once');
    if (!this.#reserve(CONTROL_BYTES_MAX)) return;
    this.#accepted = true;
    this.#batch.accept();
  }

  ping(): void {
    if (this.#reserve(CONTROL_BYTES_MAX)) this.#batch.ping();
  }

  pong(readAtMs: number): void {
    if (this.#reserve(CONTROL_BYTES_MAX)) this.#batch.pong(readAtMs);
  }

  flush(): void {
    if (this.#ended || this.#batch.length === 0) return;
    let record: Uint8Array;
    try {
      record = this.#batch.seal(this.#cipher);
    } catch (cause) {
      // No nonces are left, or the cipher failed.
      const code = cause instanceof RxmeshError ? cause.code : 'RXMESH_CONNECTION_FAILED';
      this.#end(this.#error(code, 'a record could not be sealed', cause), 'destroy');
      return;
    }
    this.#socket.send(record);
  }

  get arrivedBytes(): number {
    return this.#socket.arrivedBytes ?? this.#frameBytes;
  }

  pause(paused: boolean): void {
    if (this.#ended) return;
    this.#paused = paused;
    this.#socket.pause(paused || this.#isHeldBack);
  }

  close(reason: ByeReason, text = ''): void {
    this.#sendBye(reason, text, undefined);
  }

  get closed(): boolean {
    return this.#ended && this.#socket.closed;
  }

  toString(): string {
    return `link to ${this.nodeInfo.nodeId}, ${this.#socket.toString()}`;
  }

  /** Takes a frame from the socket. */
  receive(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#frameBytes += frame.length;
    if (this.#receiver !== undefined && !this.#reading) {
      this.#reading = true;
      this.#read(frame, this.#receiver);
      this.#reading = false;
      this.#readWaiting();
    } else if (this.#waiting.length < WAITING_RECORDS_MAX) {
      this.#waiting.push(toKeep(frame));
      if (this.#receiver === undefined) this.#holdBack();
    } else {
      this.#fail('RXMESH_PROTOCOL_VIOLATION', `more than ${WAITING_RECORDS_MAX} records at once`);
    }
  }

  /** Called when the socket can take more. */
  socketDrained(): void {
    if (!this.#ended) this.#receiver?.drained();
  }

  /** Called when the socket has ended: the other side closed it, or it failed. */
  socketEnded(failure?: RxmeshError): void {
    if (this.#ended || this.#closing || this.#socketEnd !== undefined) return;
    this.#socketEnd =
      failure === undefined
        ? this.#error('RXMESH_CONNECTION_CLOSED', 'the peer closed the connection without a bye')
        : this.#error(failure.code, failure.message, failure);
    this.#readWaiting();
  }

  /** Ends the link without a bye. */
  destroy(): void {
    this.#end(undefined, 'destroy');
  }

  /** Lets the rest wait at the other side while nobody reads here. */
  #holdBack(): void {
    if (this.#isHeldBack || this.#waiting.length < RECORDS_BEFORE_PAUSE) return;
    this.#isHeldBack = true;
    this.#socket.pause(true);
  }

  #letIn(): void {
    if (!this.#isHeldBack) return;
    this.#isHeldBack = false;
    if (!this.#paused) this.#socket.pause(false);
  }

  #readWaiting(): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#reading) return;
    this.#reading = true;
    for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
      this.#read(frame, receiver);
    }
    this.#reading = false;
    if (this.#socketEnd !== undefined) this.#end(this.#socketEnd, 'destroy');
  }

  #read(frame: Uint8Array, receiver: LinkReceiver): void {
    const bytesMax = RECORD_BYTES_MAX + this.#cipher.overheadBytes;
    if (frame.length > bytesMax) {
      const text = `a record of ${frame.length} bytes, more than ${bytesMax}`;
      this.#fail('RXMESH_PROTOCOL_VIOLATION', text);
      return;
    }
    let plaintext: Uint8Array;
    try {
      plaintext = this.#cipher.open(frame);
    } catch (cause) {
      this.#fail('RXMESH_RECORD_INVALID', 'a record could not be decrypted', cause);
      return;
    }
    const wrong = parsePackets(plaintext, this.#inbound);
    if (wrong !== undefined) this.#fail('RXMESH_PROTOCOL_VIOLATION', wrong);
    else if (!this.#ended) receiver.recordEnd();
  }

  #onBye(reason: ByeReason, text: string): void {
    const error = this.#inbound.isAccepted
      ? this.#error('RXMESH_CONNECTION_CLOSED', byeText(reason, text))
      : this.#error(REFUSALS[reason] ?? 'RXMESH_PEER_REFUSED', refusalText(reason, text));
    // The peer reads nothing after its bye, so there is no point in writing the rest.
    this.#end(error, 'destroy');
  }

  /** Makes room for `bytes`, by a flush if necessary. Returns whether they may be written. */
  #reserve(bytes: number): boolean {
    if (this.#batch.free < bytes) this.flush();
    return !this.#ended;
  }

  #sendBye(reason: ByeReason, text: string, error: RxmeshError | undefined): void {
    if (!this.#reserve(BYE_BYTES_MAX)) return;
    this.#batch.bye(reason, text);
    // The other side may close the socket during this flush: that is our own end, not a failure.
    this.#closing = true;
    this.flush();
    this.#end(error, 'close');
  }

  #fail(code: ErrorCode, message: string, cause?: unknown): void {
    this.#sendBye('violation', message, this.#error(code, message, cause));
  }

  /** Changes the state first, since the socket and the receiver may call back. */
  #end(error: RxmeshError | undefined, release: 'close' | 'destroy'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endedBy = error;
    this.#inbound.stopped = true;
    this.#waiting = [];
    this.#batch.clear();
    // A paused socket would not notice that the other side has closed.
    if (this.#paused || this.#isHeldBack) this.#socket.pause(false);
    this.#isHeldBack = false;
    if (release === 'close') this.#socket.close();
    else this.#socket.destroy();
    this.#receiver?.ended(error);
  }

  #error(code: ErrorCode, message: string, cause?: unknown): RxmeshError {
    return new RxmeshError(code, message, { cause, peer: this.nodeInfo.nodeId });
  }
}
