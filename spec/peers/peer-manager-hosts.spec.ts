import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { at, Bench, codeOf, id } from './fixture.ts';

const from = (ip: string): Endpoint => ({ protocol: 'ws', ip, port: 1 });
const tooMany = 'RXMESH_TOO_MANY_CONNECTIONS';

/** The codes with which peers at these IP addresses are refused; undefined: accepted. */
const accept = (bench: Bench, peers: readonly (readonly [digit: string, ip: string])[]) =>
  peers.map(([digit, ip]) => codeOf(() => bench.manager.accepted(id(digit), from(ip))));

describe('PeerManager: peers of one host', () => {
  it('B-13 accepts maxInboundPerHost strangers from one IP address, and another when one leaves', () => {
    const bench = new Bench({ maxInboundPerHost: 2 });
    const host = '192.0.2.1';
    const four = [
      ['1', host],
      ['2', host],
      ['3', host],
      ['4', '192.0.2.2'],
    ] as const;
    expect(accept(bench, four)).toEqual([undefined, undefined, tooMany, undefined]);
    bench.manager.disconnected(id('1'), 'inbound');
    expect(
      accept(bench, [
        ['3', host],
        ['5', host],
      ]),
    ).toEqual([undefined, tooMany]);
  });

  it.each(['127.0.0.1', '127.9.9.9', '::1'])('does not count %s: it is this machine', (ip) => {
    const bench = new Bench({ maxInboundPerHost: 1 });
    const peers = [
      ['1', ip],
      ['2', ip],
    ] as const;
    expect(accept(bench, peers)).toEqual([undefined, undefined]);
  });

  it('counts IPv6 by /64', () => {
    const bench = new Bench({ maxInboundPerHost: 1 });
    const peers = [
      ['1', '2001:db8::1'],
      ['2', '2001:db8::ffff:2'],
      ['3', '2001:db8:0:1::1'],
    ] as const;
    expect(accept(bench, peers)).toEqual([undefined, tooMany, undefined]);
  });

  it('allows half of maxConnected by default, also when that changes', () => {
    const bench = new Bench({ maxConnected: 4, reserved: 0 });
    const host = '192.0.2.1';
    expect(
      accept(bench, [
        ['1', host],
        ['2', host],
        ['3', host],
      ]),
    ).toEqual([undefined, undefined, tooMany]);
    bench.manager.setLimits({ maxConnected: 6 });
    expect(
      accept(bench, [
        ['3', host],
        ['4', host],
      ]),
    ).toEqual([undefined, tooMany]);
  });

  it('counts chosen peers and never refuses them, and does not count peers that it dialed', () => {
    const host = '192.0.2.1';
    const bench = new Bench({ maxInboundPerHost: 1, unconditional: [id('c')] }).add(
      at('a'),
      at('b'),
    );
    bench.manager.dialed(at('b'), from(host));
    expect(
      accept(bench, [
        ['1', host],
        ['a', host],
        ['c', host],
        ['2', host],
      ]),
    ).toEqual([undefined, undefined, undefined, tooMany]);
    expect(accept(bench, [['b', host]])).toEqual([undefined]);
  });

  it('sees a duplicate as a duplicate', () => {
    const bench = new Bench({ maxInboundPerHost: 1 });
    const twice = [
      ['1', '192.0.2.1'],
      ['1', '192.0.2.1'],
    ] as const;
    expect(accept(bench, twice)).toEqual([undefined, 'RXMESH_DUPLICATE_CONNECTION']);
  });
});

describe('PeerManager: hosts of chosen peers', () => {
  it('are those of their addresses, and those from which they were connected', () => {
    const bench = new Bench().add(at('a', '192.0.2.1'), at('b'));
    const { manager } = bench;
    accept(bench, [
      ['b', '2001:db8::1'],
      ['c', '192.0.2.3'],
    ]);
    manager.disconnected(id('b'), 'inbound');
    const hosts = ['192.0.2.1', '2001:db8::2', '192.0.2.3', '192.0.2.4'];
    expect(hosts.map((ip) => manager.isChosenHost(ip))).toEqual([true, true, false, false]);
  });

  it('are at most 1,024, the last ones seen', () => {
    const { manager } = new Bench({ maxPeers: 2_000 });
    const ipOf = (n: number): string => `10.0.${n >> 8}.${n & 255}`;
    for (let n = 0; n <= 1_024; n += 1) {
      if (n === 1_024) manager.add(at('a', ipOf(0)));
      manager.add(at('a', ipOf(n)));
    }
    expect([0, 1, 2, 1_024].map((n) => manager.isChosenHost(ipOf(n)))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});
