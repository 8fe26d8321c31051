import { describe, expect, it } from '@jest/globals';
import { formatNodeAddress, parseNodeAddress } from '../../../lib/model/address.ts';
import { Identity } from '../../../lib/model/identity.ts';
import { parseNodeId } from '../../../lib/model/id.ts';
import { nodeAddress } from '../../../transports/libp2p/index.ts';
import { endpointOf, multiaddrOf } from '../../../transports/libp2p/multiaddr.ts';
import { keyOfPeerId } from '../../../transports/libp2p/peer-key.ts';
import { peerIdOf } from './fake.ts';

const id = parseNodeId('0123456789abcdef0123456789abcdef01234567');
const protocol = 'libp2p';

describe('multiaddrs and endpoints', () => {
  it.each([
    ['/ip4/192.0.2.1/tcp/4001', { ip: '192.0.2.1', port: 4001, path: '/tcp' }],
    [
      '/ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3',
      { ip: '192.0.2.1', port: 4001, path: '/udp/quic-v1/p2p/12D3' },
    ],
    ['/ip6/2001:db8::1/tcp/1/ws', { ip: '2001:db8::1', port: 1, path: '/tcp/ws' }],
    ['/dns/example.com/tcp/443/tls/ws', { host: 'example.com', port: 443, path: '/tcp/tls/ws' }],
    ['/memory/1/p2p/12D3', { path: '/memory/1/p2p/12D3' }],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/1', { ip: 'fe80::1%eth0', port: 1, path: '/tcp' }],
    [
      '/ip4/192.0.2.1/tcp/4001/p2p/12D3/p2p-circuit/p2p/12E4',
      { ip: '192.0.2.1', port: 4001, path: '/tcp/p2p/12D3/p2p-circuit/p2p/12E4' },
    ],
  ])('%s, there and back', (multiaddr, endpoint) => {
    expect(endpointOf(multiaddr)).toEqual({ protocol, ...endpoint });
    expect(multiaddrOf({ protocol, ...endpoint })).toBe(multiaddr);
  });

  it.each([
    ['/ip4/192.0.2.1', 'without a port'],
    ['/ip4/192.0.2.1/tcp/0', 'with port 0'],
    ['/ip4/192.0.2.256/tcp/1', 'with a malformed IP'],
    ['/p2p/12D3/p2p-circuit', 'with a relay by its ID alone'],
  ])('%s, %s, stays as it is', (multiaddr) => {
    expect(endpointOf(multiaddr)).toEqual({ protocol, path: multiaddr });
  });

  it.each([
    ['tcp', ['ip4', '192.0.2.1']],
    ['tcp/tls/ws', ['dns4', 'example.com']],
    ['tcp/wss', ['dns4', 'example.com']],
  ])('dials the IP of a name, but the name with TLS: /%s', (path, place) => {
    const endpoint = { protocol, ip: '192.0.2.1', host: 'example.com', port: 1, path: `/${path}` };
    const [transport = '', ...rest] = path.split('/');
    expect(multiaddrOf(endpoint)).toBe(['', ...place, transport, 1, ...rest].join('/'));
  });

  it('dials the name of an IPv6 address as dns6, and a zone as ip6zone', () => {
    const named = { protocol, ip: '2001:db8::1', host: 'example.com', port: 1, path: '/tcp/wss' };
    expect(multiaddrOf(named)).toBe('/dns6/example.com/tcp/1/wss');
    const zoned = { protocol, ip: 'fe80::1%eth0', port: 1, path: '/tcp' };
    expect(multiaddrOf(zoned)).toBe('/ip6zone/eth0/ip6/fe80::1/tcp/1');
  });

  it.each([
    [{ protocol: 'ws', path: '/memory/1' }, 'its protocol must be libp2p'],
    [{ protocol, path: '/memory' }, 'it must have a multiaddr'],
    [{ protocol, path: '/ip4/127.0.0.1/tcp/1' }, 'hosts stand in front of the path'],
    [{ protocol, path: '/unix/run' }, 'hosts stand in front of the path'],
    [{ protocol, path: '/p2p/R/p2p-circuit/dns/a' }, 'hosts stand in front of the path'],
    [{ protocol, ip: '192.0.2.1', path: '/tcp' }, 'it must have a port'],
    [{ protocol, ip: '192.0.2.1', port: 1, path: '/ws' }, 'begins with /tcp or /udp'],
    [{ protocol, ip: '224.0.0.1', port: 1, path: '/tcp' }, 'multicast or broadcast'],
    [{ protocol, host: 'a/p2p/b', port: 1, path: '/tcp' }, 'its host is not a name'],
  ])('rejects %j', (endpoint, text) => {
    const code = 'RXMESH_ENDPOINT_INVALID';
    const message = expect.stringContaining(text) as unknown;
    expect(() => multiaddrOf(endpoint)).toThrow(expect.objectContaining({ code, message }));
  });
});

