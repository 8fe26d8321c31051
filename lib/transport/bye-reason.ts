import { RxmeshError } from '../model/error.ts';
import { quote } from '../model/quote.ts';
import type { ByeReason } from './link.ts';

const closedByPeer = 'the peer closed the connection';

/** What is said of a peer that has closed the connection: with `text` of its own, if any. */
export function byeText(reason: ByeReason, text: string): string {
  return `${closedByPeer} (${said(reason, text)})`;
}

/** What is said of a peer that has not accepted the connection. */
export function refusalText(reason: ByeReason, text: string): string {
  return `the peer refused this node (${said(reason, text)})`;
}

function said(reason: ByeReason, text: string): string {
  return text === '' ? reason : `${reason}: ${quote(text)}`;
}

/** Whether the peer has closed the connection because it was done with it. */
export function isGoodbye({ code, message }: RxmeshError): boolean {
  return code === 'RXMESH_CONNECTION_CLOSED' && message.startsWith(`${closedByPeer} (done`);
}

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
