import { describe, expect, it } from '@jest/globals';
import { dropOldest } from '../../lib/flow/strategy.ts';
import { fair, fifo, priority, type Discipline } from '../../lib/session/discipline.ts';
import type { Outbox } from '../../lib/session/outbox.ts';
import { WaitingSend } from '../../lib/session/waiting-sends.ts';
import type { FakeLink } from '../support/fake-link.ts';
import { expectIdle, trackLeaks } from '../support/leaks.ts';
import { bytes, pumpOn, shape, sized } from '../support/pump-on.ts';
import { dropUnsent } from '../support/drop-unsent.ts';

/** The bytes of each channel in the first `records` records, without headers. */
function bytesOf(link: FakeLink, records = link.records.length): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const packet of link.records.slice(0, records).flat()) {
    if (packet.type !== 'data') continue;
    sums[packet.channel] = (sums[packet.channel] ?? 0) + packet.bytes.length;
  }
  return sums;
}

/** A send that waits for room. */
class Waiting extends WaitingSend {
  readonly #then: () => void;

  /** @param then is called once the lane has accepted it */
  constructor(message: Uint8Array, then: () => void = () => undefined) {
    super();
    this.bytes = message;
    this.#then = then;
  }

  override taken(): void {
    this.#then();
  }

  override abandoned(): boolean {
    return false;
  }

  override lost(): boolean {
    return true;
  }
}

describe('a pump with priority', () => {
  it('B-26 serves the highest first, and lower ones only when it has nothing left', () => {
    const { clock, link, outbox, offer } = pumpOn({}, priority);
    offer(outbox(1, 1), sized(20));
    offer(outbox(2, 9), sized(40_000));
    offer(outbox(3, 200), sized(30));
    clock.advance(0);
    expect(shape(link)).toEqual([['3:30!', '2:40000!', '1:20!']]);
  });

  it('P-4 lets an urgent message pass a large one at the next quantum', () => {
    const { clock, link, outbox, offer } = pumpOn({}, priority);
    const urgent = outbox(2, 255);
    offer(outbox(1, 1), sized(1 << 20));
    link.onFlush = () => (link.writable = false);
    clock.advance(0);
    expect(shape(link)).toEqual([['1:65529']]);
    offer(urgent, sized(10), sized(40_000));
    link.writable = true;
    // Alone again: everything that the record holds.
    expect(shape(link)[1]).toEqual(['2:10!', '2:40000!', '1:25505']);
  });

  it('lets a message that becomes ready from within pass at the next quantum', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 1 << 20 }, priority);
    const urgent = outbox(2, 255);
    const large = outbox(1, 1, dropOldest(1));
    // Room becomes free when the first message is written, in the middle of the pump's work.
    offer(large, sized(100));
    large.wait(new Waiting(sized(100_000), () => offer(urgent, sized(10))));
    clock.advance(0);
    expect(shape(link)[0]).toEqual(['1:100!', '2:10!', '1:100000!']);
  });

  it('alternates between channels of equal priority, even in records smaller than a turn', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 2000 }, priority);
    offer(outbox(1, 5), sized(256 * 1024));
    offer(outbox(2, 5), sized(256 * 1024));
    link.onFlush = () => (link.writable = link.records.length % 8 !== 0);
    clock.advance(0);
    while (link.records.length < 80) link.writable = true;
    const sums = bytesOf(link);
    expect((sums[1] ?? 0) + (sums[2] ?? 0)).toBeGreaterThan(120_000);
    expect(Math.abs((sums[1] ?? 0) - (sums[2] ?? 0))).toBeLessThanOrEqual(64 * 1024);
  });

  it('starves no channel of equal priority behind messages that fill every record', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 10_000 }, priority);
    offer(outbox(1), ...Array.from({ length: 50 }, () => sized(9_990)));
    offer(outbox(2), ...Array.from({ length: 50 }, () => sized(500)));
    link.onFlush = () => (link.writable = link.records.length < 10);
    clock.advance(0);
    const sums = bytesOf(link);
    expect(sums[1]).toBeGreaterThan(20_000);
    expect(sums[2]).toBeGreaterThan(5_000);
  });

  it('rotates turns among channels of equal priority', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 1 << 20 }, priority);
    for (const channel of [3, 1, 4, 2]) offer(outbox(channel), sized(65_536 * 3));
    clock.advance(0);
    const turns = shape(link)
      .flat()
      .map((piece) => piece.charAt(0));
    expect(turns.join('')).toBe('314231423142');
  });

  it('ranks a channel again when it is reopened with another priority', () => {
    const { clock, link, pump, outbox, offer } = pumpOn({ recordBytesMax: 160_000 }, priority);
    const [one, two] = [outbox(1, 9), outbox(2, 5)];
    link.onFlush = () => (link.writable = false);
    offer(one, sized(200_000));
    offer(two, sized(200_000));
    clock.advance(0);
    one.reopen(dropOldest(1), 1);
    pump.rerank(one);
    link.writable = true;
    link.writable = true;
    const channels = shape(link)
      .flat()
      .map((piece) => piece.charAt(0));
    expect(channels.join('')).toMatch(/^1{3}2+1$/);
  });

  it('is not held up by a channel without credit, or one that has lost its messages', () => {
    const { clock, link, outbox, offer } = pumpOn({}, priority);
    const [noCredit, cleared] = [outbox(1, 255), outbox(2, 200)];
    noCredit.credit = 0;
    offer(noCredit, sized(1));
    offer(cleared, sized(1));
    offer(outbox(3, 1), sized(2));
    dropUnsent(cleared, 'channel-closed');
    clock.advance(0);
    expect(shape(link)).toEqual([['3:2!']]);
    offer(cleared, sized(3));
    clock.advance(0);
    expect(shape(link)).toEqual([['3:2!'], ['2:3!']]);
    expectIdle(clock.scheduler);
  });
});

