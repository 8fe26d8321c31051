import { describe, expect, it } from '@jest/globals';
import { parseNodeAddress } from '../../lib/model/address.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { isDialable, isInReach } from '../../lib/model/reach.ts';

const id = 'a'.repeat(40);
const at = (host: string) =>
  parseNodeAddress(`ws://${id}@${host.includes(':') ? `[${host}]` : host}`);
const endsWith = (ip: string, local = '192.0.2.99') => ({
  local: { protocol: 'ws', ip: local },
  remote: { protocol: 'ws', ip },
});

/** Hosts by who can dial them. */
const hosts = {
  machine: ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'a.localhost', 'LOCALHOST.'],
  segment: ['169.254.1.1'],
  site: ['10.0.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fd00::1', 'db', 'pi.local'],
  world: ['203.0.113.1', '172.32.0.1', '100.128.0.1', '2001:db8::1', 'mesh.example.com'],
  nobody: ['0.0.0.0', '0.1.2.3', '::', '224.0.0.1', '255.255.255.255', 'ff02::1', 'fe80::1'],
};

describe('a host that other nodes can dial', () => {
  it.each([...hosts.machine, ...hosts.segment, ...hosts.site, ...hosts.world])('is %s', (host) => {
    expect(isDialable(host)).toBe(true);
  });

  it.each([...hosts.nobody, 'fe80::1%eth0', '::1%lo', '::%eth0'])('L-39 is not %s', (host) => {
    expect(isDialable(host)).toBe(false);
  });
});

describe('an address in reach', () => {
  it.each([
    ['a peer on this machine', ['127.0.0.1', '::1'], ['machine', 'segment', 'site', 'world']],
    ['a peer on this segment', ['169.254.7.7', 'fe80::7%eth0'], ['segment', 'site', 'world']],
    ['a peer in this site', ['10.9.9.9', '192.168.7.7', 'fd00::7'], ['site', 'world']],
    ['a peer elsewhere', ['198.51.100.7', '2001:db8:7::7'], ['world']],
    ['a peer that is nowhere', ['0.0.0.0', '::'], []],
  ] as const)('of %s', (_, peers, reached) => {
    for (const peer of peers) {
      for (const [scope, list] of Object.entries(hosts)) {
        const isReached = reached.some((each) => each === scope);
        for (const host of list) {
          expect([peer, host, isInReach(at(host), endsWith(peer))]).toEqual([
            peer,
            host,
            isReached,
          ]);
        }
      }
    }
  });

  it('is any address of a peer whose IP address is our own: it is on this machine', () => {
    const ends = endsWith('192.168.1.5', '192.168.1.5');
    expect(isInReach(at('127.0.0.1'), ends)).toBe(true);
    expect(isInReach(at('127.0.0.1'), endsWith('192.168.1.5', '192.168.1.6'))).toBe(false);
  });

  it('is one without a host for a peer on the same kind of transport, and no other', () => {
    const memory: Endpoint = { protocol: 'memory', path: id };
    const address = parseNodeAddress(`memory:${id}`);
    expect(isInReach(address, { local: memory, remote: memory })).toBe(true);
    expect(isInReach(address, endsWith('127.0.0.1'))).toBe(false);
    expect(isInReach(at('mesh.example.com'), { local: memory, remote: memory })).toBe(false);
    expect(isInReach({ ...address, protocol: 'pipe' }, { local: memory, remote: memory })).toBe(
      false,
    );
  });

  it('goes by the name of a remote end without an IP address, as in a browser', () => {
    const ends = {
      local: { protocol: 'ws' },
      remote: { protocol: 'ws', host: 'mesh.example.com' },
    };
    expect(isInReach(at('203.0.113.1'), ends)).toBe(true);
    expect(isInReach(at('10.0.0.1'), ends)).toBe(false);
  });
});
