import { fakeNodeInfo } from './fake-link-end.ts';
import { toHex } from '../../lib/model/hex.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../../lib/transport/link.ts';

/** What a fake link takes; by default it is wide. */
export interface FakeLinkOptions {
  /** Bytes of a record, headers of packets included. Default 65,536. */
  readonly recordBytesMax?: number;
  /** Default: what an empty record has room for. */
  readonly fragmentBytesMax?: number;
  /** Whether the peer reads what is flushed at once, as its answers to pings tell. Default true. */
  readonly answersPings?: boolean;
}

/** One packet that was written. */
export type FakePacket =
  | { readonly type: 'accept' | 'ping' | 'pong' }
  | {
      readonly type: 'credit';
      readonly channel: number;
      readonly messages: number;
      readonly bytes: number;
    }
  | { readonly type: 'limit'; readonly channel: number; readonly bytes: number }
  | { readonly type: 'closed'; readonly channel: number }
  | { readonly type: 'bye'; readonly reason: ByeReason }
  | {
      readonly type: 'data';
      readonly channel: number;
      readonly bytes: Uint8Array;
      readonly last: boolean;
    };

/** Type, channel and length in front of a payload, at their longest. */
const dataHeaderBytes = 7;
const controlBytes = 14;

/**
 * A link that notes what is written to it, record by record, and holds whoever writes to the
 * contract of `Link`: it throws at data in front of the accept, and at what does not fit. The test
 * plays the peer through `receiver`, or joins two of them with `joinLinks`.
 */
export class FakeLink implements Link {
  readonly direction = 'outbound';
  readonly local: Endpoint = { protocol: 'fake', path: 'here' };
  readonly remote: Endpoint = { protocol: 'fake', path: 'there' };
  readonly nodeInfo: NodeInfo = fakeNodeInfo(uncheckedNodeId(''));
  readonly publicKey: Uint8Array = new Uint8Array(32);
  readonly hasCredit = true;
  readonly fragmentBytesMax: number;

  /** Every record that was flushed. */
  readonly records: FakePacket[][] = [];
  /** Called with each record, at once. */
  onFlush: ((record: FakePacket[]) => void) | undefined;
  /** Why it was closed by this side. */
  closedFor: ByeReason | undefined;
  ended = false;
  /** Bytes that have arrived, if the test says so. */
  arrivedBytes: number | undefined;
  /** Whether its socket is still there after the end, as while the peer reads. */
  lingers = false;
  /** How often the receiver threw, which it must not. */
  readonly faults: unknown[] = [];

  readonly #recordBytesMax: number;
  readonly #answersPings: boolean;
  #receiver: LinkReceiver | undefined;
  #writable = true;
  #open: FakePacket[] = [];
  #openBytes = 0;
  #accepted = false;

