import { describe, expect, it, jest } from '@jest/globals';
import { firstValueFrom, NEVER, Observable, of, Subject, throwError, toArray } from 'rxjs';
import { type NodeAddress, parseNodeAddress } from '../../lib/model/address.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { parseNodeId } from '../../lib/model/id.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { resolve } from '../../lib/model/resolve.ts';
import type { ResolveHost } from '../../lib/platform/dns.ts';
import { resolveHost as nodeResolveHost } from '../../lib/platform/dns.node.ts';
import { resolveHost as webResolveHost } from '../../lib/platform/dns.web.ts';

const id = parseNodeId('045f5600654182cfeaccfe6cb19f0642e8a59898');

/** For literals: whoever asks has failed. */
const noLookup: ResolveHost = (host) => {
  throw new TypeError(`looked up ${host}`);
};
/** All notifications, and that they came synchronously. */
function notifications(address: NodeAddress, resolveHost: ResolveHost | null): readonly unknown[] {
  const seen: unknown[] = [];
  resolve(address, resolveHost).subscribe({
    next: (endpoints) => seen.push(endpoints),
    error: (error: unknown) => seen.push(error),
    complete: () => seen.push('complete'),
  });
  return seen;
}

describe('resolve', () => {
  it.each<[string, Endpoint]>([
    [`ws://${id}@127.0.0.1:80/path`, { protocol: 'ws', ip: '127.0.0.1', port: 80, path: '/path' }],
    [`tcp://${id}@127.0.0.1`, { protocol: 'tcp', ip: '127.0.0.1' }],
    [`tcp://${id}@[::1]:80`, { protocol: 'tcp', ip: '::1', port: 80 }],
    [`tcp://${id}@[0:0:0:0:0:0:0:1]`, { protocol: 'tcp', ip: '::1' }],
    [
      `tcp://${id}@[2400:cb00:2048:1::c629:d7a2]:80`,
      { protocol: 'tcp', ip: '2400:cb00:2048:1::c629:d7a2', port: 80 },
    ],
    [`tcp://${id}@[::ffff:8.8.8.8]:80`, { protocol: 'tcp', ip: '8.8.8.8', port: 80 }],
    [`tcp://${id}@8.8.8.8:53`, { protocol: 'tcp', ip: '8.8.8.8', port: 53 }],
  ])('AD-07 %s needs no lookup', (text, endpoint) => {
    expect(notifications(parseNodeAddress(text), noLookup)).toEqual([[endpoint], 'complete']);
  });

  it('AD-07 localhost is 127.0.0.1 and ::1, and keeps port, path and its name', async () => {
    const address = parseNodeAddress(`ws://${id}@localhost:80/path`);
    const place = { protocol: 'ws', host: 'localhost', port: 80, path: '/path' };
    expect(await firstValueFrom(resolve(address).pipe(toArray()))).toEqual([
      [
        { ...place, ip: '127.0.0.1' },
        { ...place, ip: '::1' },
      ],
    ]);
  });

  it('AD-07 a name that does not exist fails', async () => {
    const address = parseNodeAddress(`ws://${id}@does-not-exist.invalid`);
    await expect(firstValueFrom(resolve(address, nodeResolveHost))).rejects.toMatchObject({
      code: 'RXMESH_RESOLVE_FAILED',
      peer: id,
      cause: expect.objectContaining({ syscall: 'getaddrinfo' }),
    });
  });

  it('AD-07 a name becomes each of its IPs once, in their order, at most 32', () => {
    const address = parseNodeAddress(`ws://${id}@name`);
    const ips = ['::1', '1.2.3.4', '0:0::1', '::ffff:1.2.3.4', 'fe80::1%eth0', 'no', '5.6.7.8'];
    expect(notifications(address, () => of(ips))).toEqual([
      ['::1', '1.2.3.4', 'fe80::1%eth0', '5.6.7.8'].map((ip) => ({
        protocol: 'ws',
        ip,
        host: 'name',
      })),
      'complete',
    ]);
    const many = Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`);
    const [endpoints] = notifications(address, () => of(many));
    expect(endpoints).toHaveLength(32);
  });

  it('AD-07 a name without an IP fails, and so does a lookup that throws', () => {
    const address = parseNodeAddress(`ws://${id}@name`);
    const failed = { code: 'RXMESH_RESOLVE_FAILED', peer: id };
    expect(notifications(address, () => of([]))).toEqual([expect.objectContaining(failed)]);
    const cause = new TypeError('oops');
    expect(notifications(address, () => throwError(() => cause))).toEqual([
      expect.objectContaining({ ...failed, cause }),
    ]);
    expect(notifications(address, noLookup)).toEqual([expect.objectContaining(failed)]);
  });

  it('AD-07 without DNS a name is dialled as it is', () => {
    expect(webResolveHost).toBeNull();
    const address = parseNodeAddress(`wss://${id}@host:443/path`);
    expect(notifications(address, webResolveHost)).toEqual([
      [{ protocol: 'wss', host: 'host', port: 443, path: '/path' }],
      'complete',
    ]);
    const literal = parseNodeAddress(`wss://${id}@[::1]`);
    expect(notifications(literal, webResolveHost)).toEqual([
      [{ protocol: 'wss', ip: '::1' }],
      'complete',
    ]);
  });

  it.each<[NodeAddress, string]>([
    [{ protocol: 'memory', id }, id],
    [{ protocol: 'memory', id, path: id }, id],
    [{ protocol: 'unix', id, path: '/run/node' }, '/run/node'],
  ])('AD-08 %j becomes a path', (address, path) => {
    expect(notifications(address, noLookup)).toEqual([
      [{ protocol: address.protocol, path }],
      'complete',
    ]);
  });

  it.each<Partial<NodeAddress>>([
    {},
    { id, host: '127.0.0.1' },
    { protocol: 'ws', id, host: '127.0.0.1:80' },
    { protocol: 'ws', id, host: 'host:80' },
    { protocol: 'memory' },
    { protocol: 'memory', path: 'path' },
    { protocol: 'ws', id, host: 'in valid' },
    { protocol: 'ws', id, host: '💥/' },
  ])('AD-09 refuses %j', (address) => {
    expect(notifications({ protocol: '', id: uncheckedNodeId(''), ...address }, noLookup)).toEqual([
      expect.objectContaining({ code: 'RXMESH_ADDRESS_INVALID' }),
    ]);
  });

  it('asks when subscribed to, again each time, and stops when unsubscribed from', () => {
    const teardown = jest.fn();
    const lookup = jest.fn(() => new Observable<readonly string[]>(() => teardown));
    const endpoints$ = resolve(parseNodeAddress(`ws://${id}@name`), lookup);
    expect(lookup).not.toHaveBeenCalled();
    const subscriptions = [endpoints$.subscribe(), endpoints$.subscribe()];
    expect(lookup.mock.calls).toEqual([['name'], ['name']]);
    expect(teardown).not.toHaveBeenCalled();
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(teardown).toHaveBeenCalledTimes(2);
  });

  it('emits once, also when a lookup emits more than once', () => {
    const address = parseNodeAddress(`ws://${id}@name`);
    expect(notifications(address, () => of(['1.2.3.4'], ['5.6.7.8']))).toEqual([
      [{ protocol: 'ws', ip: '1.2.3.4', host: 'name' }],
      'complete',
    ]);
    expect(notifications(address, () => NEVER)).toEqual([]);
    const silent = new Subject<readonly string[]>();
    silent.complete();
    expect(notifications(address, () => silent)).toEqual([
      expect.objectContaining({ code: 'RXMESH_RESOLVE_FAILED', peer: id }),
    ]);
  });
});