describe('a pump with fair', () => {
  it('B-27 shares bytes by priority whatever the sizes of the messages', () => {
    const { clock, link, outbox, offer } = pumpOn({}, fair);
    const sizes: readonly [number, number][] = [
      [1, 400],
      [2, 9_000],
      [4, 300_000],
    ];
    for (const [weight, size] of sizes) {
      const to = outbox(weight, weight);
      offer(
        to,
        ...Array.from({ length: Math.ceil(2_000_000 / size) }, () => sized(size)).slice(0, 1024),
      );
    }
    link.onFlush = () => (link.writable = link.records.length % 8 !== 0);
    clock.advance(0);
    while (link.records.length < 32) link.writable = true;
    const sums = bytesOf(link);
    const perWeight = [1, 2, 4].map((weight) => (sums[weight] ?? 0) / weight);
    expect(Math.max(...perWeight) - Math.min(...perWeight)).toBeLessThanOrEqual(1.5 * 65_540);
  });

  it('gives an idle channel no claim, and does not charge it for what it sent alone', () => {
    const { clock, link, outbox, offer } = pumpOn({}, fair);
    const [busy, late] = [outbox(1), outbox(2)];
    link.onFlush = () => (link.writable = link.records.length % 8 !== 0);
    offer(busy, sized(2 << 20));
    clock.advance(0);
    offer(late, sized(2 << 20));
    const before = link.records.length;
    link.writable = true;
    const sums = bytesOf(link);
    expect(before).toBe(8);
    expect(sums[2]).toBeGreaterThan(150_000);
    expect(Math.abs((sums[1] ?? 0) - 8 * 65_529 - (sums[2] ?? 0))).toBeLessThanOrEqual(2 * 65_540);
  });
});

describe('a pump with fifo', () => {
  const order = (link: FakeLink): string => shape(link).flat().join(' ');

  it('B-25 sends in the order of sending across all channels', () => {
    const { clock, link, outbox, offer } = pumpOn({}, fifo);
    const [one, two, three] = [outbox(1), outbox(2, 255), outbox(3)];
    offer(one, sized(1), sized(2));
    offer(two, sized(3), sized(40_000));
    offer(three, sized(4));
    offer(one, sized(5), sized(6));
    offer(two, sized(7));
    clock.advance(0);
    expect(order(link)).toBe('1:1! 1:2! 2:3! 2:40000! 3:4! 1:5! 1:6! 2:7!');
  });

  it('B-25 counts a send that waits for room from when it was sent', () => {
    const { clock, link, outbox, offer } = pumpOn({}, fifo);
    const [one, two] = [outbox(1, 1, dropOldest(1)), outbox(2)];
    offer(one, sized(1));
    offer(two, sized(2));
    one.wait(new Waiting(sized(3)));
    offer(two, sized(4));
    clock.advance(0);
    expect(order(link)).toBe('1:1! 2:2! 1:3! 2:4!');
  });

  it('is not held up by a channel without credit, whose messages leave once it has some', () => {
    const { clock, link, pump, outbox, offer } = pumpOn({}, fifo);
    const [one, two] = [outbox(1), outbox(2)];
    one.credit = 0;
    offer(one, sized(1));
    offer(two, sized(2));
    clock.advance(0);
    offer(two, sized(3));
    one.credit = 1;
    pump.wake(one);
    clock.advance(0);
    expect(order(link)).toBe('2:2! 1:1! 2:3!');
  });

  it('ranks by the messages present, not by those dropped meanwhile', () => {
    const { clock, link, outbox, offer } = pumpOn({}, fifo);
    const [lossy, blocked, first] = [outbox(1, 1, dropOldest(1)), outbox(2), outbox(3)];
    link.onFlush = () => (link.writable = false);
    offer(first, sized(70_000));
    offer(lossy, sized(1));
    offer(blocked, sized(2));
    clock.advance(0);
    offer(lossy, sized(3));
    link.writable = true;
    expect(order(link)).toBe('3:65529 3:4471! 2:2! 1:3!');
  });
});