  constructor(options: FakeLinkOptions = {}) {
    const { recordBytesMax = 65_536, fragmentBytesMax, answersPings = true } = options;
    this.#recordBytesMax = recordBytesMax;
    this.#answersPings = answersPings;
    this.fragmentBytesMax = fragmentBytesMax ?? recordBytesMax - dataHeaderBytes;
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  get writable(): boolean {
    return this.#writable && !this.ended;
  }

  set writable(writable: boolean) {
    const drained = writable && !this.writable;
    this.#writable = writable;
    if (drained) this.hand((receiver) => receiver.drained());
  }

  get closed(): boolean {
    return this.ended && !this.lingers;
  }

  get room(): number {
    return Math.max(0, this.#recordBytesMax - dataHeaderBytes - this.#openBytes);
  }

  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    if (this.ended) return;
    const length = end - start;
    if (!this.#accepted) throw new TypeError('accept must be called before data');
    if (length > this.fragmentBytesMax) throw new RangeError(`a piece of ${length} bytes`);
    if (length === 0 && !last) throw new RangeError('an empty piece that is not the last');
    this.#add({ type: 'data', channel, bytes: bytes.slice(start, end), last }, length);
  }

  credit(channel: number, messages: number, bytes: number): void {
    this.#control({ type: 'credit', channel, messages, bytes });
  }

  messageLimit(channel: number, bytes: number): void {
    this.#control({ type: 'limit', channel, bytes });
  }

  channelClosed(channel: number): void {
    this.#control({ type: 'closed', channel });
  }

  accept(): void {
    this.#accepted = true;
    this.#control({ type: 'accept' });
  }

  ping(): void {
    this.#control({ type: 'ping' });
  }

  pong(): void {
    this.#control({ type: 'pong' });
  }

  flush(): void {
    if (this.#open.length === 0 || this.ended) return;
    const record = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    this.records.push(record);
    this.onFlush?.(record);
    if (!this.#answersPings) return;
    for (const { type } of record) if (type === 'ping') this.#answer();
  }

  pause(): void {
    // Credit does what this would do.
  }

  close(reason: ByeReason): void {
    if (this.ended) return;
    this.closedFor ??= reason;
    this.#control({ type: 'bye', reason });
    this.flush();
    this.end();
  }

  /** It ends: with an error, the connection broke or the peer said goodbye. */
  end(error?: RxmeshError): void {
    if (this.ended) return;
    this.ended = true;
    this.hand((receiver) => receiver.ended(error));
  }

  /** Calls the receiver, and notes what it throws. */
  hand(call: (receiver: LinkReceiver) => void): void {
    try {
      if (this.#receiver !== undefined) call(this.#receiver);
    } catch (fault) {
      this.faults.push(fault);
      throw fault;
    }
  }

  /** A record of the peer arrives. */
  arrive(...packets: FakePacket[]): void {
    for (const packet of packets) if (!this.ended) this.hand((to) => handOver(packet, to, this));
    if (!this.ended) this.hand((receiver) => receiver.recordEnd());
  }

  /** What was flushed since the last call, as text: see `packetText`. */
  take(): string[] {
    return this.records.splice(0).flat().map(packetText);
  }

  toString(): string {
    return 'fake link';
  }

  #answer(): void {
    if (!this.ended) this.hand((receiver) => receiver.pong());
  }

  #control(packet: FakePacket): void {
    if (this.ended) return;
    if (this.#recordBytesMax - this.#openBytes < controlBytes) this.flush();
    this.#openBytes += controlBytes;
    this.#open.push(packet);
  }

  #add(packet: FakePacket, payloadBytes: number): void {
    const bytes = this.#openBytes + dataHeaderBytes + payloadBytes;
    if (bytes > this.#recordBytesMax) throw new RangeError(`a record of ${bytes} bytes`);
    this.#openBytes = bytes;
    this.#open.push(packet);
  }
}

function handOver(packet: FakePacket, to: LinkReceiver, link: FakeLink): void {
  switch (packet.type) {
    case 'data':
      to.data(packet.channel, packet.bytes, packet.last);
      break;
    case 'credit':
      to.credit(packet.channel, packet.messages, packet.bytes);
      break;
    case 'limit':
      to.messageLimit(packet.channel, packet.bytes);
      break;
    case 'closed':
      to.channelClosed(packet.channel);
      break;
    case 'accept':
      to.accepted();
      break;
    case 'ping':
      to.ping();
      break;
    case 'pong':
      to.pong();
      break;
    case 'bye':
      link.end(new RxmeshError('RXMESH_CONNECTION_CLOSED', packet.reason));
  }
}

/** A piece of a message of these bytes, by default the last. */
export function data(channel: number, values: readonly number[], last = true): FakePacket {
  return { type: 'data', channel, bytes: Uint8Array.from(values), last };
}

/** So many messages more are welcome, and bytes of them; by default more bytes than matter. */
export function credit(channel: number, messages: number, bytes = 2 ** 30): FakePacket {
  return { type: 'credit', channel, messages, bytes };
}

/** The channel is closed there. */
export function closed(channel: number): FakePacket {
  return { type: 'closed', channel };
}

/**
 * `credit 7 64 1000`, `data 7 0102ff` (more of it comes), `data 7 03 last`, `closed 7`, `accept`,
 * `bye done`.
 */
function packetText(packet: FakePacket): string {
  switch (packet.type) {
    case 'data':
      return ['data', packet.channel, toHex(packet.bytes), ...(packet.last ? ['last'] : [])].join(
        ' ',
      );
    case 'credit':
      return `credit ${packet.channel} ${packet.messages} ${packet.bytes}`;
    case 'limit':
      return `limit ${packet.channel} ${packet.bytes}`;
    case 'closed':
      return `closed ${packet.channel}`;
    case 'bye':
      return `bye ${packet.reason}`;
    default:
      return packet.type;
  }
}

/** Two links that are joined: what the one flushes arrives at the other when the test says so. */
export class JoinedLinks {
  readonly a: FakeLink;
  readonly b: FakeLink;
  readonly #flights: { readonly a: FakePacket[][]; readonly b: FakePacket[][] } = { a: [], b: [] };
  readonly #windowRecords: number;

  /**
   * @param windowRecords records that may be under way while a side is writable
   */
  constructor(options: FakeLinkOptions = {}, windowRecords = 4) {
    this.#windowRecords = windowRecords;
    this.a = new FakeLink({ ...options, answersPings: false });
    this.b = new FakeLink({ ...options, answersPings: false });
    this.a.onFlush = (record) => this.#fly('b', record);
    this.b.onFlush = (record) => this.#fly('a', record);
  }

  /** Packets on the way to a side. */
  inFlight(to: 'a' | 'b'): FakePacket[] {
    return this.#flights[to].flat();
  }

  /** The record that is on the way to `to` for longest arrives. False if there is none. */
  deliver(to: 'a' | 'b'): boolean {
    const record = this.#flights[to].shift();
    if (record === undefined) return false;
    this[to].arrive(...record);
    const from = this[to === 'a' ? 'b' : 'a'];
    if (this.#flights[to].length < this.#windowRecords) from.writable = true;
    return true;
  }

  /** Everything that is on its way is lost, and both sides notice. */
  cut(): void {
    const error = new RxmeshError('RXMESH_CONNECTION_FAILED', 'cut');
    this.a.end(error);
    this.b.end(error);
    this.#flights.a.length = 0;
    this.#flights.b.length = 0;
  }

  #fly(to: 'a' | 'b', record: FakePacket[]): void {
    this.#flights[to].push(record);
    if (this.#flights[to].length >= this.#windowRecords) {
      this[to === 'a' ? 'b' : 'a'].writable = false;
    }
  }
}
