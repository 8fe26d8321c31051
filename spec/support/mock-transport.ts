import { NEVER, Observable, of, Subject } from 'rxjs';
import type { Endpoint, Identity, RxmeshError, Transport } from '../../lib/index.ts';
import type { Direction } from '../../lib/model/direction.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../../lib/transport/link.ts';
import type { Connection } from '../../lib/transport/transport.ts';

const here: Endpoint = { protocol: 'mock', path: 'here' };
const there: Endpoint = { protocol: 'mock', path: 'there' };

/** What a well-behaved peer announces about itself on the network `demo`. */
export function nodeInfoOf({ id }: Identity, changes: Partial<NodeInfo> = {}): NodeInfo {
  return {
    protocolVersion: { p2p: 1, block: 0, app: 0 },
    nodeId: id,
    listenAddress: '',
    network: 'demo',
    version: '',
    channels: [],
    moniker: 'mock',
    other: { txIndex: '', rpcAddress: '' },
    features: [],
    addresses: [],
    ...changes,
  };
}

/** A transport controlled by the test: `arrive` and `incoming` for inbound, `answer` for dials. */
export class MockTransport implements Transport {
  readonly protocols: readonly string[];
  readonly endpoints: readonly Endpoint[] = [here];
  readonly endpoints$: Observable<readonly Endpoint[]> = of([here]);
  /** The source of `incoming$`. */
  readonly incoming = new Subject<Connection>();
  /** How often `incoming$` was subscribed. */
  accepts = 0;
  /** Active subscriptions of `incoming$` and dials in progress. */
  live = 0;
  /** Every endpoint dialed, in order. */
  readonly dials: Endpoint[] = [];
  closed = false;
  /** The outcome of a dial. By default it hangs. */
  answer: (endpoint: Endpoint) => Observable<Connection> = () => NEVER;

  constructor(protocols: readonly string[] = ['mock']) {
    this.protocols = protocols;
  }

  readonly incoming$: Observable<Connection> = new Observable((subscriber) => {
    this.accepts += 1;
    this.live += 1;
    subscriber.add(() => (this.live -= 1));
    this.incoming.subscribe(subscriber);
  });

  dial(endpoint: Endpoint): Observable<Connection> {
    return new Observable((subscriber) => {
      this.dials.push(endpoint);
      this.live += 1;
      subscriber.add(() => (this.live -= 1));
      this.answer(endpoint).subscribe(subscriber);
    });
  }

  close(): void {
    this.closed = true;
  }

  toString(): string {
    return 'mock';
  }
}

/** A connection whose handshake gives what the test provides. By default it hangs. */
export class MockConnection implements Connection {
  readonly direction: Direction;
  readonly local = here;
  readonly remote: Endpoint;
  handshakes = 0;
  readonly #link$: Observable<MockLink>;
  #link: MockLink | undefined;
  #closed = false;

  constructor(direction: Direction, link$: Observable<MockLink> = NEVER, remote = there) {
    this.direction = direction;
    this.remote = remote;
    this.#link$ = link$;
  }

  /** Closed by a call, by a cancelled handshake, or with its link. */
  get closed(): boolean {
    return this.#closed || this.#link?.isEnded === true;
  }

  handshake(): Observable<Link> {
    return new Observable((subscriber) => {
      this.handshakes += 1;
      subscriber.add(() => (this.#closed ||= this.#link === undefined));
      this.#link$.subscribe({
        next: (link) => {
          this.#link = link;
          subscriber.next(link);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
  }

  close(): void {
    this.#closed = true;
  }
}

/** The peer of a mock link. */
export interface MockPeer {
  readonly direction?: Direction;
  readonly nodeInfo: NodeInfo;
  readonly publicKey: Uint8Array;
  /** Its endpoint. */
  readonly remote?: Endpoint;
  /** Whether the peer accepts us when we accept it. Default true. */
  readonly accepts?: boolean;
  /** The channels that the peer has open, with credit for 100 messages each. */
  readonly opens?: readonly number[];
}

/** A link that records what is written to it; the test plays the peer through `receiver`. */
export class MockLink implements Link {
  readonly direction: Direction;
  readonly local = here;
  readonly remote: Endpoint;
  readonly nodeInfo: NodeInfo;
  readonly publicKey: Uint8Array;
  readonly hasCredit = true;
  readonly fragmentBytesMax = 1024;
  readonly writable = true;
  readonly room = 65_536;
  /** The packets written, as text. */
  readonly written: string[] = [];
  /** Why this side closed it. */
  closedFor: ByeReason | undefined;
  isEnded = false;
  receiver: LinkReceiver | undefined;
  readonly #accepts: boolean;
  readonly #opens: readonly number[];

  constructor({ direction = 'inbound', nodeInfo, publicKey, remote, accepts, opens }: MockPeer) {
    this.direction = direction;
    this.remote = remote ?? there;
    this.nodeInfo = nodeInfo;
    this.publicKey = publicKey;
    this.#accepts = accepts ?? true;
    this.#opens = opens ?? [];
  }

  attach(receiver: LinkReceiver): void {
    this.receiver = receiver;
    for (const channel of this.#opens) receiver.credit(channel, 100, 100_000);
  }

  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const piece = Buffer.from(bytes.subarray(start, end)).toString('hex');
    this.written.push(`data ${channel} ${piece}${last ? ' last' : ''}`);
  }

  credit(channel: number, messages: number, bytes: number): void {
    this.written.push(`credit ${channel} ${messages} ${bytes}`);
  }

  messageLimit(channel: number, bytes: number): void {
    this.written.push(`limit ${channel} ${bytes}`);
  }

  channelClosed(channel: number): void {
    this.written.push(`closed ${channel}`);
  }

  accept(): void {
    this.written.push('accept');
    if (this.#accepts) this.receiver?.accepted();
  }

  ping(): void {
    this.written.push('ping');
  }

  pong(): void {
    this.written.push('pong');
  }

  flush(): void {
    // Everything counts as written immediately.
  }

  pause(): void {
    // There is nothing to pause: the test decides what arrives.
  }

  close(reason: ByeReason): void {
    this.closedFor ??= reason;
    this.#end();
  }

  /** The connection breaks, or the peer says goodbye. */
  end(error: RxmeshError): void {
    this.#end(error);
  }

  get closed(): boolean {
    return this.isEnded;
  }

  toString(): string {
    return 'mock link';
  }

  #end(error?: RxmeshError): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.receiver?.ended(error);
  }
}
