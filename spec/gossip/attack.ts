import { block, type Channel, Identity, type NodeId } from 'rxmesh';
import type { GossipOptions } from 'rxmesh/gossip';
import { Frame, kinds } from '../../lib/gossip/frame.ts';
import { frameCodec } from '../../lib/gossip/frame-codec.ts';
import { digestOf, signatureOf } from '../../lib/gossip/signing.ts';
import { line, Stage } from './stage.ts';

/** A message as bytes. */
export const text = (message: string): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(message));

/** A frame with a message. Fields may be forged afterwards. */
export function messageOf(
  origin: Identity,
  payload: Uint8Array,
  fields: Partial<Frame> = {},
): Frame {
  const frame = new Frame(kinds.message);
  Object.assign(frame, { key: origin.publicKey, payload, seq: 1, ...fields });
  frame.signature = signatureOf(origin, digestOf(frame, 9));
  return frame;
}

/** Node 1 gossips. Node 0 has a plain channel, and sends it frames. */
export class Attack {
  readonly stage: Stage;
  readonly channel: Channel<Frame>;
  readonly received: Frame[] = [];
  readonly origin = Identity.fromSeed(new Uint8Array(32).fill(5));

  /** @param greets whether node 0 says that it wants all topics */
  constructor(options: Partial<GossipOptions<string>> = {}, nodes = 2, greets = true) {
    this.stage = new Stage({ nodes, links: line(nodes), gossip: () => options });
    this.stage.gossip(0).close();
    this.channel = this.stage.net
      .node(0)
      .router.openChannel({ id: 9, codec: frameCodec, inbound: block(4_096) });
    this.channel.in$.subscribe(({ message }) => this.received.push(message));
    this.stage.start();
    if (greets) this.greet();
  }

  greet(): void {
    this.send(Object.assign(new Frame(kinds.hello), { version: 1, isAll: true }));
  }

  get victim(): NodeId {
    return this.stage.net.node(1).id;
  }

  /** The date at the victim. */
  get dateMs(): number {
    return this.stage.net.now();
  }

  send(...frames: readonly Frame[]): void {
    for (const message of frames) this.channel.out.next({ to: this.victim, message });
    this.stage.net.advance(50);
  }

  /** How the victim has reported node 0: severity and reason. */
  get reports(): readonly string[] {
    return this.stage
      .events('peer-reported', 1)
      .map((event) => (event.type === 'peer-reported' ? event : undefined))
      .map((event) => `${event?.severity ?? ''}: ${event?.error.message ?? ''}`);
  }

  get isConnected(): boolean {
    return this.stage.net.node(1).up.has(this.stage.net.node(0).id);
  }
}
