import { describe, expect, it } from '@jest/globals';
import { expectIdle } from '../support/leaks.ts';
import { bytes, pumpOn, shape, sized } from '../support/pump-on.ts';

describe('Pump', () => {
  it('writes everything in one record at the end of the turn', () => {
    const { clock, link, pump, outbox, offer } = pumpOn();
    offer(outbox(7), bytes(1), bytes(2, 3));
    offer(outbox(8), bytes(4));
    pump.grant(9, 2, 20);
    pump.pong();
    expect(link.records).toEqual([]);
    clock.advance(0);
    expect(link.records).toHaveLength(1);
    expect(link.take()).toEqual([
      'pong',
      'credit 9 2 20',
      'data 7 01 last',
      'data 7 0203 last',
      'data 8 04 last',
    ]);
    expectIdle(clock.scheduler);
  });

  it('writes immediately on request, and schedules no turn then', () => {
    const { clock, link, pump, outbox, offer } = pumpOn();
    offer(outbox(7), bytes(1));
    pump.run();
    expect(link.take()).toEqual(['data 7 01 last']);
    expectIdle(clock.scheduler);
  });

  it('does not wake for an outbox without credit, but does when credit arrives', () => {
    const { clock, link, pump, outbox, offer } = pumpOn();
    const to = outbox(7);
    to.credit = 0;
    offer(to, bytes(1));
    expectIdle(clock.scheduler);
    to.credit = 1;
    pump.wake(to);
    clock.advance(0);
    expect(link.take()).toEqual(['data 7 01 last']);
  });

  it('waits for the link, and continues once it has drained', () => {
    const { clock, link, outbox, offer } = pumpOn();
    link.writable = false;
    offer(outbox(7), bytes(1));
    clock.advance(0);
    expect(link.take()).toEqual([]);
    expectIdle(clock.scheduler);
    link.writable = true;
    expect(link.take()).toEqual(['data 7 01 last']);
  });

  it('stops in the middle when the link is full, and resumes there', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 2000 });
    link.onFlush = () => (link.writable = false);
    offer(outbox(7), sized(5000));
    clock.advance(0);
    expect(shape(link)).toEqual([['7:1993']]);
    link.writable = true;
    link.writable = true;
    expect(shape(link)).toEqual([['7:1993'], ['7:1993'], ['7:1014!']]);
  });

  it('gives channels turns of 64 KiB each', () => {
    const { clock, link, outbox, offer } = pumpOn({
      recordBytesMax: 1 << 20,
      fragmentBytesMax: 4096,
    });
    offer(outbox(1), sized(160_000));
    offer(outbox(2), sized(10), sized(10));
    clock.advance(0);
    // Headers count, so a sixteenth piece of 4,096 bytes would exceed it.
    const pieces = (length: number): string[] => Array.from({ length }, () => '1:4096');
    expect(shape(link)).toEqual([[...pieces(15), '2:10!', '2:10!', ...pieces(24), '1:256!']]);
  });

  it('P-4 a message of 10 MiB holds up a small one on another channel for at most one record', () => {
    const { clock, link, outbox, offer } = pumpOn();
    const small = outbox(2);
    const large = outbox(1);
    large.messageBytesMax = 10 << 20;
    offer(large, sized(10 << 20));
    let flushed = 0;
    let sentAfter = -1;
    link.onFlush = (record) => {
      flushed += 1;
      if (flushed === 20) offer(small, bytes(1));
      if (record.some((packet) => packet.type === 'data' && packet.channel === 2))
        sentAfter = flushed;
    };
    clock.advance(60_000);
    expect(sentAfter).toBe(21);
    expect(flushed).toBeGreaterThan(160);
  });

  it('yields to the event loop after eight records', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 2000 });
    const scheduled: number[] = [];
    const schedule = clock.schedule.bind(clock);
    clock.schedule = (work, delayMs) => {
      scheduled.push(link.records.length);
      return schedule(work, delayMs);
    };
    // One record contains a ping.
    offer(outbox(7), sized(1993 * 20 - 20));
    clock.advance(0);
    expect(link.records).toHaveLength(20);
    expect(scheduled).toEqual([0, 8, 16]);
    expectIdle(clock.scheduler);
  });

  it('does not split a message just to use a little room', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 3000 });
    offer(outbox(1), sized(2100));
    offer(outbox(2), sized(1000));
    offer(outbox(3), sized(1500), sized(2000));
    clock.advance(0);
    expect(shape(link)).toEqual([['1:2100!'], ['2:1000!', '3:1500!'], ['3:2000!']]);
  });

  it('splits messages on a link with records smaller than that', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 107, fragmentBytesMax: 100 });
    offer(outbox(1), sized(250), sized(0));
    clock.advance(0);
    expect(shape(link)).toEqual([['1:100'], ['1:100'], ['1:50!', '1:0!']]);
  });

  it('writes an empty message only where its header fits', () => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 2000 });
    offer(outbox(1), sized(1993));
    offer(outbox(2), sized(0));
    clock.advance(0);
    expect(shape(link)).toEqual([['1:1993!'], ['2:0!']]);
  });

  it('merges the grants of a turn into one credit', () => {
    const { clock, link, pump } = pumpOn();
    pump.grant(7, 0, 0);
    pump.grant(7, 3, 30);
    pump.grant(8, 1, 10);
    pump.grant(7, 4, 40);
    clock.advance(0);
    expect(link.take()).toEqual(['credit 7 7 70', 'credit 8 1 10']);
  });

  it('sends no credit for a closed channel, and returns the amount', () => {
    const { clock, link, pump } = pumpOn();
    pump.grant(7, 3, 30);
    expect(pump.close(7)).toEqual({ messages: 3, bytes: 30 });
    expect(pump.close(7)).toEqual({ messages: 0, bytes: 0 });
    clock.advance(0);
    expect(link.take()).toEqual(['closed 7']);
  });

  it('tells of a closing that was reversed in the same turn', () => {
    const { clock, link, pump } = pumpOn();
    pump.grant(7, 1, 10);
    expect(pump.close(7)).toEqual({ messages: 1, bytes: 10 });
    pump.open(7, 1000);
    pump.grant(7, 3, 30);
    pump.grant(7, 1, 10);
    clock.advance(0);
    expect(link.take()).toEqual(['closed 7', 'limit 7 1000', 'credit 7 4 40']);
    pump.grant(7, 1, 10);
    clock.advance(0);
    expect(link.take()).toEqual(['credit 7 1 10']);
  });

  it('ends with the closing, if a channel was closed, opened and closed again in a turn', () => {
    const { clock, link, pump } = pumpOn();
    pump.close(7);
    pump.open(7, undefined);
    pump.grant(7, 3, 30);
    expect(pump.close(7)).toEqual({ messages: 3, bytes: 30 });
    clock.advance(0);
    expect(link.take()).toEqual(['closed 7']);
  });

  it('answers each ping, and a flood only as far as the link accepts', () => {
    const { clock, link, pump } = pumpOn({ recordBytesMax: 100 });
    link.writable = false;
    for (let pings = 0; pings < 100; pings += 1) pump.pong();
    pump.grant(7, 1, 10);
    clock.advance(0);
    expect(link.take()).toEqual([]);
    let records = 0;
    link.onFlush = () => {
      records += 1;
      if (records === 3) link.writable = false;
    };
    link.writable = true;
    const first = link.take();
    expect(records).toBe(3);
    link.onFlush = undefined;
    link.writable = true;
    // Credit, too, waits until the link accepts it.
    expect(first).not.toContain('credit 7 1 10');
    const all = [...Array.from({ length: 100 }, () => 'pong'), 'credit 7 1 10'];
    expect([...first, ...link.take()]).toEqual(all);
  });

  it('writes a ping immediately, before data, and calls back just before', () => {
    const { clock, link, pump, outbox, offer } = pumpOn();
    offer(outbox(7), bytes(1));
    const written: string[][] = [];
    pump.ping(() => written.push(link.take()));
    expect(written).toEqual([[]]);
    expect(link.take()).toEqual(['ping', 'data 7 01 last']);
    clock.advance(0);
    expect(link.take()).toEqual([]);
    expectIdle(clock.scheduler);
  });

  it('writes a ping in the next record of a continuous transfer', () => {
    const { link, pump, outbox, offer } = pumpOn({ recordBytesMax: 1024 });
    link.onFlush = () => (link.writable = false);
    offer(outbox(7), sized(100_000));
    pump.run();
    pump.ping(() => undefined);
    expect(shape(link)).toEqual([['7:1017']]);
    link.writable = true;
    expect(link.records[1]?.[0]).toEqual({ type: 'ping' });
  });

  it('spreads credit over several records if one is too small', () => {
    const { clock, link, pump } = pumpOn({ recordBytesMax: 100 });
    for (let channel = 0; channel < 100; channel += 1) pump.grant(channel, 1, 10);
    clock.advance(0);
    expect(link.records.length).toBeGreaterThan(8);
    expect(link.take()).toEqual(Array.from({ length: 100 }, (_, id) => `credit ${id} 1 10`));
  });

  it('loses nothing that arrives while it writes', () => {
    const { clock, link, pump, outbox, offer } = pumpOn({ recordBytesMax: 30 });
    const answer = outbox(3);
    let flushes = 0;
    link.onFlush = () => {
      flushes += 1;
      if (flushes === 1) pump.grant(1, 5, 50);
      if (flushes === 2) offer(answer, bytes(9));
      if (flushes === 3) pump.pong();
    };
    for (let channel = 1; channel < 8; channel += 1) pump.grant(channel, 1, 10);
    clock.advance(0);
    const written = link.take();
    expect(written.slice(0, 1)).toEqual(['credit 1 1 10']);
    expect(written.filter((text) => text.startsWith('credit 1 '))).toEqual([
      'credit 1 1 10',
      'credit 1 5 50',
    ]);
    expect(written).toContain('data 3 09 last');
    expect(written).toContain('pong');
    expectIdle(clock.scheduler);
  });

  it('continues with what the last flush of a run has produced', () => {
    const { clock, link, pump } = pumpOn();
    link.onFlush = () => {
      link.onFlush = undefined;
      pump.pong();
    };
    pump.grant(1, 1, 10);
    clock.advance(0);
    expect(link.take()).toEqual(['credit 1 1 10', 'pong']);
  });

  it('writes and schedules nothing once stopped', () => {
    const { clock, link, pump, outbox, offer } = pumpOn();
    offer(outbox(1), bytes(1));
    pump.stop();
    pump.grant(1, 1, 10);
    pump.pong();
    pump.close(1);
    offer(outbox(2), bytes(1));
    pump.run();
    clock.advance(0);
    expect(link.take()).toEqual([]);
    expectIdle(clock.scheduler);
  });

  it.each([1, 3, 9])('leaves nothing behind if flush %i ends the link', (flushes) => {
    const { clock, link, outbox, offer } = pumpOn({ recordBytesMax: 2000 });
    link.onFlush = () => {
      if (link.records.length === flushes) link.end();
    };
    const to = outbox(1);
    offer(to, sized(40_000), bytes(1));
    clock.advance(0);
    expect(link.records).toHaveLength(flushes);
    expectIdle(clock.scheduler);
  });

  it('leaves nothing behind if the link ends while it yields to the event loop', () => {
    const { clock, link, pump, outbox, offer } = pumpOn({ recordBytesMax: 2000 });
    link.onFlush = () => {
      if (link.records.length === 8) pump.grant(1, 1, 10);
      if (link.records.length === 9) link.end();
    };
    offer(outbox(1), sized(40_000));
    pump.run();
    expect(link.records).toHaveLength(9);
    expectIdle(clock.scheduler);
  });
});