describe('nodeAddress', () => {
  const identity = Identity.fromSeed(new Uint8Array(32).fill(3));
  const peerId = peerIdOf(identity.publicKey).toString();

  it('has the node ID of the key in the peer ID', () => {
    const address = nodeAddress(`/dns4/example.com/tcp/4001/p2p/${peerId}`);
    const text = `libp2p://${identity.id}@example.com:4001/tcp/p2p/${peerId}`;
    expect(formatNodeAddress(address)).toBe(text);
    expect(parseNodeAddress(text)).toEqual(address);
  });

  it('takes the peer behind a relay', () => {
    const relay = peerIdOf(new Uint8Array(32).fill(9)).toString();
    const address = nodeAddress(`/ip4/192.0.2.1/tcp/1/p2p/${relay}/p2p-circuit/p2p/${peerId}`);
    expect(address.id).toBe(identity.id);
  });

  it('takes another ID, which a multiaddr need not have', () => {
    expect(nodeAddress({ toString: () => '/memory/1' }, id)).toEqual({
      protocol,
      id,
      path: '/memory/1',
    });
  });

  it.each([
    ['example.com', 'is not a multiaddr'],
    ['/memory/1', 'must end with the peer ID of an ed25519 key'],
    [`/dns4/1.2/tcp/4001/p2p/${peerId}`, 'malformed host'],
    [`/ip4/192.0.2.1/tcp/70000/p2p/${peerId}`, 'port'],
    [`/memory/${'1'.repeat(1_024)}/p2p/${peerId}`, 'a path longer than 1024'],
    ['/memory/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', 'must end with the peer ID'],
  ])('rejects %s', (multiaddr, text) => {
    const code = 'RXMESH_ADDRESS_INVALID';
    const message = expect.stringContaining(text) as unknown;
    expect(() => nodeAddress(multiaddr)).toThrow(expect.objectContaining({ code, message }));
  });
});

describe('the key in a peer ID', () => {
  it('of libp2p itself is found', () => {
    // The ID that js-libp2p gives the ed25519 key of a seed of 32 ones.
    const { publicKey } = Identity.fromSeed(new Uint8Array(32).fill(1));
    expect(keyOfPeerId('12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5')).toEqual(publicKey);
  });

  it.each([
    ['', 'nothing'],
    ['2D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5', 'no zero byte'],
    ['112D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5', 'two zero bytes'],
    ['12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5z', 'a byte more'],
    ['12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH0', 'a character that base58 lacks'],
    ['16Uiu2HAmMw132aBLQ1ZxVvvK6y8eyfNpYJ9Fza5sLZLzTYL8TGqp', 'a secp256k1 key'],
    [`1${'z'.repeat(1_000)}`, 'a long text'],
  ])('is missing in %s: %s', (text) => {
    expect(keyOfPeerId(text)).toBeUndefined();
  });
});
