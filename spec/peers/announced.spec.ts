import { describe, expect, it } from '@jest/globals';
import { formatNodeAddress } from '../../lib/model/address.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { AddressBook, addressesPerPeerMax } from '../../lib/peers/address-book.ts';
import { announcedAddresses } from '../../lib/peers/announced.ts';
import { trackLeaks } from '../support/leaks.ts';
import { identityOf } from '../support/mock-node.ts';
import { nodeInfoOf } from '../support/mock-transport.ts';
import { at, Bench, failure, id } from './fixture.ts';

const hosts = (book: AddressBook): (string | undefined)[] =>
  Array.from(book, ({ address }) => address.host);

describe('the addresses that are learned from a peer', () => {
  const peer = identityOf(2);
  const ws = (ip: string): Endpoint => ({ protocol: 'ws', ip, port: 5 });
  const learned = (
    remote: Endpoint,
    addresses: readonly string[],
    listenAddress = '',
  ): string[] => {
    const nodeInfo = nodeInfoOf(peer, { addresses, listenAddress });
    const found = announcedAddresses({ nodeInfo, local: ws('10.0.0.1'), remote }, ['ws', 'wss']);
    return found.map((address) => formatNodeAddress(address).replace(`${peer.id}@`, ''));
  };

  it.each([
    ['loopback, from elsewhere', '198.51.100.7', ['ws://127.0.0.1:1', 'ws://localhost:1'], []],
    ['private ones, from elsewhere', '198.51.100.7', ['ws://10.0.0.7:1', 'ws://redis:1'], []],
    ['link-local ones', '198.51.100.7', ['ws://169.254.169.254', 'ws://[fe80::1]:1'], []],
    ['those that nobody can dial', '10.0.0.7', ['ws://0.0.0.0:1', 'ws://224.0.0.1:1'], []],
    ['unknown protocols', '198.51.100.7', ['tcp://198.51.100.7:1', `memory:${peer.id}`], []],
    ['loopback, on this machine', '127.0.0.1', ['ws://127.0.0.1:1'], ['ws://127.0.0.1:1']],
    ['private ones, in the same site', '10.0.0.7', ['ws://10.0.0.8:1'], ['ws://10.0.0.8:1']],
  ])('may be %s: from %s, of %j learns %j', (_, ip, addresses, expected) => {
    expect(learned(ws(ip), addresses)).toEqual(expected);
  });

  it('begin with those at the IP address that the peer is connected from', () => {
    const addresses = ['wss://mesh.test/p2p', 'ws://203.0.113.9:1', 'ws://198.51.100.7:1'];
    expect(learned(ws('198.51.100.7'), addresses)).toEqual([
      'ws://198.51.100.7:1',
      'wss://mesh.test/p2p',
      'ws://203.0.113.9:1',
    ]);
  });

  it('include the listen address of a peer that lists no others', () => {
    expect(learned(ws('198.51.100.7'), [], '198.51.100.7:1')).toEqual(['ws://198.51.100.7:1']);
  });
});

describe('an address book', () => {
  it('replaces what the peer announced before, and nothing else', () => {
    const book = new AddressBook();
    book.learn(at('a', 'named'), 'named', true, undefined);
    book.announced([at('a', 'one'), at('a', 'two'), at('a', 'named')], undefined);
    expect(hosts(book)).toEqual(['named', 'one', 'two']);
    const inUse = book.get(at('a', 'one'));
    book.announced([at('a', 'three')], inUse);
    expect(hosts(book)).toEqual(['named', 'one', 'three']);
    book.announced([], undefined);
    expect(hosts(book)).toEqual(['named']);
  });

  it('keeps the failures of an address that is announced again', () => {
    const book = new AddressBook();
    book.announced([at('a', 'one')], undefined);
    const known = book.get(at('a', 'one'));
    if (known !== undefined) known.failures = 3;
    book.announced([at('a', 'one')], undefined);
    expect(book.get(at('a', 'one'))?.failures).toBe(3);
  });

  it('when full, makes room of what others have told', () => {
    const book = new AddressBook();
    for (let n = 0; n < addressesPerPeerMax; n += 1) {
      book.learn(at('a', `heard-${n}`), 'heard', true, undefined);
    }
    const worst = book.get(at('a', 'heard-4'));
    if (worst !== undefined) worst.failures = 1;
    book.announced([at('a', 'announced')], undefined);
    expect(book.size).toBe(addressesPerPeerMax);
    expect(hosts(book)).toContain('announced');
    expect(hosts(book)).not.toContain('heard-4');
  });

  it('replaces an address that others have told before, once it is no longer announced', () => {
    const book = new AddressBook();
    book.learn(at('a', 'one'), 'heard', true, undefined);
    book.announced([at('a', 'one')], undefined);
    book.announced([], undefined);
    expect(hosts(book)).toEqual([]);
  });
});

describe('PeerManager: announced addresses', () => {
  it('are dialed when the peer is down, after the cool-down', () => {
    const bench = new Bench({ disconnectCooldownMs: 500 }).dial().accept('a');
    bench.manager.announced(id('a'), [at('a', 'one'), at('a', 'two')]);
    expect(bench.newDials()).toEqual([]);
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(499);
    expect(bench.newDials()).toEqual([]);
    bench.time.advance(1);
    expect(bench.newDials()).toEqual(['a@one']);
    bench.manager.dialFailed(at('a', 'one'), failure());
    expect(bench.newDials()).toEqual(['a@two']);
  });

  it('make no chosen peer of it', () => {
    const bench = new Bench().accept('a');
    bench.manager.announced(id('a'), [at('a')]);
    const [record] = bench.manager.peers();
    expect(record).toMatchObject({ isChosen: false, isPersistent: false, addresses: [at('a')] });
  });

  it('are ignored if they are of another peer, or the peer is not up', () => {
    const bench = new Bench().accept('a');
    bench.manager.announced(id('a'), [at('b')]);
    bench.manager.accepted(id('c'));
    bench.manager.announced(id('c'), [at('c')]);
    bench.manager.announced(id('d'), [at('d')]);
    for (const digit of ['a', 'b', 'c', 'd'])
      expect(bench.manager.addresses(id(digit))).toEqual([]);
  });

  it('stay once the application has named them', () => {
    const bench = new Bench().accept('a');
    bench.manager.announced(id('a'), [at('a')]);
    expect(bench.manager.add(at('a'))).toBe(false);
    bench.manager.announced(id('a'), []);
    expect(bench.manager.addresses(id('a'))).toEqual([at('a')]);
  });

  it('never push out an address of a persistent peer', () => {
    const persistent = Array.from({ length: addressesPerPeerMax }, (_, n) => at('a', `own-${n}`));
    const bench = new Bench({ persistent }).accept('a');
    bench.manager.announced(id('a'), [at('a', 'announced')]);
    expect(bench.manager.addresses(id('a'))).toEqual(persistent);
  });
});

trackLeaks();
