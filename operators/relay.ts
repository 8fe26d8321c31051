import { map, type OperatorFunction } from 'rxjs';
import type { BroadcastEnvelope, InboundEnvelope } from '../lib/model/envelope.ts';

/**
 * Addresses what a peer has sent to all others.
 *
 *     in   -A-|            A: { from: peer, message: a }
 *          relay()
 *     out  -B-|            B: { broadcast: true, except: peer, message: a }
 *
 * From one channel to another, as fast as the slowest recipient takes it:
 *
 *     chat.in$.pipe(relay(), pipeTo(channel)).subscribe();
 *
 * Where messages can come back on another way, as among three nodes that all relay, `dedupe` ends the circle:
 *
 *     chat.in$
 *       .pipe(dedupe({ key: ({ message }) => message, max: 10_000 }), relay(), pipeTo(chat))
 *       .subscribe();
 *
 * Carries demand.
 */
export function relay<T>(): OperatorFunction<InboundEnvelope<T>, BroadcastEnvelope<T>> {
  return map(({ from, message }) => ({ broadcast: true, except: from, message }));
}
