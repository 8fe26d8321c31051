import { filter, map, type OperatorFunction } from 'rxjs';
import { hook } from '../lib/flow/hook.ts';
import type { InboundEnvelope, OutboundEnvelope } from '../lib/model/envelope.ts';
import { type RxmeshError, toRxmeshError } from '../lib/model/error.ts';

/** The core of `encode` and `wrap`: replaces the message of each envelope. */
export function translateOutbound<A, B>(
  translate: (message: A) => B,
  onFailure: ((error: RxmeshError, envelope: OutboundEnvelope<A>) => void) | undefined,
): OperatorFunction<OutboundEnvelope<A>, OutboundEnvelope<B>> {
  const failed = hook(onFailure);
  const attempt = (envelope: OutboundEnvelope<A>): OutboundEnvelope<B> | undefined => {
    let message: B;
    try {
      message = translate(envelope.message);
    } catch (thrown) {
      const error = toRxmeshError(thrown, 'RXMESH_ENCODE_FAILED', 'cannot encode the message');
      if (onFailure === undefined) throw error;
      failed(error, envelope);
      return undefined;
    }
    return { ...envelope, message };
  };
  return (source) => source.pipe(map(attempt), filter(isMade));
}

/**
 * The core of `decode` and `unwrap`. One peer's bad message must not end the stream for all peers.
 */
export function translateInbound<A, B>(
  translate: (message: A) => B,
  onFailure: (error: RxmeshError, envelope: InboundEnvelope<A>) => void,
): OperatorFunction<InboundEnvelope<A>, InboundEnvelope<B>> {
  const failed = hook(onFailure);
  const attempt = (envelope: InboundEnvelope<A>): InboundEnvelope<B> | undefined => {
    const { from } = envelope;
    let message: B;
    try {
      message = translate(envelope.message);
    } catch (thrown) {
      const about = { peer: from };
      const text = `cannot decode a message from ${from}`;
      failed(toRxmeshError(thrown, 'RXMESH_DECODE_FAILED', text, about), envelope);
      return undefined;
    }
    return { from, message };
  };
  return (source) => source.pipe(map(attempt), filter(isMade));
}

const isMade = <T>(envelope: T | undefined): envelope is T => envelope !== undefined;
