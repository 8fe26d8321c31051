import { describe, expect, it } from '@jest/globals';
import { KnownPeer } from '../../../lib/peers/known-peer.ts';
import { restoreInto, type SavedPeer, savedFrom } from '../../../lib/peers/store/saved-peer.ts';
import { Decay } from '../../../lib/peers/scores.ts';
import { at, id } from '../fixture.ts';

const decay = new Decay(1_000);

/** What was stored at 1,000 on the present clock, and is read at 5,000. */
function saved(changes: Partial<SavedPeer> = {}): SavedPeer {
  return {
    id: id('a'),
    addresses: [
      {
        address: at('a'),
        origin: 'announced',
        failures: 3,
        failingForMs: 40,
        blame: { value: 3, agoMs: 10 },
      },
    ],
    behaviour: { value: -8, agoMs: 0 },
    lastDial: { agoMs: 20, isGood: false },
    upAgoMs: 300,
    toldBy: undefined,
    wasReached: true,
    ...changes,
  };
}

function restored(peer: KnownPeer, from: SavedPeer = saved()): KnownPeer {
  restoreInto(peer, from, 1_000, 5_000, decay);
  return peer;
}

describe('what is restored of a peer', () => {
  it('is what was stored, on the present clock', () => {
    const peer = restored(new KnownPeer(id('a'), 0, 0));
    const [known] = peer.addresses;
    expect(known).toMatchObject({ origin: 'announced', failures: 3, failingSinceMs: 4_960 });
    expect(known?.blame).toEqual({ value: 3, atMs: 990 });
    expect(peer.lastDial).toEqual({ atMs: 980, isGood: false });
    expect([peer.lastSeenMs, peer.upSinceMs, peer.wasReached]).toEqual([700, 700, true]);
    // Four half-lives.
    expect(decay.valueAt(peer.behaviour, 5_000)).toBe(-0.5);
  });

  it('is second to what has happened since the start', () => {
    const peer = new KnownPeer(id('a'), 0, 0);
    peer.addresses.learn(at('a'), 'named', true, undefined);
    const known = peer.addresses.get(at('a'));
    if (known === undefined) throw new Error('no address');
    known.failures = 1;
    known.failingSinceMs = 4_000;
    peer.lastDial = { atMs: 4_500, isGood: true };
    peer.lastSeenMs = 4_600;
    peer.upSinceMs = 4_500;
    peer.behaviour = { value: -2, atMs: 5_000 };
    restored(peer);
    expect(known).toMatchObject({ failures: 1, failingSinceMs: 4_000 });
    expect(peer.lastDial).toEqual({ atMs: 4_500, isGood: true });
    expect([peer.lastSeenMs, peer.upSinceMs]).toEqual([4_600, 4_500]);
    // Both count.
    expect(decay.valueAt(peer.behaviour, 5_000)).toBe(-2.5);
  });

  it('leaves the address alone that is being dialed', () => {
    const peer = new KnownPeer(id('a'), 0, 0);
    peer.addresses.learn(at('a'), 'named', true, undefined);
    peer.dialed = peer.addresses.get(at('a'));
    restored(peer);
    expect(peer.dialed?.failures).toBe(0);
  });

  it.each([
    ['that was never up and nobody has named', {}, { upAgoMs: undefined }, 'host'],
    ['that was up, and has left', {}, {}, 'host'],
    ['that is up', { ready: 'inbound' }, {}, undefined],
    ['that the application has named', { isChosen: true }, { upAgoMs: undefined }, undefined],
  ])('counts as hearsay for a peer %s, or does not', (_what, known, changes, host) => {
    const peer = Object.assign(new KnownPeer(id('a'), 0, 0), known);
    expect(restored(peer, saved({ toldBy: 'host', ...changes })).toldBy).toBe(host);
  });

  it('is what is stored again', () => {
    const [peer, from] = [
      new KnownPeer(id('a'), 0, 0),
      saved({ behaviour: { value: 0, agoMs: 0 } }),
    ];
    restoreInto(peer, from, 5_000, 5_000, decay);
    expect(savedFrom(peer, 5_000)).toEqual(from);
    const good = new KnownPeer(id('b'), 0, 1);
    good.addresses.learn(at('b'), 'named', true, undefined);
    const [address] = savedFrom(good, 5_000).addresses;
    expect(address).toMatchObject({ failures: 0, failingForMs: 0, blame: { value: 0, agoMs: 0 } });
  });
});
