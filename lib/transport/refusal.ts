import { RxmeshError } from '../model/error.ts';

/** The longest reason, in characters. A WebSocket close frame has room for 123 bytes. */
const reasonLengthMax = 100;

/** A reason as it is sent: printable ASCII, cut to 100 characters. */
export function reasonText(reason: string): string {
  return reason.slice(0, reasonLengthMax).replace(/[^ -~]/g, '?');
}

/**
 * The reason given to a stranger whose connection is refused because of `error`. It only says
 * whether another attempt makes sense. Everything else, such as a ban, concerns this node alone.
 */
export function reasonOf({ code }: RxmeshError): string {
  switch (code) {
    case 'RXMESH_TOO_MANY_CONNECTIONS':
    case 'RXMESH_TOO_MANY_HANDSHAKES':
      return 'too many connections, try again later';
    case 'RXMESH_CONNECTION_CLOSED':
      // This node is stopping.
      return '';
    default:
      return 'refused';
  }
}

/** The error of the side that was refused. `reason` comes from a stranger. */
export function refusedError(where: string, reason: string): RxmeshError {
  const text = `${where}: the other side refused the connection: ${reasonText(reason)}`;
  return new RxmeshError('RXMESH_PEER_REFUSED', text);
}
