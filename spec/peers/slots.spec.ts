import { describe, expect, it } from '@jest/globals';
import type { Direction } from '../../lib/model/direction.ts';
import { KnownPeer } from '../../lib/peers/known-peer.ts';
import { checkPeerOptions, type PeerOptions } from '../../lib/peers/options.ts';
import { Slots, type Shortage } from '../../lib/peers/slots.ts';
import { at, id, self } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const slotsOf = (options: PeerOptions): Slots => new Slots(checkPeerOptions(self, options, []));

type Traits = Partial<Pick<KnownPeer, 'isPersistent' | 'isChosen' | 'isUnconditional'>>;

const peer = (digit: string, traits: Traits = {}): KnownPeer =>
  Object.assign(new KnownPeer(id(digit), 0, 0), traits);

function link(slots: Slots, to: KnownPeer, direction: Direction): void {
  to.links.add(direction);
  slots.update(to);
}

/** Its link has ended. */
function unlink(slots: Slots, from: KnownPeer, direction: Direction): void {
  from.links.delete(direction);
  if (from.ready === direction) from.ready = undefined;
  slots.update(from);
}

function dial(slots: Slots, to: KnownPeer): void {
  to.isDialing = true;
  slots.update(to);
}

/** The names of what is missing. */
const names = (short: Shortage | undefined): string[] =>
  Object.entries(short ?? {}).flatMap(([name, isShort]) => (isShort === true ? [name] : []));

describe('Slots', () => {
  it('has a free one until maxConnected peers are connected', () => {
    const slots = slotsOf({ maxConnected: 2 });
    link(slots, peer('a'), 'inbound');
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual([]);
    link(slots, peer('b'), 'outbound');
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual(['total']);
    expect(names(slots.shortOfDial('chosen'))).toEqual(['total']);
  });

  it('counts a peer once, however many links and dials it has', () => {
    const slots = slotsOf({ maxConnected: 2 });
    const twice = peer('a');
    link(slots, twice, 'inbound');
    dial(slots, twice);
    expect(names(slots.shortOfDial('chosen'))).toEqual([]);
    dial(slots, peer('b'));
    expect(names(slots.shortOfDial('chosen'))).toContain('total');
    // A dial may fail, so it keeps out no peer that has connected.
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual([]);
  });

  it('has separate limits for each direction, including dials in progress', () => {
    const slots = slotsOf({ maxConnected: 9, maxInbound: 1, maxOutbound: 2 });
    const out = peer('a');
    link(slots, out, 'outbound');
    dial(slots, peer('b'));
    expect(names(slots.shortOfDial('chosen'))).toEqual(['outbound']);
    expect(names(slots.shortOfClaim('chosen', 'outbound'))).toEqual([]);
    link(slots, peer('c'), 'inbound');
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual(['inbound']);
    unlink(slots, out, 'outbound');
    expect(names(slots.shortOfDial('chosen'))).toEqual([]);
  });

  it('releases a peer with the last of its links', () => {
    const slots = slotsOf({ maxConnected: 1 });
    const twice = peer('a');
    link(slots, twice, 'inbound');
    link(slots, twice, 'outbound');
    unlink(slots, twice, 'inbound');
    expect(slots.connected).toBe(1);
    unlink(slots, twice, 'outbound');
    expect(slots.connected).toBe(0);
  });

  it('keeps a slot for each persistent peer that is away from all other peers', () => {
    const slots = slotsOf({ maxConnected: 2 });
    const persistent = peer('a', { isPersistent: true, isChosen: true });
    slots.update(persistent);
    link(slots, peer('b', { isChosen: true }), 'inbound');
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual(['total']);
    expect(names(slots.shortOfClaim('persistent', 'inbound'))).toEqual([]);
    dial(slots, persistent);
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual(['total']);
  });

  it('lets strangers have what is not reserved for known, chosen peers', () => {
    const slots = slotsOf({ maxConnected: 4, reserved: 2 });
    for (const digit of ['a', 'b', 'c']) {
      const chosen = peer(digit, { isChosen: true });
      chosen.addresses.learn(at(digit), 'named', true, undefined);
      slots.update(chosen);
    }
    link(slots, peer('1'), 'inbound');
    expect(names(slots.shortOfClaim('stranger', 'inbound'))).toEqual([]);
    link(slots, peer('2'), 'inbound');
    expect(names(slots.shortOfClaim('stranger', 'inbound'))).toEqual(['strangers']);
    expect(names(slots.shortOfClaim('chosen', 'inbound'))).toEqual([]);
  });

  it('always has one for an unconditional peer, which takes none', () => {
    const slots = slotsOf({ maxConnected: 1 });
    link(slots, peer('a', { isUnconditional: true }), 'inbound');
    expect([slots.connected, slots.hasUnconditional]).toEqual([0, true]);
    link(slots, peer('b'), 'inbound');
    expect(names(slots.shortOfClaim('unconditional', 'inbound'))).toEqual([]);
  });

  it('lets some peers exceed the limits to replace others', () => {
    const slots = slotsOf({ maxConnected: 1, maxUpgrading: 1 });
    link(slots, peer('a'), 'inbound');
    expect([slots.mayClaimBeyond('inbound'), slots.mayDialBeyond()]).toEqual([true, true]);
    link(slots, peer('b'), 'outbound');
    expect([slots.mayClaimBeyond('inbound'), slots.mayDialBeyond()]).toEqual([false, false]);
  });

  it('does not count a forgotten peer', () => {
    const slots = slotsOf({ maxConnected: 1 });
    const gone = peer('a');
    link(slots, gone, 'inbound');
    slots.remove(gone);
    expect(slots.connected).toBe(0);
  });
});

trackLeaks();
