import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { type NodeId, uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { ByeReason, Link, LinkReceiver } from '../../lib/transport/link.ts';

/** A node ID of one hex digit. */
export const fakeId = (digit: string): NodeId => uncheckedNodeId(digit.repeat(40));

const endpoint: Endpoint = { protocol: 'fake', path: 'somewhere' };

/** What a node may announce about itself. */
export function fakeNodeInfo(nodeId: NodeId, changes: Partial<NodeInfo> = {}): NodeInfo {
  return {
    protocolVersion: { p2p: 0, block: 0, app: 0 },
    nodeId,
    listenAddress: '',
    network: 'fake',
    version: '',
    channels: [],
    moniker: 'fake',
    other: { txIndex: '', rpcAddress: '' },
    features: [],
    addresses: [],
    ...changes,
  };
}

/** The peer at the other end of a link, if that matters. */
export type FakePeer = Partial<Pick<Link, 'nodeInfo' | 'publicKey'>>;

/** What one end of a link says to the other about the link itself. */
export type LinkWord =
  { readonly type: 'accept' } | { readonly type: 'bye'; readonly reason: ByeReason };

/**
 * One end of a link without a wire. Its creator decides when the other end's words arrive: they
 * come in through `hear` and wait until there is a receiver. It carries no messages.
 */
export class FakeLinkEnd implements Link {
  /** How often it was asked to ping. */
  pings = 0;
  /** Whether the other end answers a ping immediately. */
  answersPings = false;
  readonly direction: Direction;
  readonly local: Endpoint = endpoint;
  readonly remote: Endpoint = endpoint;
  readonly nodeInfo: NodeInfo;
  readonly publicKey: Uint8Array;
  readonly hasCredit = true;
  readonly fragmentBytesMax = 1024;
  readonly room = 65_536;
  /** The arguments of the first `close`. */
  closedWith: { readonly reason: ByeReason; readonly text?: string } | undefined;
  /** Called immediately with what this end says. Does nothing by default. */
  say: (word: LinkWord) => void = () => undefined;
  ended = false;
  readonly #held: (() => void)[] = [];
  #receiver: LinkReceiver | undefined;

  constructor(direction: Direction = 'inbound', peer: FakePeer = {}) {
    this.direction = direction;
    this.nodeInfo = peer.nodeInfo ?? fakeNodeInfo(fakeId('f'));
    this.publicKey = peer.publicKey ?? new Uint8Array(32);
  }

  get writable(): boolean {
    return !this.ended;
  }

  get closed(): boolean {
    return this.ended;
  }

  attach(receiver: LinkReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError('attach must be called once');
    this.#receiver = receiver;
    if (this.ended) receiver.ended();
    for (const deliver of this.#held.splice(0)) deliver();
  }

  accept(): void {
    if (!this.ended) this.say({ type: 'accept' });
  }

  close(reason: ByeReason, text?: string): void {
    if (this.ended) return;
    this.closedWith = { reason, ...(text !== undefined && { text }) };
    this.#end();
    this.say({ type: 'bye', reason });
  }

  /** The other end has said something. */
  hear(word: LinkWord): void {
    if (word.type === 'accept') {
      this.#deliver((receiver) => receiver.accepted());
      return;
    }
    const duplicate = word.reason === 'duplicate';
    const code = duplicate ? 'RXMESH_DUPLICATE_CONNECTION' : 'RXMESH_PEER_REFUSED';
    this.#deliver(() => this.#end(new RxmeshError(code, `the peer said ${word.reason}`)));
  }

  /** The wire has broken. */
  break(): void {
    this.#deliver(() => this.#end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'it broke')));
  }

  data(): void {
    throw new Error('this link carries no messages');
  }
  credit(): void {
    throw new Error('this link knows no channels');
  }
  messageLimit(): void {
    throw new Error('this link knows no channels');
  }
  channelClosed(): void {
    throw new Error('this link knows no channels');
  }
  ping(): void {
    this.pings += 1;
    if (!this.answersPings) return;
    this.#receiver?.pong();
    this.#receiver?.recordEnd();
  }
  pong(): void {
    throw new Error('nobody pings here');
  }
  flush(): void {
    // What it says is sent immediately.
  }
  pause(): void {
    throw new Error('this link is not paused');
  }

  toString(): string {
    return `fake link, ${this.direction}`;
  }

  #deliver(work: (receiver: LinkReceiver) => void): void {
    if (this.ended) return;
    if (this.#receiver === undefined) this.#held.push(() => this.#deliver(work));
    else work(this.#receiver);
  }

  #end(error?: RxmeshError): void {
    if (this.ended) return;
    this.ended = true;
    this.#receiver?.ended(error);
  }
}
