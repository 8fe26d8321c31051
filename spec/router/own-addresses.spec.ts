import { describe, expect, it } from '@jest/globals';
import { formatNodeAddress } from '../../lib/model/address.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { checkAdvertise, ownAddressesFor } from '../../lib/router/own-addresses.ts';
import { identityOf } from '../support/mock-node.ts';

const { id } = identityOf(1);
const ws = (ip: string, port = 4000): Endpoint => ({ protocol: 'ws', ip, port });

/** The addresses, without the ID, that a node tells over a connection from `local` to `remote`. */
function toldTo(remote: Endpoint, local: Endpoint, own: readonly (Endpoint | string)[]): string[] {
  const texts = own.filter((each) => typeof each === 'string');
  const endpoints = own.filter((each) => typeof each !== 'string');
  const advertise = texts.length > 0 ? checkAdvertise(texts, id, []) : undefined;
  const told = ownAddressesFor({ local, remote }, { id, endpoints, advertise });
  return told.map((address) => formatNodeAddress(address).replace(`${id}@`, ''));
}

const [peerHere, peerInSite, peerAway] = [
  ws('127.0.0.1', 5),
  ws('10.0.0.9', 5),
  ws('198.51.100.7', 5),
];
const [here, inSite, away] = [ws('127.0.0.1', 9), ws('10.0.0.1', 9), ws('203.0.113.1', 9)];

describe('the addresses that a node tells a peer', () => {
  it.each([
    // What listens, the peer, our end of the connection, and what the peer is told.
    ['loopback', [ws('127.0.0.1')], peerHere, here, ['ws://127.0.0.1:4000']],
    ['loopback', [ws('127.0.0.1')], peerInSite, inSite, []],
    ['loopback', [ws('127.0.0.1')], peerAway, away, []],
    ['a private address', [ws('10.0.0.1')], peerHere, here, ['ws://10.0.0.1:4000']],
    ['a private address', [ws('10.0.0.1')], peerInSite, inSite, ['ws://10.0.0.1:4000']],
    ['a private address', [ws('10.0.0.1')], peerAway, inSite, []],
    ['a public address', [ws('203.0.113.1')], peerInSite, inSite, ['ws://203.0.113.1:4000']],
    ['a public address', [ws('203.0.113.1')], peerAway, away, ['ws://203.0.113.1:4000']],
    ['all interfaces', [ws('0.0.0.0')], peerHere, here, ['ws://127.0.0.1:4000']],
    ['all interfaces', [ws('0.0.0.0')], peerInSite, inSite, ['ws://10.0.0.1:4000']],
    ['all interfaces', [ws('::')], peerInSite, inSite, ['ws://10.0.0.1:4000']],
    ['all interfaces', [ws('::')], ws('fd00::9'), ws('fd00::1'), ['ws://[fd00::1]:4000']],
    ['all interfaces, behind NAT', [ws('::')], peerAway, inSite, []],
    ['all interfaces, IPv4 only', [ws('0.0.0.0')], ws('fd00::9'), ws('fd00::1'), []],
    ['all interfaces, behind a proxy', [ws('::')], peerAway, here, []],
    ['all interfaces, link-local', [ws('::')], ws('fe80::9%e'), ws('fe80::1%e'), []],
    ['all interfaces, our end unknown', [ws('::')], peerAway, { protocol: 'ws' }, []],
    ['a zone', [ws('fe80::1%e')], ws('fe80::9%e'), ws('fe80::1%e'), []],
    ['nothing', [], peerHere, here, []],
  ] as const)('L-39 that listens at %s: %j to %j over %j', (_, own, peer, local, told) => {
    expect(toldTo(peer, local, own)).toEqual(told);
  });

  it('are those of all its listeners, with their paths', () => {
    const wss = { ...ws('203.0.113.1', 443), protocol: 'wss', path: '/p2p' };
    expect(toldTo(peerAway, away, [ws('203.0.113.1'), ws('10.0.0.1'), wss])).toEqual([
      'ws://203.0.113.1:4000',
      'wss://203.0.113.1:443/p2p',
    ]);
  });

  it('are at most 8', () => {
    const many = Array.from({ length: 20 }, (_, n) => ws('203.0.113.1', 4000 + n));
    const told = toldTo(peerAway, away, many);
    expect([told.length, told[0], told[7]]).toEqual([
      8,
      'ws://203.0.113.1:4000',
      'ws://203.0.113.1:4007',
    ]);
  });

  it('are those of `advertise`, if given, as far as they suit the peer', () => {
    const own = [ws('203.0.113.1'), 'wss://mesh.example.com/p2p', `ws://${id}@10.0.0.1:80`];
    expect(toldTo(peerAway, away, own)).toEqual(['wss://mesh.example.com/p2p']);
    expect(toldTo(peerInSite, inSite, own)).toEqual([
      'wss://mesh.example.com/p2p',
      'ws://10.0.0.1:80',
    ]);
  });

  it('are none with `advertise: false` or an empty list', () => {
    for (const given of [false, []]) {
      const advertise = checkAdvertise(given, id, []);
      const own = { id, endpoints: [ws('203.0.113.1')], advertise };
      expect(ownAddressesFor({ local: away, remote: peerAway }, own)).toEqual([]);
    }
  });
});

describe('the option advertise', () => {
  const faultsOf = (given: unknown): string[] => {
    const faults: string[] = [];
    checkAdvertise(given, id, faults);
    return faults;
  };

  it.each([
    [true, 'advertise must be false or a list of at most 8 addresses, got true'],
    ['ws://a:1', 'advertise must be false or a list of at most 8 addresses, got "ws://a:1"'],
    [new Array<string>(9).fill('ws://a:1'), 'at most 8 addresses, got an array'],
    [['ws://a:1', 7], 'advertise[1] must be an address of this node'],
    [['nonsense'], 'advertise[0] must be an address of this node'],
    [['ws://0.0.0.0:4000'], 'got "ws://0.0.0.0:4000"'],
    [['ws://[::]:4000'], 'got "ws://[::]:4000"'],
    [['ws://[fe80::1%25eth0]:4000'], 'advertise[0]'],
    [[`ws://${identityOf(2).id}@a:1`], 'advertise[0]'],
    [[`wss://a/${'a'.repeat(250)}`], 'advertise[0]'],
  ])('is not %j', (given, fault) => {
    expect(faultsOf(given)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([[undefined], [false], [[]], [['wss://a/p2p', 'a:1', `ws://${id}@a`, `memory:${id}`]]])(
    'may be %j',
    (given) => {
      expect(faultsOf(given)).toEqual([]);
    },
  );
});
