import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ipNetwork,
  isIpv6,
  isUnspecifiedIp,
  normalizeIp,
  withoutZone,
  zoneOf,
} from '../../lib/model/ip.ts';

describe('IP address', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:0DB8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:0102:0304', '1.2.3.4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::1.2.3.4', '::102:304'],
  ])('%s has the form %s', (text, normal) => {
    expect(normalizeIp(text)).toBe(normal);
    expect(normalizeIp(normal)).toBe(normal);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    '1..2.3',
    '+1.2.3.4',
    '1.2.3.4\n',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    ':1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:',
    '[::1]',
    '1.2.3.4::',
    '::1.2.3.4:1',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1\n',
  ])('%j is none', (text) => {
    expect(normalizeIp(text)).toBeUndefined();
  });

  it('is one where Node finds one', () => {
    const part = fc.constantFrom(
      ':',
      '::',
      '.',
      '0',
      '1',
      'ffff',
      '0ab',
      '255',
      '256',
      '1.2.3.4',
      '12345',
    );
    const likely = fc.array(part, { maxLength: 16 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(likely, fc.ipV4(), fc.ipV6()), (text) => {
        expect(normalizeIp(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('stands for the same bits in its one form', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const normal = normalizeIp(text) ?? '';
        const url = (ip: string) =>
          new URL(`http://[${ip.includes(':') ? ip : `::ffff:${ip}`}]`).host;
        expect(url(normal)).toBe(url(text));
        expect(normalizeIp(normal)).toBe(normal);
      }),
    );
  });

  it.each([
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['FE80:0::0:1%Eth0', 'fe80::1%Eth0'],
    ['fe80::1%4', 'fe80::1%4'],
    ['fe80::1%br-0a1b.2', 'fe80::1%br-0a1b.2'],
    ['::%lo', '::%lo'],
  ])('L-39 %s, with a zone, has the form %s', (text, normal) => {
    expect(normalizeIp(text)).toBe(normal);
    expect(isIP(normal)).toBe(6);
    expect([zoneOf(text), withoutZone(text)]).toEqual(text.split('%').reverse());
  });

  it.each([
    ...['1.2.3.4%eth0', '::ffff:1.2.3.4%eth0', 'fe80::1%', 'fe80::1%a b', 'fe80::1%a%b', '%eth0'],
    ...['fe80::1%a/b', 'fe80::1%25eth0%', 'fe80::1%]', 'host%eth0', `fe80::1%${'a'.repeat(65)}`],
  ])('L-39 %j has no such zone', (text) => {
    expect(normalizeIp(text)).toBeUndefined();
  });

  it('is of version 6 when it has a colon', () => {
    expect(isIpv6('::1')).toBe(true);
    expect(isIpv6('1.2.3.4')).toBe(false);
  });

  it.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0', '::%eth0'])(
    '%s is unspecified',
    (ip) => {
      expect(isUnspecifiedIp(ip)).toBe(true);
    },
  );

  it.each(['1.2.3.4', '::1', '', 'localhost'])('%j is not unspecified', (ip) => {
    expect(isUnspecifiedIp(ip)).toBe(false);
  });
});

describe('the network of an IP address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::1', '::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['2001:db8::', '2001:db8::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
  ])('%s stands in %s', (ip, network) => {
    expect(ipNetwork(ip)).toBe(network);
  });
});
