import { map, type OperatorFunction } from 'rxjs';
import type { BroadcastEnvelope, InboundEnvelope } from '../lib/model/envelope.ts';

/**
 * Forwards each message to all peers except its sender.
 *
 *     in   --A--|           A: { from: peer, message: a }
 *          relay()
 *     out  --B--|           B: { broadcast: true, except: peer, message: a }
 *
 * From one channel to another, at the pace of the slowest recipient:
 *
 *     chat.in$.pipe(relay(), pipeTo(channel)).subscribe();
 *
 * When nodes relay in a cycle, messages come back, and `dedupe` stops them. Nodes in a cycle must
 * not wait for each other's `block` lanes, since that could deadlock. So send the envelopes to
 * `out`:
 *
 *     const news = router.openChannel({ id: 0x21, codec: json<{ id: string; text: string }>() });
 *     news.in$
 *       .pipe(dedupe({ key: ({ message }) => message.id, max: 10_000 }), relay())
 *       .subscribe(news.out);
 *
 * Applied to a flow, it carries demand.
 */
export function relay<T>(): OperatorFunction<InboundEnvelope<T>, BroadcastEnvelope<T>> {
  return map(({ from, message }) => ({ broadcast: true, except: from, message }));
}
