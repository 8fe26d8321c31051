import { describe, expect, it } from '@jest/globals';
import { parseNodeAddress } from '../../lib/model/address.ts';
import { checkPeerOptions, type PeerOptions, type PeerRules } from '../../lib/peers/options.ts';
import { PeerTable } from '../../lib/peers/peer-table.ts';
import { at, failure, id, self } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const limits = (options: PeerOptions = {}): PeerRules =>
  checkPeerOptions(self, { retryJitterMs: 0, ...options }, []);

const table = (options?: PeerOptions): PeerTable => new PeerTable(self, limits(options), () => 0);

describe('PeerTable', () => {
  it('returns when the next dial is due, or that none is', () => {
    const peers = table({ retryMinMs: 100 });
    expect(peers.nextDial(0)).toEqual({ dueMs: Infinity });
    peers.introductions.add(at('a'), 0);
    expect(peers.nextDial(0)).toEqual({ address: at('a') });
    expect(peers.nextDial(0)).toEqual({ dueMs: Infinity });
    peers.dialFailed(at('a'), failure(), 40);
    expect(peers.nextDial(50)).toEqual({ dueMs: 140 });
    expect(peers.nextDial(140)).toEqual({ address: at('a') });
  });

  it('is due at the earliest end of all waits: retry, cool-down and ban', () => {
    const peers = table({ retryMinMs: 900, disconnectCooldownMs: 500, banMs: 700 });
    for (const digit of ['a', 'b', 'c']) peers.introductions.add(at(digit), 0);
    peers.links.accepted(id('b'), 0);
    peers.report({ peer: id('c'), severity: 'ban', reason: failure() }, 0);
    expect(peers.nextDial(0)).toEqual({ address: at('a') });
    peers.dialFailed(at('a'), failure(), 0);
    expect(peers.nextDial(0)).toEqual({ dueMs: 700 });
    peers.links.disconnected(id('b'), 'inbound', undefined, 0);
    expect(peers.nextDial(0)).toEqual({ dueMs: 500 });
  });

  it('waits for a change instead of a time while no slot is free', () => {
    const peers = table({ maxConnected: 1, reserved: 0 });
    peers.introductions.add(at('a'), 0);
    peers.links.accepted(id('b'), 0);
    expect(peers.nextDial(0)).toEqual({ dueMs: Infinity });
  });

  it('prefers the address of a peer that failed less often', () => {
    const peers = table({ retryMinMs: 100 });
    peers.introductions.add(at('a', 'x'), 0);
    peers.introductions.add(at('a', 'y'), 0);
    expect(peers.nextDial(0)).toEqual({ address: at('a', 'x') });
    peers.dialFailed(at('a', 'x'), failure(), 0);
    expect(peers.nextDial(1000)).toEqual({ address: at('a', 'y') });
  });

  it('dials peers of a network with ids only in parallel', () => {
    const peers = table();
    for (const digit of ['a', 'b'])
      peers.introductions.add(parseNodeAddress(`memory:${id(digit)}`), 0);
    expect(peers.nextDial(0)).toHaveProperty('address.id', id('a'));
    expect(peers.nextDial(0)).toHaveProperty('address.id', id('b'));
  });

  it('keeps its reports until they are collected', () => {
    const peers = table({ maxPeers: 1, maxConnected: 1, reserved: 0 });
    peers.introductions.add(at('a'), 0);
    peers.introductions.add(at('b'), 0);
    peers.links.accepted(id('c'), 0);
    peers.links.ready(id('c'), 'inbound', 0, [3]);
    peers.report({ peer: id('c'), severity: 'disconnect', reason: failure() }, 0);
    expect([peers.nextForgotten(), peers.nextForgotten(), peers.nextForgotten()]).toEqual([
      id('b'),
      id('a'),
      undefined,
    ]);
    expect(peers.nextUpdate()).toMatchObject({ id: id('c'), status: 'up', channels: [3] });
    expect(peers.nextUpdate()).toBeUndefined();
    expect(peers.nextEviction()).toEqual({ peer: id('c'), error: failure() });
    expect(peers.nextEviction()).toBeUndefined();
  });
});

trackLeaks();
