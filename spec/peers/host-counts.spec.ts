import { describe, expect, it } from '@jest/globals';
import { HostCounts } from '../../lib/peers/host-counts.ts';
import { KnownPeer } from '../../lib/peers/known-peer.ts';
import { id } from './fixture.ts';

const peer = (digit: string): KnownPeer => new KnownPeer(id(digit), 0, 0);

describe('HostCounts', () => {
  it('counts each peer for one host, the last one', () => {
    const counts = new HostCounts();
    const [a, b] = [peer('a'), peer('b')];
    counts.set(a, 'x');
    counts.set(a, 'x');
    counts.set(b, 'x');
    expect([counts.of('x'), counts.of('y')]).toEqual([2, 0]);
    counts.set(b, 'y');
    expect([counts.of('x'), counts.of('y')]).toEqual([1, 1]);
    counts.set(a, undefined);
    counts.set(a, undefined);
    expect([counts.of('x'), counts.of('y')]).toEqual([0, 1]);
  });

  it('forgets hosts without peers', () => {
    const counts = new HostCounts();
    const a = peer('a');
    for (let host = 0; host < 100; host += 1) counts.set(a, `host ${host}`);
    expect(counts.size).toBe(1);
    counts.set(a, undefined);
    expect(counts.size).toBe(0);
  });
});
