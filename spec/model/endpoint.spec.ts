import { describe, expect, it } from '@jest/globals';
import { formatNodeAddress, type NodeAddress } from '../../lib/model/address.ts';
import {
  type Endpoint,
  endpointToAddress,
  formatEndpoint,
  validateEndpoint,
} from '../../lib/model/endpoint.ts';
import { parseNodeId } from '../../lib/model/id.ts';

const id = parseNodeId('045f5600654182cfeaccfe6cb19f0642e8a59898');
const ip4 = '1.2.3.4';
const ip4in6 = '::ffff:1.2.3.4';
const ip6 = 'b10c::1';

describe('endpoint', () => {
  it.each<[Partial<Endpoint>, Partial<NodeAddress>, string]>([
    // networked
    [
      { protocol: 'tcp', ip: ip4, port: 8080, path: '/path' },
      { protocol: 'tcp', host: ip4, port: 8080, path: '/path' },
      `tcp://${id}@1.2.3.4:8080/path`,
    ],
    [
      { protocol: 'tcp', ip: ip4in6, port: 8080, path: '/path' },
      { protocol: 'tcp', host: ip4, port: 8080, path: '/path' },
      `tcp://${id}@1.2.3.4:8080/path`,
    ],
    [
      { protocol: 'tcp', ip: ip6, port: 8080, path: '/path' },
      { protocol: 'tcp', host: ip6, port: 8080, path: '/path' },
      `tcp://${id}@[b10c::1]:8080/path`,
    ],
    [
      { protocol: 'wss', ip: ip4, host: 'host', port: 443 },
      { protocol: 'wss', host: 'host', port: 443 },
      `wss://${id}@host:443`,
    ],
    [{ protocol: 'wss', host: 'host' }, { protocol: 'wss', host: 'host' }, `wss://${id}@host`],
    // not networked
    [
      { protocol: 'memory', path: 'foo' },
      { protocol: 'memory', path: 'foo' },
      `memory://${id}@/foo`,
    ],
    [{ protocol: 'memory', path: id }, { protocol: 'memory', path: id }, `memory:${id}`],
    // partial
    [{}, {}, `${id}@`],
    [{ protocol: 'tcp' }, { protocol: 'tcp' }, `tcp:${id}`],
    [{ protocol: 'tcp', ip: ip4 }, { protocol: 'tcp', host: ip4 }, `tcp://${id}@1.2.3.4`],
    [{ protocol: 'tcp', path: 'path' }, { protocol: 'tcp', path: 'path' }, `tcp://${id}@/path`],
    [{ ip: ip4 }, { host: ip4 }, `${id}@1.2.3.4`],
    [{ path: 'path' }, { path: 'path' }, `${id}@/path`],
    [{ port: 8080 }, {}, `${id}@`],
    [{ protocol: 'tcp', port: 8080 }, { protocol: 'tcp' }, `tcp:${id}`],
  ])('T-21 %j gives an address', (partial, address, text) => {
    const endpoint = { protocol: '', ...partial };
    expect(endpointToAddress(endpoint, id)).toEqual({ protocol: '', ...address, id });
    expect(endpointToAddress(endpoint)).toEqual({ protocol: '', ...address, id: '' });
    expect(formatNodeAddress(endpointToAddress(endpoint, id))).toBe(text);
  });

  it.each<[Partial<Endpoint>, string]>([
    // not networked
    [{ protocol: 'memory', path: id }, `memory:${id}`],
    [{ protocol: 'file', path: 'foo' }, 'file:///foo'],
    [{ protocol: 'file', path: '/foo' }, 'file:///foo'],
    [{ protocol: 'file', path: '👋' }, 'file:///%F0%9F%91%8B'],
    // IPv4
    [{ protocol: 'tcp', ip: ip4 }, 'tcp://1.2.3.4'],
    [{ protocol: 'tcp', ip: ip4, port: 8080 }, 'tcp://1.2.3.4:8080'],
    [{ protocol: 'tcp', ip: ip4, port: 8080, path: '/path' }, 'tcp://1.2.3.4:8080/path'],
    [{ protocol: 'tcp', ip: ip4, path: 'path/👋' }, 'tcp://1.2.3.4/path/%F0%9F%91%8B'],
    [{ protocol: 'tcp', ip: ip4, path: '/a?b#c' }, 'tcp://1.2.3.4/a%3Fb%23c'],
    [{ protocol: 'tcp', ip: ip4in6, port: 8080 }, 'tcp://1.2.3.4:8080'],
    // IPv6
    [{ protocol: 'tcp', ip: ip6 }, 'tcp://b10c::1'],
    [{ protocol: 'tcp', ip: ip6, port: 8080 }, 'tcp://[b10c::1]:8080'],
    [{ protocol: 'tcp', ip: ip6, path: '/path' }, 'tcp://b10c::1/path'],
    [{ protocol: 'tcp', ip: 'FE80::1%eth0', port: 8080 }, 'tcp://[fe80::1%25eth0]:8080'],
    [{ protocol: 'tcp', ip: ip6, port: 8080, path: 'path' }, 'tcp://[b10c::1]:8080/path'],
    // names
    [{ protocol: 'wss', host: 'host', port: 443 }, 'wss://host:443'],
    [{ protocol: 'wss', ip: ip4, host: 'host', port: 443 }, 'wss://1.2.3.4:443'],
    // partial
    [{}, ''],
    [{ protocol: 'tcp' }, 'tcp:'],
    [{ ip: ip4 }, '1.2.3.4'],
    [{ ip: ip6 }, 'b10c::1'],
    [{ ip: ip6, port: 8080 }, '[b10c::1]:8080'],
    [{ path: 'foo' }, '/foo'],
    [{ path: '/foo' }, '/foo'],
    [{ port: 8080 }, ''],
    [{ protocol: 'tcp', port: 8080 }, 'tcp:'],
    [{ protocol: 'tcp', ip: ip4, port: 0 }, 'tcp://1.2.3.4'],
  ])('T-22 writes %j as %j', (endpoint, text) => {
    expect(formatEndpoint({ protocol: '', ...endpoint })).toBe(text);
  });

  it.each<Partial<Endpoint>>([
    { protocol: 'tcp', ip: ip4 },
    { protocol: 'tcp', ip: ip4in6 },
    { protocol: 'tcp', ip: ip6 },
    { protocol: 'tcp', ip: 'fe80::1%eth0' },
    { protocol: 'tcp', ip: ip4, port: 8008 },
    { protocol: 'tcp', ip: ip4, port: 8080, path: 'path' },
    { protocol: 'tcp', ip: ip4, path: 'path' },
    { protocol: 'memory', path: 'path' },
    { protocol: 'wss', host: 'host' },
    { protocol: 'wss', host: 'host', ip: ip6, port: 65535, path: '/path' },
  ])('T-23 takes %j for valid', (endpoint) => {
    expect(() => validateEndpoint({ protocol: '', ...endpoint })).not.toThrow();
  });

  it.each<[Partial<Endpoint>, string]>([
    [{}, 'no protocol'],
    [{ ip: ip4 }, 'no protocol'],
    [{ protocol: 'tcp' }, 'no IP, host or path'],
    [{ protocol: 'tcp', path: '' }, 'no IP, host or path'],
    [{ protocol: 'tcp', ip: '1.2.3' }, 'malformed IP'],
    [{ protocol: 'tcp', ip: '' }, 'malformed IP'],
    [{ protocol: 'tcp', ip: '[::1]' }, 'malformed IP'],
    [{ protocol: 'tcp', port: 8080 }, 'neither IP nor host'],
    [{ protocol: 'tcp', port: 8080, path: '/path' }, 'neither IP nor host'],
    [{ protocol: 'tcp', host: '' }, 'empty host'],
    [{ protocol: 'tcp', ip: ip4, port: 0 }, 'port 0'],
    [{ protocol: 'tcp', ip: ip4, port: 65536 }, 'port 65536'],
    [{ protocol: 'tcp', ip: ip4, port: NaN }, 'port NaN'],
    [{ protocol: 'TCP', ip: ip4 }, 'malformed protocol'],
  ])('T-23 takes %j for invalid: %s', (endpoint, fault) => {
    expect(() => validateEndpoint({ protocol: '', ...endpoint })).toThrow(
      expect.objectContaining({
        code: 'RXMESH_ENDPOINT_INVALID',
        message: expect.stringContaining(fault),
      }),
    );
  });
});
