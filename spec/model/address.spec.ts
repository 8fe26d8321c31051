import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatNodeAddress,
  type NodeAddress,
  parseNodeAddress,
  validateNodeAddress,
} from '../../lib/model/address.ts';
import { parseNodeId } from '../../lib/model/id.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { anyCharacter } from '../support/any-character.ts';

const id = parseNodeId('045f5600654182cfeaccfe6cb19f0642e8a59898');
const upper = uncheckedNodeId(id.toUpperCase());
const none = uncheckedNodeId('');
const foo = uncheckedNodeId('foo');
const invalid = expect.objectContaining({ code: 'RXMESH_ADDRESS_INVALID' });

describe('node address', () => {
  it.each<[string, NodeAddress]>([
    [
      `ws://${id}@hostname:26657/some/path?with=query#fragment`,
      { protocol: 'ws', id, host: 'hostname', port: 26657, path: '/some/path?with=query#fragment' },
    ],
    [
      `WsS://${upper}@HostName:443/Path%20%F0%9F%91%8B`,
      { protocol: 'wss', id, host: 'hostname', port: 443, path: '/Path 👋' },
    ],
    [`${id}@hostname`, { protocol: 'ws', id, host: 'hostname' }],
    [`${id}@hostname:80`, { protocol: 'ws', id, host: 'hostname', port: 80 }],
    [`${id}@hostname:80/path`, { protocol: 'ws', id, host: 'hostname', port: 80, path: '/path' }],
    [`${upper}@127.0.0.1`, { protocol: 'ws', id, host: '127.0.0.1' }],
    [`tcp://${id}@%F0%9F%91%8B:80`, { protocol: 'tcp', id, host: '👋', port: 80 }],
    [`ws://${id}@hostname:0/path`, { protocol: 'ws', id, host: 'hostname', path: '/path' }],
    [`ws://${id}@hostname:`, { protocol: 'ws', id, host: 'hostname' }],
    [`ws://${id}@hostname?query`, { protocol: 'ws', id, host: 'hostname', path: '/?query' }],
    [`ws://${id}@[::1]:80`, { protocol: 'ws', id, host: '::1', port: 80 }],
    [`ws://${id}@[0:0:0:0:0:0:0:1]`, { protocol: 'ws', id, host: '::1' }],
    [`ws://${id}@[::ffff:1.2.3.4]`, { protocol: 'ws', id, host: '1.2.3.4' }],
    [`ws://${id}@`, { protocol: 'ws', id }],
    [`ws://${id}@/path`, { protocol: 'ws', id, path: '/path' }],
    [`memory:${id}`, { protocol: 'memory', id }],
    [`Memory:${upper}`, { protocol: 'memory', id }],
  ])('AD-05 parses %s', (text, address) => {
    expect(parseNodeAddress(text)).toEqual(address);
  });

  it.each([
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', '[fe80::1%25eth0]:80'],
    ['[fe80::1%25eth0]:80', 'fe80::1%eth0', '[fe80::1%25eth0]:80'],
    ['[FE80:0::1%25Eth0]', 'fe80::1%Eth0', '[fe80::1%25Eth0]'],
    ['[fe80::1%4]', 'fe80::1%4', '[fe80::1%254]'],
    ['[fe80::1%25]', 'fe80::1%25', '[fe80::1%2525]'],
    ['[fe80::1%25eth%2D0]', 'fe80::1%eth-0', '[fe80::1%25eth-0]'],
  ])('L-39 %s has a zone: an interface of this machine', (text, host, formatted) => {
    const address = parseNodeAddress(`ws://${id}@${text}`);
    expect(address.host).toBe(host);
    expect(formatNodeAddress(address)).toBe(`ws://${id}@${formatted}`);
    expect(parseNodeAddress(formatNodeAddress(address))).toEqual(address);
  });

  it.each([
    '',
    '127.0.0.1',
    '127.0.0.1:80',
    'hostname',
    'hostname:80',
    id,
    'scheme:',
    'scheme:foo',
    `memory:${id}0`,
    `memory:${id}/path`,
    'ws://',
    'ws://hostname:80',
    `ws://${id}`,
    `ws://${id}@host%`,
    `ws://${id}@host%F0%F0`,
    `ws://${id}@host/path%0`,
    `ws://${id}@host/path%F0%F0`,
    `//${id}@127.0.0.1`,
    `://${id}@127.0.0.1`,
    `1ws://${id}@127.0.0.1`,
    'ws://foo@127.0.0.1',
    `ws://${id}0@127.0.0.1`,
    `ws://@127.0.0.1`,
    `ws://${id}:password@127.0.0.1`,
    `ws://${id}@${id}@127.0.0.1`,
    `ws://${id}@127.0.0.1:65536`,
    `ws://${id}@127.0.0.1:-1`,
    `ws://${id}@127.0.0.1:8x`,
    `ws://${id}@127.0.0.1:080000`,
    `ws://${id}@:80`,
    `${id}@:80`,
    `ws://${id}@::1`,
    `ws://${id}@[::1`,
    `ws://${id}@[::1]80`,
    `ws://${id}@[1.2.3.4]`,
    `ws://${id}@[fe80::1%]`,
    `ws://${id}@[fe80::1%25]80`,
    `ws://${id}@[fe80::1%a%2Fb]`,
    `ws://${id}@[1.2.3.4%eth0]`,
    `ws://${id}@fe80::1%eth0`,
    `ws://${id}@host%25eth0`,
    `ws://${id}@a b`,
    `ws://${id}@a%00b`,
    `ws://${id}@a%2Fb`,
    `ws://${id}@a%40b`,
    `ws://${id}@host%3A80`,
    `ws://${id}@256.1.1.1`,
    `ws://${id}@127.1`,
    `ws://${id}@127.①`,
    `ws://${id}@１２７．1`,
    `ws://${id}@127。1`,
    `ws://${id}@a／b`,
    `ws://${id}@0x7f000001`,
    `ws://${id}@example.1.`,
    `ws://${id}@host\n`,
    `\nws://${id}@host`,
    ` ${id}@host`,
    `ws://${id}@${'a'.repeat(256)}`,
    `ws://${id}@host/${'a'.repeat(1024)}`,
    `ws://${id}@host/${'%41'.repeat(10_000)}`,
    // Its text would name another path.
    `ws://${id}@host/\ud83d`,
  ])('AD-06 does not parse %j', (text) => {
    expect(() => parseNodeAddress(text)).toThrow(invalid);
  });

  it('AD-06 says what is wrong, and quotes no more than the beginning', () => {
    const message = (text: string) => {
      try {
        parseNodeAddress(text);
      } catch (error) {
        return String(error);
      }
      return 'parsed';
    };
    expect(message('hostname')).toContain(
      'has no node ID: it must be like ws://<node ID>@host:port',
    );
    // The mistakes of a program without types, and of a user who leaves the ID out.
    expect(message('localhost:4000')).toContain('has no node ID');
    expect(message(undefined as never)).toContain(
      'an address must be like ws://<node ID>@host:port, got undefined',
    );
    expect(message(`ws://${id}@host:65536`)).toContain('port over 65535');
    expect(message('x'.repeat(20_000)).length).toBeLessThan(200);
  });

  it.each<[Partial<NodeAddress>, string]>([
    [{ protocol: 'tcp', id, host: 'host', port: 80, path: '/path' }, `tcp://${id}@host:80/path`],
    [{ protocol: 'tcp', id, host: 'host', path: '/path' }, `tcp://${id}@host/path`],
    [{ protocol: 'tcp', id, host: 'host' }, `tcp://${id}@host`],
    [{ protocol: 'tcp', id, host: '::1', port: 80 }, `tcp://${id}@[::1]:80`],
    [{ protocol: 'tcp', id, host: '::1' }, `tcp://${id}@[::1]`],
    [{ protocol: 'tcp', id, host: 'host', path: '/a?b=c#d' }, `tcp://${id}@host/a%3Fb=c%23d`],
    [{ id, host: 'host', port: 80, path: '/path' }, `${id}@host:80/path`],
    [{ protocol: 'tcp', id, host: 'host', path: 'path' }, `tcp://${id}@host/path`],
    [{ protocol: 'tcp', id, path: 'path' }, `tcp://${id}@/path`],
    [{ protocol: 'memory', id }, `memory:${id}`],
    [{ protocol: 'memory', id, path: '' }, `memory:${id}`],
    [{ protocol: 'memory', id, path: id }, `memory:${id}`],
    [{ protocol: 'memory', id, path: 'foo' }, `memory://${id}@/foo`],
    [
      { protocol: '👋', id: uncheckedNodeId('👋'), host: '👋', port: 80, path: '👋' },
      '%F0%9F%91%8B://%F0%9F%91%8B@%F0%9F%91%8B:80/%F0%9F%91%8B',
    ],
    [{ protocol: 'ws', id, host: 'host', path: '/\ud83d' }, `ws://${id}@host/%EF%BF%BD`],
    [{}, ''],
    [{ protocol: 'tcp' }, 'tcp:'],
    [{ id }, `${id}@`],
    [{ host: 'host' }, 'host'],
    [{ host: 'host', port: 80 }, 'host:80'],
    [{ path: 'path' }, '/path'],
    [{ id, path: '/path' }, `${id}@/path`],
    [{ protocol: 'tcp', path: '/path' }, 'tcp:///path'],
    [{ protocol: 'tcp', id, port: 80 }, `tcp:${id}`],
    [{ id, port: 80, path: '/path' }, `${id}@/path`],
    [{ port: 80 }, ''],
    [{ id, host: 'host', port: 0 }, `${id}@host`],
  ])('AD-10 writes %j as %j', (address, text) => {
    expect(formatNodeAddress({ protocol: '', id: none, ...address })).toBe(text);
  });

  it.each<Partial<NodeAddress>>([
    { protocol: 'ws', id, host: 'host', port: 80, path: '/path' },
    { protocol: 'ws', id, host: 'host' },
    { protocol: 'ws', id, path: 'path' },
    { protocol: 'ws', id },
    { protocol: 'ws', id, host: '👋', path: '👋' },
    { protocol: 'ws', id, host: '::1', port: 65535 },
  ])('AD-11 takes %j for valid', (address) => {
    expect(() => validateNodeAddress({ protocol: '', id: none, ...address })).not.toThrow();
  });

  it.each<Partial<NodeAddress>>([
    {},
    { id, host: 'host' },
    { protocol: 'ws', host: 'host' },
    { id: foo, host: 'host' },
    { protocol: 'ws', id: foo, host: 'host' },
    { protocol: 'ws', id: upper, host: 'host' },
    { protocol: 'WS', id, host: 'host' },
    { protocol: 'ws', id, port: 80 },
    { protocol: 'ws', id, port: 80, path: 'path' },
    { protocol: 'ws', id, host: '' },
    { protocol: 'ws', id, host: 'host:80' },
    { protocol: 'ws', id, host: 'host', port: 0 },
    { protocol: 'ws', id, host: 'host', port: 1.5 },
    { protocol: 'ws', id, host: 'host', port: 65536 },
    { protocol: 'ws', id, host: 'host', path: '/\udc00' },
  ])('AD-11 takes %j for invalid', (address) => {
    expect(() => validateNodeAddress({ protocol: '', id: none, ...address })).toThrow(invalid);
  });

  it('is read back as what was written', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.constantFrom('::1', '2001:db8::1', 'localhost', 'müller.example'),
    );
    const path = fc
      .string({ unit: anyCharacter, minLength: 1, maxLength: 50 })
      .map((text) => `/${text}`);
    const place = fc.oneof(
      fc.record(
        { host, port: fc.integer({ min: 1, max: 65535 }), path },
        { requiredKeys: ['host'] },
      ),
      fc.record({ path }, { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(place, fc.constantFrom('ws', 'wss', 'tcp', 'x-y.z+1'), (rest, protocol) => {
        const address: NodeAddress = { protocol, id, ...rest };
        expect(parseNodeAddress(formatNodeAddress(address))).toEqual(address);
      }),
    );
  });

  it('is a valid one, or an error that says so, for any text', () => {
    const part = fc.constantFrom(
      id,
      'ws',
      'memory',
      ':',
      '//',
      '@',
      '/',
      '[',
      ']',
      '::1',
      '1.2.3.4',
      'host',
      '80',
      '%41',
      '%',
      '?',
      '#',
    );
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.array(part).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (each) => {
        try {
          const address = parseNodeAddress(each);
          expect(parseNodeAddress(formatNodeAddress(address))).toEqual(address);
        } catch (error) {
          expect(error).toEqual(invalid);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
