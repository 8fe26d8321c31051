import { describe, expect, it } from '@jest/globals';
import { RxmeshError, type ErrorCode } from '../../lib/model/error.ts';
import { byeReasonOf } from '../../lib/transport/bye-reason.ts';

describe('byeReasonOf', () => {
  it.each<[ErrorCode, string]>([
    ['RXMESH_DUPLICATE_CONNECTION', 'duplicate'],
    ['RXMESH_PEERS_FULL', 'full'],
    ['RXMESH_TOO_MANY_CONNECTIONS', 'full'],
    ['RXMESH_TOO_MANY_HANDSHAKES', 'full'],
    ['RXMESH_INCOMPATIBLE', 'incompatible'],
    ['RXMESH_CONNECTION_CLOSED', 'done'],
    ['RXMESH_PEER_EVICTED', 'evicted'],
    ['RXMESH_PROTOCOL_VIOLATION', 'violation'],
    ['RXMESH_CREDIT_EXCEEDED', 'violation'],
    ['RXMESH_PEER_BANNED', 'refused'],
  ])('tells a peer that is let go for %s: %s', (code, reason) => {
    expect(byeReasonOf(new RxmeshError(code, 'text'))).toBe(reason);
  });

  it("tells nothing of an application's own error", () => {
    expect(byeReasonOf(new Error('a secret'))).toBe('refused');
  });
});
