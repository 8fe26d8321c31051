import type { NodeId } from '../index.ts';
import type { Context } from './context.ts';
import type { Frame } from './frame.ts';
import { encodedFrame } from './frame-codec.ts';
import type { Held } from './message-store.ts';
import type { Digest } from './signing.ts';

/** Stores a message, as it is passed on. `from` is undefined for an own one. */
export function hold(
  { store, clock }: Pick<Context, 'store' | 'clock'>,
  frame: Frame,
  { id }: Digest,
  from: NodeId | undefined,
): Held {
  if (from !== undefined) frame.hop += 1;
  const sent = encodedFrame(frame);
  const held: Held = {
    id,
    topic: frame.topic,
    frame: sent,
    bytes: sent.encoded?.length ?? 0,
    payloadBytes: frame.payload.length,
    hops: frame.hop,
    from,
    atMs: clock.now(),
    dateMs: frame.dateMs,
    place: store.nextPlace,
    knownTo: new Set(),
  };
  if (from !== undefined) held.knownTo.add(from);
  store.add(held);
  return held;
}
