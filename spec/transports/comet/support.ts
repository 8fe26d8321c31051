import { Identity } from '../../../lib/model/identity.ts';
import type { NodeId } from '../../../lib/model/id.ts';
import type { NodeInfo } from '../../../lib/model/node-info.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import type { Link } from '../../../lib/transport/link.ts';
import type { Self } from '../../../lib/transport/transport.ts';
import { CometConnection } from '../../../transports/comet/comet-connection.ts';
import { limitsOf, type LinkLimits } from '../../../transports/comet/options.ts';
import { OpenRecords } from '../../../transports/comet/records.ts';
import { type CometPeer, SecretHandshake } from '../../../transports/comet/secret-handshake.ts';
import { Recorder, seeds } from '../../support/secure.ts';
import { SocketPair, type TestSocket } from '../../support/frame-socket-pair.ts';

/** A node with these channels. */
export function selfWith(seed: Uint8Array, changes: Partial<NodeInfo> = {}): Self {
  const identity = Identity.fromSeed(seed);
  const nodeInfo: NodeInfo = {
    protocolVersion: { p2p: 2, block: 11, app: 0 },
    nodeId: identity.id,
    listenAddress: '',
    network: 'test-chain',
    version: '1.0.0',
    channels: [0, 0x20, 0x22],
    moniker: 'tester',
    other: { txIndex: '', rpcAddress: '' },
    features: [],
    addresses: [],
    ...changes,
  };
  return { identity, nodeInfo };
}

export const selfA: Self = selfWith(seeds.a.identity);
export const selfB: Self = selfWith(seeds.b.identity);

/** How a handshake turned out. */
export interface Outcome {
  link?: Link;
  error?: unknown;
}

/** Starts the handshake of one side. */
export function shake(
  socket: TestSocket,
  self: Self,
  clock: VirtualClock,
  options: { readonly expected?: NodeId; readonly limits?: Partial<LinkLimits> } = {},
): Outcome {
  const outcome: Outcome = {};
  const announced = { p2pVersion: 8, endpoints: [] };
  const limits = limitsOf(options.limits ?? {});
  new CometConnection(socket, { limits, clock, announced: () => announced })
    .handshake(self, options.expected)
    .subscribe({
      next: (link) => (outcome.link = link),
      error: (error: unknown) => (outcome.error = error),
    });
  return outcome;
}

export function linkOf({ link, error }: Outcome): Link {
  if (link === undefined) throw new Error(`no link: ${String(error)}`);
  return link;
}

/** Two links, and what they hear. */
export interface Linked {
  readonly pair: SocketPair;
  readonly clock: VirtualClock;
  readonly a: Link;
  readonly b: Link;
  readonly atA: Recorder;
  readonly atB: Recorder;
}

/** Two links, attached and accepted on both sides. The records are cleared. */
export function linked(limits: Partial<LinkLimits> = { flushMs: 0 }): Linked {
  const [pair, clock] = [new SocketPair(), new VirtualClock()];
  const outcomes = [
    shake(pair.dialer, selfA, clock, { limits }),
    shake(pair.listener, selfB, clock, { limits }),
  ] as const;
  pair.settle();
  const [a, b] = [linkOf(outcomes[0]), linkOf(outcomes[1])];
  const [atA, atB] = [new Recorder(), new Recorder()];
  a.attach(atA);
  b.attach(atB);
  for (const link of [a, b]) {
    link.accept();
    link.flush();
  }
  pair.settle();
  atA.heard.length = atB.heard.length = 0;
  return { pair, clock, a, b, atA, atB };
}

/** A peer without manners: does the handshake as a dialer, and then sends what the test says. */
export class RawPeer {
  readonly pair: SocketPair = new SocketPair();
  readonly clock: VirtualClock = new VirtualClock();
  readonly heard: Recorder = new Recorder();
  readonly link: Link;
  readonly #peer: CometPeer;
  /** What has arrived, decrypted. */
  readonly arrived: number[] = [];

  /**
   * @param accepts whether the peer sends a ping, by which it accepts the link
   * @param attaches whether the link gets its receiver
   */
  constructor(limits: Partial<LinkLimits> = { flushMs: 0 }, accepts = true, attaches = true) {
    const outcome = shake(this.pair.listener, selfB, this.clock, { limits });
    const handshake = new SecretHandshake({ self: selfA, direction: 'outbound' });
    this.pair.dialer.send(handshake.first);
    const peers: CometPeer[] = [];
    this.pair.dialer.frames$.subscribe((piece) => {
      const [known] = peers;
      if (known !== undefined) {
        this.arrived.push(...known.reader.read(piece));
        return;
      }
      const { send, peer } = handshake.take(piece);
      if (send !== undefined) this.pair.dialer.send(send);
      if (peer !== undefined) peers.push(peer);
    });
    this.pair.settle();
    const [peer] = peers;
    if (peer === undefined) throw new Error(`no peer: ${String(outcome.error)}`);
    this.#peer = peer;
    this.link = linkOf(outcome);
    if (attaches) {
      this.link.attach(this.heard);
      this.link.accept();
      this.link.flush();
    }
    if (accepts) this.send(Uint8Array.of(2, 0x0a, 0));
    this.heard.heard.length = 0;
    this.pair.settle();
    this.arrived.length = 0;
  }

  /** Sends bytes of the stream in records of their own. */
  send(bytes: Uint8Array): void {
    const records = new OpenRecords();
    records.write(bytes, 0, bytes.length);
    this.pair.dialer.send(records.seal(this.#peer.cipher));
    this.pair.settle();
  }

  /** Sends a sealed frame, whatever is in it. */
  sendFrame(frame: Uint8Array): void {
    this.pair.dialer.send(this.#peer.cipher.seal(frame));
    this.pair.settle();
  }
}

/** A message packet, delimited. */
export function messagePacket(channel: number, data: Uint8Array, last: boolean): Uint8Array {
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
  const message = [
    ...(channel === 0 ? [] : [0x08, ...varint(channel)]),
    ...(last ? [0x10, 1] : []),
    ...(data.length === 0 ? [] : [0x1a, ...varint(data.length), ...data]),
  ];
  const packet = [0x1a, ...varint(message.length), ...message];
  return Uint8Array.from([...varint(packet.length), ...packet]);
}
