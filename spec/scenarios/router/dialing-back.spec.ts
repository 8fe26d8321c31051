import { describe, expect, it } from '@jest/globals';
import type { RouterOptions } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { expectIdle } from '../../support/leaks.ts';
import { makeRouter } from '../../support/maker.ts';

/** How node 0 got on with its peers: `peer-up inbound`, `peer-down inbound`, `dial-failed`. */
function toldBy0(net: Simulation): string[] {
  return net.log.flatMap(({ node, event }) => {
    if (node !== 0) return [];
    const { type } = event;
    if (type === 'peer-up' || type === 'peer-down') return [`${type} ${event.direction}`];
    return type === 'dial-failed' ? [type] : [];
  });
}

/** Node 1 knows node 0, but only in its first life. */
function networkOf(advertise?: false): Simulation {
  let made = 0;
  const make = (options: RouterOptions) => {
    made += 1;
    return makeRouter(made <= 2 ? options : { ...options, peers: {} });
  };
  return simulate({
    nodes: 2,
    latencyMs: 5,
    knows: (node) => node === 1,
    options: (node) => (node === 1 && advertise === false ? { advertise } : {}),
    makeRouter: make,
  });
}

describe('dialing back', () => {
  it('an accepted peer that vanished is dialed until it is back, though it knows us no more', () => {
    const net = networkOf();
    net.start();
    expect(toldBy0(net)).toEqual(['peer-up inbound']);
    net.crash(1);
    net.advance(10_000);
    expect(toldBy0(net).slice(0, 3)).toEqual([
      'peer-up inbound',
      'peer-down inbound',
      'dial-failed',
    ]);
    net.restart(1);
    net.advance(60_000);
    expect(toldBy0(net).at(-1)).toBe('peer-up outbound');
    expect([...net.node(1).up]).toEqual([net.node(0).id]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('a peer that advertises nothing is not dialed', () => {
    const net = networkOf(false);
    net.start();
    net.crash(1);
    net.advance(10_000);
    net.restart(1);
    net.advance(60_000);
    expect(toldBy0(net)).toEqual(['peer-up inbound', 'peer-down inbound']);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('a peer that left after it was up is dialed with growing pauses', () => {
    const net = networkOf();
    net.start();
    net.crash(1);
    const hours = 3_600_000;
    const dialsIn = (ms: number): number => {
      const before = toldBy0(net).length;
      net.advance(ms);
      return toldBy0(net).length - before;
    };
    dialsIn(hours);
    expect(dialsIn(10 * hours)).toBeLessThanOrEqual(21);
    expect(dialsIn(24 * hours * 7)).toBeGreaterThan(0);
    // Its only address has expired, so that it is forgotten.
    expect(dialsIn(24 * hours)).toBe(0);
    net.stop();
    expectIdle(net.clock.scheduler);
  });
});
