import { Identity } from '../../lib/model/identity.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import type { PacketHandler } from '../../lib/secure/packet-parser.ts';
import type { Link, LinkReceiver } from '../../lib/transport/link.ts';
import type { Connection, Self } from '../../lib/transport/transport.ts';
import { secureAccept, type SecureConnectionOptions, secureDial } from '../../lib/secure/index.ts';
import { SocketPair, type TestSocket } from './frame-socket-pair.ts';

/** The keys of `secret-connection-vectors.json`: a dials, b listens. */
export const seeds: Readonly<Record<'a' | 'b', { ephemeral: Uint8Array; identity: Uint8Array }>> = {
  a: { ephemeral: new Uint8Array(32).fill(0x11), identity: new Uint8Array(32).fill(0xa1) },
  b: { ephemeral: new Uint8Array(32).fill(0x22), identity: new Uint8Array(32).fill(0xb2) },
};

export function selfOf(identitySeed: Uint8Array, changes: Partial<NodeInfo> = {}): Self {
  const identity = Identity.fromSeed(identitySeed);
  const nodeInfo: NodeInfo = {
    protocolVersion: { p2p: 8, block: 11, app: 1 },
    nodeId: identity.id,
    listenAddress: 'ws://192.0.2.1:4000',
    network: 'demo',
    version: '0.1.0',
    channels: [0x10, 0x20, 0x1234],
    moniker: 'tester',
    other: { txIndex: 'on', rpcAddress: '127.0.0.1:26657' },
    features: ['pex', 'zip'],
    addresses: ['ws://192.0.2.1:4000', 'wss://a.test/p2p'],
    ...changes,
  };
  return { identity, nodeInfo };
}

export const selfA: Self = selfOf(seeds.a.identity);
export const selfB: Self = selfOf(seeds.b.identity, {
  listenAddress: '',
  channels: [],
  moniker: 'b',
  features: [],
  addresses: [],
});

/** Records what it hears, in order, as text; `onData` may call back into the link. */
export class Recorder implements LinkReceiver, PacketHandler {
  readonly heard: string[] = [];
  readonly views: Uint8Array[] = [];
  stopped = false;
  error: RxmeshError | undefined;
  onData: () => void = () => undefined;

  data(channel: number, bytes: Uint8Array, last: boolean): void {
    this.views.push(bytes);
    this.heard.push(`data ${channel} ${Buffer.from(bytes).toString('hex')}${last ? ' last' : ''}`);
    this.onData();
  }
  credit(channel: number, messages: number, bytes: number): void {
    this.heard.push(`credit ${channel} ${messages} ${bytes}`);
  }
  messageLimit(channel: number, bytes: number): void {
    this.heard.push(`limit ${channel} ${bytes}`);
  }
  channelClosed(channel: number): void {
    this.heard.push(`closed ${channel}`);
  }
  accept(): void {
    this.heard.push('accept');
  }
  accepted(): void {
    this.heard.push('accepted');
  }
  ping(): void {
    this.heard.push('ping');
  }
  pong(readAtMs?: number): void {
    this.heard.push(readAtMs === undefined ? 'pong' : `pong ${readAtMs}`);
  }
  bye(reason: string, text: string): void {
    this.heard.push(`bye ${reason} ${text}`);
    this.stopped = true;
  }
  drained(): void {
    this.heard.push('drained');
  }
  recordEnd(): void {
    this.heard.push('end of record');
  }
  ended(error?: RxmeshError): void {
    this.error = error;
    this.heard.push(error === undefined ? 'ended' : `ended ${error.code}`);
  }
}

/** The state of a handshake. */
export interface Outcome {
  link?: Link;
  error?: unknown;
  completed: boolean;
  readonly unsubscribe: () => void;
}

/** A connection on one side of a pair. The dialer's hello goes to the other side immediately. */
export function connectionOn(
  socket: TestSocket,
  options: SecureConnectionOptions = {},
): Connection {
  if (socket.direction === 'inbound') return secureAccept(socket, socket.hello, options);
  const dial = secureDial(options);
  socket.hello = dial.hello;
  if (socket.other !== undefined) socket.other.hello = dial.hello;
  return dial.connect(socket);
}

/** Starts the handshake of one side and records its state. The dialing side comes first. */
export function shake(
  socket: TestSocket,
  self: Self,
  options: SecureConnectionOptions & { readonly expected?: NodeId } = {},
): Outcome {
  const outcome: Outcome = { completed: false, unsubscribe: () => subscription.unsubscribe() };
  const subscription = connectionOn(socket, options)
    .handshake(self, options.expected)
    .subscribe({
      next: (link) => (outcome.link = link),
      error: (error: unknown) => (outcome.error = error),
      complete: () => (outcome.completed = true),
    });
  return outcome;
}

/** The link of a successful handshake. */
export function linkOf(outcome: Outcome): Link {
  if (outcome.link === undefined) throw new Error(`no link: ${String(outcome.error)}`);
  return outcome.link;
}

/** Two nodes with a link between them, dialed by a. */
export function connect(protection: 'encrypted' | 'proven' | 'trusted' = 'encrypted'): {
  pair: SocketPair;
  a: Link;
  b: Link;
} {
  const pair = new SocketPair();
  const a = shake(pair.dialer, selfA, { protection });
  const b = shake(pair.listener, selfB, { protection });
  pair.settle();
  return { pair, a: linkOf(a), b: linkOf(b) };
}
