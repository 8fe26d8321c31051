import { describe, expect, it } from '@jest/globals';
import { dropNewest, latest } from '../../lib/flow/strategy.ts';
import { fair, fifo, priority, type Discipline } from '../../lib/session/discipline.ts';
import { expectIdle, trackLeaks } from '../support/leaks.ts';
import { LinkedNode, open } from '../support/linked-node.ts';
import { pumpOn, sized } from '../support/pump-on.ts';

/**
 * Offers far more than the link accepts on four channels, and returns the share of messages written
 * for each. After draining, nothing is left.
 */
function successRates(discipline: () => Discipline, priorities: readonly number[]): number[] {
  const rounds = 300;
  const { clock, link, pump, outbox, offer } = pumpOn({}, discipline);
  const lanes = priorities.map((each, channel) => outbox(channel, each, dropNewest(64)));
  for (const lane of lanes) lane.credit = 1e9;
  link.writable = false;
  link.onFlush = () => (link.writable = false);
  const messages = Array.from({ length: 40 }, () => sized(1000));
  for (let round = 0; round < rounds; round += 1) {
    for (const lane of lanes) offer(lane, ...messages);
    link.writable = true;
  }
  const rates = lanes.map(({ messages }) => messages / (rounds * 40));
  link.onFlush = undefined;
  link.writable = true;
  clock.advance(0);
  expect(lanes.every((lane) => lane.idle && !lane.queued && lane.turnBytes === 0)).toBe(true);
  pump.run();
  expectIdle(clock.scheduler);
  return rates;
}

describe('more than a link can accept', () => {
  it('B-27 equal priorities have equal success within 2 %', () => {
    const rates = successRates(fair, [1, 1, 1, 1]);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    expect(mean).toBeGreaterThan(0.3);
    for (const rate of rates) expect(Math.abs(rate - mean)).toBeLessThan(0.02 * mean);
  });

  it('B-27 a higher priority never has less success', () => {
    const rates = successRates(fair, [1, 2, 3, 8]);
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
    const [low = 0, double = 0, triple = 0] = rates;
    expect(double / low).toBeCloseTo(2, 0);
    expect(triple / low).toBeCloseTo(3, 0);
  });

  it('B-26 the highest priority gets all it can use, and the lowest gets the rest', () => {
    const [low, high] = successRates(priority, [1, 9, 1, 1]);
    expect(high).toBe(1);
    expect(low).toBeLessThan(0.3);
  });

  it.each([fair, priority, fifo])(
    'B-28 of 100 messages into a lane of one, the last one is sent (%p)',
    (of) => {
      const { clock, link, outbox, offer } = pumpOn({}, of);
      const lane = outbox(7, 1, latest());
      for (let value = 1; value <= 100; value += 1) offer(lane, Uint8Array.of(value));
      clock.advance(0);
      expect(link.take()).toEqual(['data 7 64 last']);
      expect(lane).toMatchObject({ messages: 1, bytes: 1, credit: 1023 });
    },
  );

  it('B-26 accounts for every message of a channel that closes while the link accepts nothing', () => {
    const node = new LinkedNode(0, undefined, priority);
    const [seven, eight] = [open(node, { priority: 200 }), open(node, { id: 8 })];
    const { link } = node.peer(1, { 7: 100, 8: 100 });
    link.writable = false;
    for (let count = 0; count < 10; count += 1) {
      seven.out.next({ broadcast: true, message: sized(1000) });
      eight.out.next({ broadcast: true, message: sized(1) });
    }
    node.turn();
    seven.close();
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 10']);
    link.writable = true;
    node.turn();
    expect(link.take().map((text) => text.slice(0, 6))).toEqual([
      'closed',
      ...Array.from({ length: 10 }, () => 'data 8'),
    ]);
    expectIdle(node.clock.scheduler);
  });
});

trackLeaks();