describe('a custom discipline', () => {
  it('may rank by anything', () => {
    const byChannel = (): Discipline => ({ rank: (lane) => -lane.channel });
    const { clock, link, outbox, offer } = pumpOn({}, byChannel);
    for (const channel of [2, 3, 1]) offer(outbox(channel), sized(channel));
    clock.advance(0);
    expect(shape(link)).toEqual([['3:3!', '2:2!', '1:1!']]);
  });

  it('may change its mind at every call, and the pump still finishes', () => {
    let rank = 0;
    const restless = (): Discipline => ({ perMessage: true, rank: () => (rank += 1) });
    const { clock, link, outbox, offer } = pumpOn({}, restless);
    for (const channel of [1, 2, 3, 4]) offer(outbox(channel), sized(1), sized(1));
    clock.advance(0);
    expect(bytesOf(link)).toEqual({ 1: 2, 2: 2, 3: 2, 4: 2 });
    expectIdle(clock.scheduler);
  });

  it('is told of every byte once, in steps of at most a quantum and a header', () => {
    const heard: [number, number][] = [];
    const listening = (): Discipline => ({
      rank: () => 0,
      served: (lane, count) => void heard.push([lane.channel, count]),
    });
    const { clock, outbox, offer } = pumpOn({ recordBytesMax: 1 << 20 }, listening);
    offer(outbox(1), sized(200_000));
    clock.advance(0);
    offer(outbox(1), sized(1), sized(1));
    offer(outbox(2), sized(0));
    clock.advance(0);
    expect(heard.slice(-2)).toEqual([
      [1, 10],
      [2, 4],
    ]);
    const large = heard.slice(0, -2).map(([, count]) => count);
    expect(large.reduce((sum, count) => sum + count, 0)).toBe(200_000 + 4);
    expect(Math.max(...large)).toBeLessThanOrEqual(65_540);
  });

  it.each(['rank', 'served', 'rank again'])(
    'that fails in "%s" stops the pump, and is reported once',
    (where) => {
      let asked = 0;
      const failing = (): Discipline => ({
        rank() {
          asked += 1;
          return where === 'rank' || (where === 'rank again' && asked > 2) ? NaN : 0;
        },
        served() {
          if (where === 'served') throw new Error('no');
        },
      });
      const { clock, link, pump, failures, outbox, offer } = pumpOn(
        { recordBytesMax: 1 << 20 },
        failing,
      );
      const outboxes: Outbox[] = [outbox(1), outbox(2)];
      for (const each of outboxes) offer(each, sized(100_000));
      pump.pong();
      clock.advance(0);
      for (const each of outboxes) offer(each, bytes(1));
      pump.pong();
      pump.run();
      expect(failures.map(({ code }) => code)).toEqual(['RXMESH_DISCIPLINE_FAILED']);
      expect(link.records).toEqual([]);
      expectIdle(clock.scheduler);
    },
  );

  it('may send from within', () => {
    let sent = false;
    const sending = (): Discipline => ({
      rank(lane) {
        if (!sent) {
          sent = true;
          offer(other, sized(2));
        }
        return lane.channel;
      },
    });
    const { clock, link, outbox, offer } = pumpOn({}, sending);
    const other = outbox(2);
    offer(outbox(1), sized(1));
    clock.advance(0);
    expect(shape(link)).toEqual([['1:1!', '2:2!']]);
    expectIdle(clock.scheduler);
  });
});

trackLeaks();
