import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import { endpointUrl } from '../../../transports/websocket/endpoint-url.ts';
import { trackLeaks } from '../../support/leaks.ts';

const ws = (rest: Omit<Endpoint, 'protocol'>): Endpoint => ({ protocol: 'ws', ...rest });

describe('the URL of an endpoint', () => {
  it.each<[Endpoint, string]>([
    [ws({ ip: '1.2.3.4' }), 'ws://1.2.3.4/'],
    [ws({ ip: '1.2.3.4', port: 80 }), 'ws://1.2.3.4:80/'],
    [ws({ ip: '::1', port: 8 }), 'ws://[::1]:8/'],
    [ws({ ip: '::ffff:1.2.3.4' }), 'ws://1.2.3.4/'],
    [ws({ ip: 'fe80::1%eth0', port: 8 }), 'ws://[fe80::1]:8/'],
    [ws({ ip: '1.2.3.4', host: 'mesh.test', port: 8 }), 'ws://mesh.test:8/'],
    [{ protocol: 'wss', host: 'mesh.test' }, 'wss://mesh.test/'],
    [ws({ ip: '1.2.3.4', path: 'p2p' }), 'ws://1.2.3.4/p2p'],
    [ws({ ip: '1.2.3.4', path: '/ü?a=1#b' }), 'ws://1.2.3.4/%C3%BC?a=1%23b'],
    [ws({ ip: '223.255.255.255' }), 'ws://223.255.255.255/'],
  ])('%j: %s', (endpoint, url) => {
    expect(endpointUrl(endpoint)).toBe(url);
  });

  it.each<Endpoint>([
    { protocol: 'http', ip: '1.2.3.4' },
    ws({}),
    ws({ path: '/p2p' }),
    ws({ ip: '' }),
    ws({ ip: '1.2.3' }),
    ws({ ip: '224.0.0.1' }),
    ws({ ip: '255.255.255.255' }),
    ws({ ip: 'ff02::1' }),
    ws({ ip: 'ff02::1%eth0' }),
    ws({ host: 'fe80::1%eth0' }),
    ws({ ip: '224.0.0.1', host: 'mesh.test' }),
    ws({ host: 'mesh.test/path' }),
    ws({ host: 'user@mesh.test' }),
    ws({ host: 'a b' }),
    // URLs lose these: another name would be dialed, or none.
    ws({ host: 'mesh.te\tst' }),
    ws({ host: 'mesh.test\0' }),
    ws({ host: 'mesh.test\u00ad' }),
    ws({ ip: '1.2.3.4', port: 65_536 }),
    ws({ ip: '1.2.3.4', path: '/\ud800' }),
  ])('refuses %j', (endpoint) => {
    expect(() => endpointUrl(endpoint)).toThrow(
      expect.objectContaining({ code: 'RXMESH_ENDPOINT_INVALID' }),
    );
  });
});

trackLeaks();
