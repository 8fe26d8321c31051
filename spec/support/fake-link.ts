import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../../lib/transport/link.ts';

/** A node ID of one hex digit. */
export const fakeId = (digit: string): NodeId => digit.repeat(40);

const endpoint: Endpoint = { protocol: 'fake', path: 'somewhere' };

const nobody: NodeInfo = {
  protocolVersion: { p2p: 0, block: 0, app: 0 },
  nodeId: fakeId('f'),
  listenAddress: '',
  network: 'fake',
  version: '',
  channels: [],
  moniker: 'fake',
  other: { txIndex: '', rpcAddress: '' },
  features: [],
};

/** What one end of a fake link says to the other. */
export type FakeWord =
  { readonly type: 'accept' } | { readonly type: 'bye'; readonly reason: ByeReason };

/**
 * One end of a link without a wire. What it says goes to `say`; what the other end says comes in by
 * `hear`, and waits until there is a receiver. It carries no messages.
 */
export class FakeLink implements Link {
  readonly direction: Direction;
  readonly local: Endpoint = endpoint;
  readonly remote: Endpoint = endpoint;
  readonly nodeInfo: NodeInfo = nobody;
  readonly publicKey: Uint8Array = new Uint8Array(32);
  readonly hasCredit = true;
  readonly fragmentBytesMax = 1024;
  readonly room = 65_536;
  /** What `close` was first called with. */
  closedWith: { readonly reason: ByeReason; readonly text?: string } | undefined;
  /** Hears what this end says, at once. */
  say: (word: FakeWord) => void;
  readonly #held: (() => void)[] = [];
  #receiver: LinkReceiver | undefined;
  #ended = false;

  constructor(direction: Direction, say: (word: FakeWord) => void = () => undefined) {
    this.direction = direction;
    this.say = say;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get writable(): boolean {
    return !this.#ended;
  }

  attach(receiver: LinkReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError('attach was called before');
    this.#receiver = receiver;
    if (this.#ended) receiver.ended();
    for (const deliver of this.#held.splice(0)) deliver();
  }

  accept(): void {
    if (!this.#ended) this.say({ type: 'accept' });
  }

  close(reason: ByeReason, text?: string): void {
    if (this.#ended) return;
    this.closedWith = { reason, ...(text !== undefined && { text }) };
    this.#end();
    this.say({ type: 'bye', reason });
  }

  /** The other end has said something. */
  hear(word: FakeWord): void {
    if (word.type === 'accept') this.#deliver((receiver) => receiver.accepted());
    else {
      const code =
        word.reason === 'duplicate' ? 'RXMESH_DUPLICATE_CONNECTION' : 'RXMESH_PEER_REFUSED';
      this.#deliver(() => this.#end(new RxmeshError(code, `the peer said ${word.reason}`)));
    }
  }

  /** The wire has broken. */
  break(): void {
    this.#deliver(() => this.#end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'it broke')));
  }

  data(): void {
    throw new Error('a fake link carries no messages');
  }
  credit(): void {
    throw new Error('a fake link knows no channels');
  }
  channelClosed(): void {
    throw new Error('a fake link knows no channels');
  }
  ping(): void {
    throw new Error('nobody pings a fake link');
  }
  pong(): void {
    throw new Error('nobody pings a fake link');
  }
  flush(): void {
    // What it says is out at once.
  }
  pause(): void {
    throw new Error('a fake link is not paused');
  }

  toString(): string {
    return `fake link, ${this.direction}`;
  }

  #deliver(work: (receiver: LinkReceiver) => void): void {
    if (this.#ended) return;
    if (this.#receiver === undefined) this.#held.push(() => this.#deliver(work));
    else work(this.#receiver);
  }

  #end(error?: RxmeshError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#receiver?.ended(error);
  }
}

/** A fake link whose other end the test plays; the peer's, unless `direction` says otherwise. */
export function fakeLink(direction: Direction = 'inbound'): FakeLink {
  return new FakeLink(direction);
}
