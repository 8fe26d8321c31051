import { fakeNodeInfo } from './fake-link-end.ts';
import { toHex } from '../../lib/model/hex.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../../lib/transport/link.ts';

/** The limits of a fake link; the defaults are generous. */
export interface FakeLinkOptions {
  /** Default true. */
  readonly hasCredit?: boolean;
  /** Bytes of a record, including packet headers. Default 65,536. */
  readonly recordBytesMax?: number;
  /** Default: what fits an empty record. */
  readonly fragmentBytesMax?: number;
  /** Whether the peer reads what is flushed immediately, as its pongs show. Default true. */
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

/** The maximum length of type, channel and length in front of a payload. */
const dataHeaderBytes = 7;
const controlBytes = 14;

/**
 * A link that records what is written to it, and enforces the contract of `Link` on its writer: it
 * throws on data before the accept, and on what does not fit. The test plays the peer through
 * `receiver`, or joins two links with `joinLinks`.
 */
export class FakeLink implements Link {
  readonly direction = 'outbound';
  readonly local: Endpoint = { protocol: 'fake', path: 'here' };
  readonly remote: Endpoint = { protocol: 'fake', path: 'there' };
  readonly nodeInfo: NodeInfo = fakeNodeInfo(uncheckedNodeId(''));
  readonly publicKey: Uint8Array = new Uint8Array(32);
  readonly hasCredit: boolean;
  readonly fragmentBytesMax: number;

  /** Every record that was flushed. */
  readonly records: FakePacket[][] = [];
  /** Called with each record immediately. */
  onFlush: ((record: FakePacket[]) => void) | undefined;
  /** Why this side closed it. */
  closedFor: ByeReason | undefined;
  ended = false;
  /** Bytes that have arrived, if the test sets them. */
  arrivedBytes: number | undefined;
  /** Whether its socket remains after the end, as it does while the peer reads. */
  lingers = false;
  /** How often the receiver threw, which it must not do. */
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
    this.hasCredit = options.hasCredit ?? true;
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
    // Credit would have the same effect.
  }

  close(reason: ByeReason): void {
    if (this.ended) return;
    this.closedFor ??= reason;
    this.#control({ type: 'bye', reason });
    this.flush();
    this.end();
  }

  /** Ends the link. With an error the connection broke, otherwise the peer said goodbye. */
  end(error?: RxmeshError): void {
    if (this.ended) return;
    this.ended = true;
    this.hand((receiver) => receiver.ended(error));
  }

  /** Calls the receiver, and records what it throws. */
  hand(call: (receiver: LinkReceiver) => void): void {
    try {
      if (this.#receiver !== undefined) call(this.#receiver);
    } catch (fault) {
      this.faults.push(fault);
      throw fault;
    }
  }

  /** A record from the peer arrives. */
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

/** A piece of a message with these bytes, by default the last piece. */
export function data(channel: number, values: readonly number[], last = true): FakePacket {
  return { type: 'data', channel, bytes: Uint8Array.from(values), last };
}

/** Credit for that many more messages and bytes; by default more bytes than matter. */
export function credit(channel: number, messages: number, bytes = 2 ** 30): FakePacket {
  return { type: 'credit', channel, messages, bytes };
}

/** The peer has closed the channel. */
export function closed(channel: number): FakePacket {
  return { type: 'closed', channel };
}

/**
 * `credit 7 64 1000`, `data 7 0102ff` (with more to come), `data 7 03 last`, `closed 7`, `accept`,
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

/** Two joined links: what one flushes arrives at the other when the test says so. */
export class JoinedLinks {
  readonly a: FakeLink;
  readonly b: FakeLink;
  readonly #flights: { readonly a: FakePacket[][]; readonly b: FakePacket[][] } = { a: [], b: [] };
  readonly #windowRecords: number;

  /** @param windowRecords records that may be in transit while a side is writable */
  constructor(options: FakeLinkOptions = {}, windowRecords = 4) {
    this.#windowRecords = windowRecords;
    this.a = new FakeLink({ ...options, answersPings: false });
    this.b = new FakeLink({ ...options, answersPings: false });
    this.a.onFlush = (record) => this.#fly('b', record);
    this.b.onFlush = (record) => this.#fly('a', record);
  }

  /** Packets in transit to a side. */
  inFlight(to: 'a' | 'b'): FakePacket[] {
    return this.#flights[to].flat();
  }

  /** Delivers the oldest record in transit to `to`. Returns false if there is none. */
  deliver(to: 'a' | 'b'): boolean {
    const record = this.#flights[to].shift();
    if (record === undefined) return false;
    this[to].arrive(...record);
    const from = this[to === 'a' ? 'b' : 'a'];
    if (this.#flights[to].length < this.#windowRecords) from.writable = true;
    return true;
  }

  /** Everything in transit is lost, and both sides notice. */
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
