import { RxmeshError } from '../model/error.ts';
import type { ByeReason } from './link.ts';

/** The reason given to the other side when a link is closed because of `error`. */
export function byeReasonOf(error: unknown): ByeReason {
  if (!(error instanceof RxmeshError)) return 'refused';
  switch (error.code) {
    case 'RXMESH_DUPLICATE_CONNECTION':
      return 'duplicate';
    case 'RXMESH_PEERS_FULL':
    case 'RXMESH_TOO_MANY_CONNECTIONS':
    case 'RXMESH_TOO_MANY_HANDSHAKES':
      return 'full';
    case 'RXMESH_INCOMPATIBLE':
      return 'incompatible';
    case 'RXMESH_CONNECTION_CLOSED':
      return 'done';
    case 'RXMESH_PEER_EVICTED':
      return 'evicted';
    case 'RXMESH_PROTOCOL_VIOLATION':
    case 'RXMESH_CREDIT_EXCEEDED':
      return 'violation';
    default:
      return 'refused';
  }
}
