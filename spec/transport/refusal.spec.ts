import { describe, expect, it } from '@jest/globals';
import { type ErrorCode, RxmeshError } from '../../lib/model/error.ts';
import { reasonOf, reasonText, refusedError } from '../../lib/transport/refusal.ts';

describe('what a stranger learns of a refusal', () => {
  it.each<[ErrorCode, string]>([
    ['RXMESH_TOO_MANY_CONNECTIONS', 'too many connections, try again later'],
    ['RXMESH_TOO_MANY_HANDSHAKES', 'too many connections, try again later'],
    ['RXMESH_PEER_BANNED', 'refused'],
    ['RXMESH_NOT_ADMITTED', 'refused'],
    ['RXMESH_CONNECTION_CLOSED', ''],
  ])('%s: "%s"', (code, reason) => {
    expect(reasonOf(new RxmeshError(code, 'a secret'))).toBe(reason);
  });

  it('is printable ASCII of at most 100 characters, also from the other side', () => {
    expect(reasonText(`\u001b[31mgo \u202e away${'.'.repeat(200)}`)).toBe(
      `?[31mgo ? away${'.'.repeat(86)}`,
    );
    expect(refusedError('ws://a', 'no\nway')).toMatchObject({
      code: 'RXMESH_PEER_REFUSED',
      message: 'ws://a: the other side refused the connection: no?way',
    });
  });
});
