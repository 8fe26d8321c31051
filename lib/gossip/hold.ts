import type { NodeId } from '../index.ts';
import type { Context } from './context.ts';
import type { Frame } from './frame.ts';
import { frameCodec } from './frame-codec.ts';
import type { Held } from './message-store.ts';
import type { Digest } from './signing.ts';

/**
 * Stores a message, as it is passed on. `from` is the neighbour that is known to have it: undefined
 * for an own message.
 */
export function hold(
  { store, leads, clock }: Pick<Context, 'store' | 'leads' | 'clock'>,
  frame: Frame,
  { id }: Digest,
  origin: NodeId,
  from: NodeId | undefined,
): Held {
  const bytes = frameCodec.encode(frame);
  const nowMs = clock.now();
  const held: Held = {
    id,
    topic: frame.topic,
    encoded: bytes,
    bytes: bytes.length,
    payloadBytes: frame.payload.length,
    hops: frame.hop,
    from,
    atMs: nowMs,
    isLead: leads.heard(frame.topic, origin, nowMs),
    dateMs: frame.dateMs,
    place: store.nextPlace,
  };
  store.add(held);
  return held;
}
