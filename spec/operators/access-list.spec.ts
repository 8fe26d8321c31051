import { describe, expect, it } from '@jest/globals';
import type { Observable } from 'rxjs';
import { RxmeshError } from '../../lib/model/error.ts';
import type { PeerToAdmit } from '../../lib/router/admit-hooks.ts';
import type { Attempt, Proven } from '../../lib/transport/attempt.ts';
import type { Connection } from '../../lib/transport/transport.ts';
import { accessList, type AccessList, type AccessRules } from '../../operators/access-list.ts';
import { admit } from '../../operators/admit.ts';
import { handshake, type HandshakeOptions } from '../../operators/handshake.ts';
import { fakeId } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';

const remoteAt = (ip?: string) => ({ protocol: 'ws', ...(ip !== undefined && { ip }) });

describe('accessList', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions, flush }) => {
      const { connection } = accessList({ allow: ['10.0.0.0/8'], deny: ['10.0.0.2'] });
      const values = {
        a: { remote: remoteAt('10.0.0.1') },
        b: { remote: remoteAt('10.0.0.2') },
        c: { remote: remoteAt('192.0.2.1') },
      };
      const source = hot('-a----b----c--|', values);
      const subs = '      ^-------------!';
      const result = '    -a------------|';
      const log: string[] = [];
      const onRefused = ({ code, message }: RxmeshError) => log.push(`${code} ${message}`);
      expectObservable(source.pipe(admit(connection, { clock, onRefused }))).toBe(result, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
      flush();
      expect(log).toEqual([
        'RXMESH_NOT_ADMITTED not admitted: 10.0.0.2 is denied',
        'RXMESH_NOT_ADMITTED not admitted: 192.0.2.1 is not allowed',
      ]);
    });
  });

  it.each<[string, AccessRules, string | undefined, boolean, boolean]>([
    ['no rules', {}, '192.0.2.1', true, true],
    ['an ID denied', { deny: [fakeId('a').toUpperCase()] }, '192.0.2.1', true, false],
    ['another ID denied', { deny: [fakeId('b')] }, '192.0.2.1', true, true],
    ['an ID allowed', { allow: [fakeId('a')] }, '192.0.2.1', true, true],
    ['another ID allowed', { allow: [fakeId('b')] }, '192.0.2.1', true, false],
    ['its IP allowed, not its ID', { allow: [fakeId('b'), '192.0.2.1'] }, '192.0.2.1', true, true],
    ['another IP allowed', { allow: ['192.0.2.2'] }, '192.0.2.1', false, false],
    ['nobody allowed', { allow: [] }, '192.0.2.1', false, false],
    ['IPs allowed, and it has none', { allow: ['0.0.0.0/0', '::/0'] }, undefined, false, false],
    ['IPs denied, and it has none', { deny: ['0.0.0.0/0', '::/0'] }, undefined, true, true],
    [
      'its range denied, its ID allowed',
      { allow: [fakeId('a')], deny: ['192.0.2.0/24'] },
      '192.0.2.9',
      false,
      false,
    ],
    ['the /64 of an IPv6 host', { deny: ['2001:db8::1'] }, '2001:db8::2', false, false],
    ['IPv4 in IPv6 form', { deny: ['192.0.2.1'] }, '::ffff:192.0.2.1', false, false],
  ])('%s', (_name, rules, ip, connects, isPeer) => {
    const list = accessList(rules);
    const remote = remoteAt(ip);
    expect(list.connection({ remote }) === true).toBe(connects);
    expect(list.peer({ id: fakeId('a'), remote }) === true).toBe(isPeer);
  });

  it('fits into pipelines whose values keep their types', () => {
    // For the compiler only.
    const pipelines = (
      incoming$: Observable<Connection>,
      dialed$: Observable<Attempt>,
      { connection, peer }: AccessList,
      options: HandshakeOptions,
    ): readonly Observable<Proven>[] => [
      incoming$.pipe(
        admit(connection, { onRefused: (_, refused) => refused.close('refused') }),
        handshake(options),
        admit(({ id, link }) => peer({ id, remote: link.remote }), {
          onRefused: (_, { link }) => link.close('refused'),
        }),
      ),
      dialed$.pipe(
        admit((attempt) => connection(attempt.connection), {
          onRefused: (_, refused) => refused.connection.close('refused'),
        }),
        handshake(options),
      ),
    ];
    const admitted$ = (peers$: Observable<PeerToAdmit>, { peer }: AccessList) =>
      peers$.pipe(admit(peer, { onRefused: (_, { nodeInfo }) => nodeInfo.moniker }));
    expect([pipelines, admitted$]).toHaveLength(2);
  });

  it('does not tell a peer which list it is on', () => {
    const of = { id: fakeId('a'), remote: remoteAt('192.0.2.1') };
    const verdicts = [{ deny: [fakeId('a')] }, { allow: [] }, { deny: ['192.0.2.1'] }];
    expect(verdicts.map((rules) => accessList(rules).peer(of))).toEqual(
      Array<string>(3).fill('not allowed here'),
    );
  });

  it.each<[unknown, string]>([
    [5, 'accessList: options must be an object, got 5'],
    [{ ban: [] }, 'accessList: there is no option ban; it takes allow, deny'],
    [
      { allow: '10.0.0.1' },
      'accessList: allow must be an array of node IDs, IP addresses or ranges, got "10.0.0.1"',
    ],
    [
      { deny: ['10.0.0.1', 'localhost'] },
      'accessList: deny[1] must be a node ID, an IP address or a range, got "localhost"',
    ],
  ])('rejects %j', (rules, message) => {
    expect(() => accessList(rules as AccessRules)).toThrow(new TypeError(message));
  });
});
