import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { HalfOpen } from '../../lib/transport/half-open.ts';
import { heapBytes } from '../support/garbage.ts';

/** Places for six, three of a host, and a log of who had to go. */
function setUp() {
  const clock = new VirtualClock();
  const places = new HalfOpen({ countMax: 6, perHostMax: 3, clock });
  const gone: string[] = [];
  let count = 0;
  const enter = (host: number): string => {
    const name = `${host}.${(count += 1)}`;
    const place = places.enter({ protocol: 'x', ip: `192.0.2.${host}` });
    if (typeof place === 'string') return place;
    place.onDisplaced = () => gone.push(name);
    return name;
  };
  return { clock, places, gone, enter };
}

describe('S-03 HalfOpen', () => {
  it('refuses a newcomer while no proof is due', () => {
    const { clock, enter, gone } = setUp();
    for (const host of [1, 1, 1, 2, 2, 3]) enter(host);
    clock.advance(499);
    expect([enter(4), enter(1)]).toEqual([
      'more than 6 handshakes at a time: if these peers are honest, raise the limit',
      'more than 3 handshakes with 192.0.2.1 at a time: if these peers are honest, raise the limit',
    ]);
    expect(gone).toEqual([]);
  });

  it('gives a newcomer the place of the first of the host that holds most', () => {
    const { clock, enter, gone } = setUp();
    for (const host of [3, 2, 2, 1, 1, 1]) enter(host);
    clock.advance(500);
    expect([enter(4), enter(5), enter(6), enter(7)]).toEqual(['4.7', '5.8', '6.9', '7.10']);
    // Hosts 1 and 2 have two each by then, and the first of 2 has waited longest; 3 has one, as the
    // newcomers have.
    expect(gone).toEqual(['1.4', '2.2', '1.5', '3.1']);
  });

  it('gives a newcomer of a full host the place of the first of the same host', () => {
    const { clock, enter, gone } = setUp();
    for (const host of [2, 1, 1, 1]) enter(host);
    clock.advance(500);
    expect([enter(1), gone]).toEqual(['1.5', ['1.2']]);
  });

  it('has a place again when one is given back, once', () => {
    const { places } = setUp();
    const remote = { protocol: 'x', ip: '192.0.2.1' };
    const [first] = [places.enter(remote), places.enter(remote), places.enter(remote)];
    if (typeof first !== 'object') throw new Error('no place');
    places.leave(first);
    places.leave(first);
    expect([typeof places.enter(remote), typeof places.enter(remote)]).toEqual([
      'object',
      'string',
    ]);
  });

  it('has no room to make where nobody is late', () => {
    const { clock, places, enter, gone } = setUp();
    expect(places.makeRoom()).toBe(false);
    enter(1);
    expect(places.makeRoom()).toBe(false);
    clock.advance(500);
    expect([places.makeRoom(), places.makeRoom(), gone]).toEqual([true, false, ['1.1']]);
  });

  it('of hosts that hold as many displaces the one that has waited longest', () => {
    const { clock, places, gone, enter } = setUp();
    const first = places.enter({ protocol: 'x', ip: '192.0.2.1' });
    clock.advance(10);
    enter(2);
    clock.advance(10);
    enter(1);
    if (typeof first === 'object') places.leave(first);
    clock.advance(500);
    expect([places.makeRoom(), gone]).toEqual([true, ['2.1']]);
  });

  it('forgets hosts that have no places', async () => {
    const { places } = setUp();
    const before = await heapBytes();
    for (let i = 0; i < 30_000; i += 1) {
      const place = places.enter({
        protocol: 'x',
        ip: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      });
      if (typeof place === 'object') places.leave(place);
    }
    // A name and an empty set for each host would take over three megabytes.
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect(typeof places.enter({ protocol: 'x', ip: '192.0.2.1' })).toBe('object');
  });
});
