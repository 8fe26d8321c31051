import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import {
  createRouter,
  Identity,
  type RouterEvent,
  type RouterOptions,
} from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { clientOf, proxyRanges } from '../../../transports/websocket/forwarded.node.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';

const proxies = proxyRanges(['127.0.0.1', '10.0.0.0/8']);

const request = (remoteAddress: string, forwarded?: string | string[]): IncomingMessage =>
  ({
    socket: { remoteAddress, remotePort: 1234 },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

describe('the client behind trusted proxies', () => {
  it.each<[string, string, string | undefined, string]>([
    [
      'of a connection that is not a proxy’s, whatever it writes',
      '192.0.2.1',
      '203.0.113.9',
      '192.0.2.1',
    ],
    ['is what the proxy adds', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    [
      'is not what the client writes before that',
      '127.0.0.1',
      '1.1.1.1, 203.0.113.9',
      '203.0.113.9',
    ],
    ['is behind several proxies', '127.0.0.1', '203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['may be IPv6', '::ffff:127.0.0.1', '2001:DB8::0:1', '2001:db8::1'],
    ['is the proxy without a header', '127.0.0.1', undefined, '127.0.0.1'],
    ['is the proxy where the header is nonsense', '127.0.0.1', '203.0.113.9, unknown', '127.0.0.1'],
    ['is the first where all are proxies', '127.0.0.1', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ])('%s', (_, address, forwarded, ip) => {
    expect(clientOf(request(address, forwarded), proxies).ip).toBe(ip);
  });

  it('has the port of its own connection only', () => {
    expect(clientOf(request('192.0.2.1'), proxies).port).toBe(1234);
    expect(clientOf(request('127.0.0.1', '203.0.113.9'), proxies).port).toBeUndefined();
  });
});

describe('a router behind a trusted proxy', () => {
  trackLeaks();

  it('bans and admits clients, not the proxy', async () => {
    const events: RouterEvent[] = [];
    const seen: unknown[] = [];
    const [one, other] = [await Identity.generate(), await Identity.generate()];
    const listener = createRouter({
      identity: one,
      network: 'demo',
      transports: [webSocket({ listen: { host: '127.0.0.1', trustedProxies: ['127.0.0.0/8'] } })],
      admit: { connection: ({ remote }) => seen.push(remote) > 0 },
    });
    listener.peers.ban({ ip: '203.0.113.0/24' });
    listener.events$.subscribe((event) => events.push(event));
    await listener.start();
    const from = (ip: string): RouterOptions => ({
      identity: other,
      network: 'demo',
      transports: [webSocket({ dial: { headers: { 'X-Forwarded-For': ip } } })],
      peers: { persistent: [...listener.addresses] },
    });

    const banned = createRouter(from('203.0.113.9'));
    await banned.start();
    await until(() => events.length > 0);
    expect(events[0]).toMatchObject({
      type: 'connection-refused',
      remote: { protocol: 'ws', ip: '203.0.113.9' },
      error: { code: 'RXMESH_PEER_BANNED' },
    });
    await banned.stop();
    expect(seen).toEqual([]);

    const welcome = createRouter(from('198.51.100.7'));
    await welcome.start();
    await listener.whenUp(other.id);
    expect(seen).toEqual([{ protocol: 'ws', ip: '198.51.100.7' }]);
    await Promise.all([welcome.stop(), listener.stop()]);
  });

  it.each([
    ['127.0.0.1', 'an array of IP addresses or ranges, got "127.0.0.1"'],
    [['localhost'], 'IP addresses or ranges, got "localhost"'],
  ])('options: %j', (trustedProxies, text) => {
    expect(() => webSocket({ listen: { trustedProxies: trustedProxies as never } })).toThrow(
      `webSocket: listen.trustedProxies must be ${text}`,
    );
  });
});
