import { describe, expect, it } from '@jest/globals';
import { addressesPerPeerMax, byRank, KnownPeer, scoreMax } from '../../lib/peers/known-peer.ts';
import { at, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

function peerWith(count: number): KnownPeer {
  const peer = new KnownPeer(id('a'), 0);
  for (let n = 0; n < count; n += 1) peer.learn(at('a', `host-${n}`));
  return peer;
}

const hosts = (peer: KnownPeer): (string | undefined)[] =>
  Array.from(peer.addresses.values(), ({ address }) => address.host);

describe('KnownPeer', () => {
  it('PM-13 learns an address once', () => {
    const peer = new KnownPeer(id('a'), 0);
    expect(peer.learn(at('a'))).toBe(true);
    expect(peer.learn(at('a'))).toBe(false);
    expect(peer.addresses.size).toBe(1);
  });

  it('takes no more addresses than the limit while none has failed', () => {
    const peer = peerWith(addressesPerPeerMax);
    expect(peer.learn(at('a', 'one-more'))).toBe(false);
    expect(peer.addresses.size).toBe(addressesPerPeerMax);
  });

  it('gives up the address that failed most for a new one, but not the one in use', () => {
    const peer = peerWith(addressesPerPeerMax);
    const [first, second, third] = peer.addresses.values();
    if (first === undefined || second === undefined || third === undefined) throw new Error('few');
    first.failures = 3;
    second.failures = 2;
    third.failures = 1;
    peer.dialed = first;
    expect(peer.learn(at('a', 'one-more'))).toBe(true);
    expect(peer.addresses.size).toBe(addressesPerPeerMax);
    expect(hosts(peer)).toEqual(expect.arrayContaining(['host-0', 'host-2', 'one-more']));
    expect(hosts(peer)).not.toContain('host-1');
  });

  it('keeps all addresses of a persistent peer', () => {
    const peer = new KnownPeer(id('a'), 0);
    peer.isPersistent = true;
    for (let n = 0; n < 2 * addressesPerPeerMax; n += 1) peer.learn(at('a', `host-${n}`));
    expect(peer.addresses.size).toBe(2 * addressesPerPeerMax);
  });

  it('B-08 scores reports and failures, and persistent peers highest', () => {
    const peer = peerWith(2);
    expect(peer.score).toBe(0);
    peer.report('note');
    peer.report('penalize');
    expect(peer.score).toBe(-11);
    for (const known of peer.addresses.values()) known.failures = 2;
    expect(peer.score).toBe(-15);
    peer.isPersistent = true;
    expect(peer.score).toBe(scoreMax);
  });

  it('B-07 keeps the score in the signed 16-bit range', () => {
    const peer = new KnownPeer(id('a'), 0);
    for (let n = 0; n < 1000; n += 1) peer.report('ban');
    expect(peer.score).toBe(-scoreMax);
  });
});

describe('byRank', () => {
  it('B-09 orders by score, and equals by their rank', () => {
    const late = new KnownPeer(id('a'), 0.9);
    const early = new KnownPeer(id('b'), 0.1);
    const bad = new KnownPeer(id('c'), 0);
    bad.report('note');
    const persistent = new KnownPeer(id('d'), 1);
    persistent.isPersistent = true;
    expect([bad, late, persistent, early].sort(byRank)).toEqual([persistent, early, late, bad]);
  });
});

trackLeaks();
