import { describe, expect, it } from '@jest/globals';
import type { Direction } from '../../lib/model/direction.ts';
import { KnownPeer } from '../../lib/peers/known-peer.ts';
import { checkPeerOptions, type PeerOptions } from '../../lib/peers/options.ts';
import { Slots } from '../../lib/peers/slots.ts';
import { id, self } from './fixture.ts';

const slotsOf = (options: PeerOptions): Slots => new Slots(checkPeerOptions(self, options, []));

const peer = (digit: string): KnownPeer => new KnownPeer(id(digit), 0);

function link(slots: Slots, to: KnownPeer, direction: Direction): void {
  to.links.add(direction);
  slots.linked(to, direction);
}

function unlink(slots: Slots, from: KnownPeer, direction: Direction): void {
  from.links.delete(direction);
  slots.unlinked(from, direction);
}

function dial(slots: Slots, to: KnownPeer, place?: string): void {
  to.isDialing = true;
  slots.dialing.add(to);
  const address = { protocol: 'ws', id: to.id };
  to.dialed = { address, place, failures: 0, backOffs: 0, retryAtMs: 0 };
}

describe('Slots', () => {
  it('has a free one until so many are connected, less those that are kept', () => {
    const slots = slotsOf({ maxConnected: 3 });
    link(slots, peer('a'), 'inbound');
    expect([0, 1, 2].map((kept) => slots.hasFree(kept))).toEqual([true, true, false]);
    link(slots, peer('b'), 'inbound');
    expect([0, 1].map((kept) => slots.hasFree(kept))).toEqual([true, false]);
    link(slots, peer('c'), 'inbound');
    expect(slots.hasFree(0)).toBe(false);
  });

  it('counts a peer that is dialed while it is connected once', () => {
    const slots = slotsOf({ maxConnected: 2 });
    const twice = peer('a');
    link(slots, twice, 'inbound');
    dial(slots, twice);
    expect(slots.hasFree(0)).toBe(true);
    dial(slots, peer('b'));
    expect(slots.hasFree(0)).toBe(false);
  });

  it('has no more dials than it may, and no more outbound links, those under way included', () => {
    const dials = slotsOf({ maxDialing: 1 });
    dial(dials, peer('a'));
    expect(dials.hasFree(0)).toBe(false);

    const slots = slotsOf({ maxConnected: 9, maxOutbound: 2 });
    const out = peer('a');
    link(slots, out, 'outbound');
    link(slots, peer('b'), 'inbound');
    expect(slots.hasFree(0)).toBe(true);
    dial(slots, peer('c'));
    expect(slots.hasFree(0)).toBe(false);
    unlink(slots, out, 'outbound');
    expect(slots.hasFree(0)).toBe(true);
  });

  it('lets a peer go with the last of its links', () => {
    const slots = slotsOf({ maxConnected: 1 });
    const twice = peer('a');
    link(slots, twice, 'inbound');
    link(slots, twice, 'outbound');
    unlink(slots, twice, 'inbound');
    expect([slots.connected.size, slots.outbound.size]).toEqual([1, 1]);
    expect(slots.hasFree(0)).toBe(false);
    unlink(slots, twice, 'outbound');
    expect([slots.connected.size, slots.outbound.size]).toEqual([0, 0]);
    expect(slots.hasFree(0)).toBe(true);
  });

  it('keeps a slot for each persistent peer that is not connected', () => {
    const slots = slotsOf({});
    const [waits, dialed, up] = [peer('a'), peer('b'), peer('c')];
    for (const each of [waits, dialed, up]) slots.persistent.add(each);
    link(slots, up, 'inbound');
    dial(slots, dialed);
    expect(slots.kept('with dialed')).toBe(2);
    expect(slots.kept('without dialed')).toBe(1);
  });

  it('knows the places that are dialed, or linked to from here', () => {
    const slots = slotsOf({});
    const out = peer('a');
    dial(slots, out, 'x:1');
    slots.dialing.delete(out);
    link(slots, out, 'outbound');
    dial(slots, peer('b'), 'y:1');
    dial(slots, peer('c'));
    expect([...slots.placesInUse()]).toEqual(['x:1', 'y:1']);
  });
});
