import { Frame, kinds } from './frame.ts';
import type { Held } from './message-store.ts';
import { bytesOf } from './signing.ts';

/** Announces messages of a topic. */
export function haveFrame(topic: string, batch: readonly Held[], isPull: boolean): Frame {
  const frame = new Frame(kinds.have, topic);
  frame.isPull = isPull;
  frame.ids = bytesOf(batch.map(({ id }) => id));
  frame.hops = new Uint8Array(batch.map(({ hops }) => hops));
  return frame;
}
