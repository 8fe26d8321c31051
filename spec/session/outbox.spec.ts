import { describe, expect, it } from '@jest/globals';
import { block, dropNewest, dropOldest, fail } from '../../lib/flow/strategy.ts';
import { Outbox, SendCounter } from '../../lib/session/outbox.ts';
import { waitingSendsMax, WaitingSend } from '../../lib/session/waiting-sends.ts';
import { dropUnsent } from '../support/drop-unsent.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

class Waiting extends WaitingSend {
  readonly log: string[];
  then: (() => void) | undefined;

  constructor(value: number, log: string[] = []) {
    super();
    this.bytes = bytes(value);
    this.log = log;
  }

  override taken(): void {
    this.log.push(`${String(this.bytes[0])} taken`);
    this.then?.();
  }

  override abandoned(): boolean {
    return false;
  }

  override lost(reason: string): boolean {
    this.log.push(`${String(this.bytes[0])} ${reason}`);
    this.then?.();
    return true;
  }
}

function full(capacity = 1): Outbox {
  const outbox = new Outbox(7, block(capacity));
  outbox.creditBytes = 1_000_000;
  for (let value = 0; value < capacity; value += 1) outbox.offer(bytes(value));
  return outbox;
}

/** Writes the next message whole. */
function write(outbox: Outbox): number | undefined {
  const message = outbox.current();
  if (message !== undefined) outbox.done();
  return message?.[0];
}

describe('Outbox', () => {
  it('emits messages in order, one per credit', () => {
    const outbox = full(3);
    expect(outbox.ready).toBe(false);
    expect(outbox.current()).toBeUndefined();
    outbox.credit = 2;
    expect(outbox.ready).toBe(true);
    expect([write(outbox), write(outbox), write(outbox)]).toEqual([0, 1, undefined]);
    expect(outbox).toMatchObject({ credit: 0, depth: 1, messages: 2, bytes: 2, ready: false });
  });

  it('finishes the message that it has started even if its credit is gone', () => {
    const outbox = full(2);
    outbox.credit = 1;
    const first = outbox.current();
    outbox.offset = 1;
    expect(outbox.current()).toBe(first);
    expect(outbox.offset).toBe(1);
    expect(outbox.ready).toBe(true);
    outbox.done();
    expect(outbox.ready).toBe(false);
    outbox.credit = 1;
    expect(outbox.current()).toEqual(bytes(1));
    expect(outbox.offset).toBe(0);
  });

  it('starts a message with one byte of credit, and the next one once there is more than it took', () => {
    const outbox = new Outbox(7, block(9));
    for (const value of [1, 2, 3]) outbox.offer(new Uint8Array(10).fill(value));
    outbox.credit = 9;
    expect([outbox.ready, outbox.current()]).toEqual([false, undefined]);
    outbox.creditBytes = 1;
    expect(outbox.ready).toBe(true);
    expect(write(outbox)).toBe(1);
    expect(outbox).toMatchObject({ credit: 8, creditBytes: -9, ready: false });
    outbox.creditBytes += 9;
    expect([outbox.ready, outbox.current()]).toEqual([false, undefined]);
    outbox.creditBytes += 11;
    expect([write(outbox), write(outbox)]).toEqual([2, 3]);
    expect(outbox).toMatchObject({ credit: 6, creditBytes: -9 });
  });

  it('makes sends wait for bytes too, and accepts as many as fit when one is written', () => {
    const outbox = new Outbox(7, block(9, { bytes: 3 }));
    const log: string[] = [];
    expect(outbox.offer(bytes(1, 1, 1, 1))).toBe('taken');
    expect(outbox.offer(bytes(2))).toBe('full');
    for (const value of [2, 3, 4, 5]) outbox.wait(new Waiting(value, log));
    outbox.credit = 9;
    outbox.creditBytes = 9;
    expect(write(outbox)).toBe(1);
    expect(log).toEqual(['2 taken', '3 taken', '4 taken']);
    expect(outbox).toMatchObject({ depth: 3, depthBytes: 3, idle: false });
  });

  it('is idle if nothing is in the lane, waiting for it or half written', () => {
    const outbox = full(1);
    const send = new Waiting(1);
    expect(outbox.idle).toBe(false);
    outbox.wait(send);
    outbox.credit = 2;
    outbox.current();
    expect(outbox.depth).toBe(0);
    outbox.done();
    expect(outbox.depth).toBe(1);
    outbox.current();
    expect(outbox).toMatchObject({ depth: 0, idle: false });
    outbox.done();
    expect(outbox.idle).toBe(true);
    outbox.wait(send);
    expect(outbox.idle).toBe(false);
    outbox.cancel(send);
    expect(outbox.idle).toBe(true);
  });

  it('gives a free place to the send that has waited longest', () => {
    const outbox = full(1);
    const log: string[] = [];
    outbox.wait(new Waiting(1, log));
    outbox.wait(new Waiting(2, log));
    outbox.credit = 9;
    expect(write(outbox)).toBe(0);
    expect(log).toEqual(['1 taken']);
    expect(outbox.depth).toBe(1);
    expect(write(outbox)).toBe(1);
    expect(log).toEqual(['1 taken', '2 taken']);
    expect([write(outbox), write(outbox)]).toEqual([2, undefined]);
  });

  it('lets nobody overtake waiting sends', () => {
    const outbox = full(1);
    const first = new Waiting(1);
    const answers: string[] = [];
    first.then = () => answers.push(outbox.offer(bytes(9)));
    outbox.wait(first);
    outbox.wait(new Waiting(2));
    expect(outbox.offer(bytes(9))).toBe('full');
    outbox.credit = 9;
    expect([write(outbox), write(outbox), write(outbox)]).toEqual([0, 1, 2]);
    expect(answers).toEqual(['full']);
  });

  it('lets nobody overtake waiting sends while a free place is not given to them yet', () => {
    const outbox = full();
    const log: string[] = [];
    outbox.wait(new Waiting(1, log));
    outbox.credit = 9;
    // The lane is empty, but its first message is still being written.
    expect(outbox.current()).toEqual(bytes(0));
    expect([outbox.depth, outbox.offer(bytes(2))]).toEqual([0, 'full']);
    outbox.done();
    expect([log, write(outbox), outbox.offer(bytes(2))]).toEqual([['1 taken'], 1, 'taken']);
  });

  it('lets an accepted send queue the next one and end', () => {
    const outbox = full(1);
    const log: string[] = [];
    let rest = 1000;
    const next = (): void => {
      const send = new Waiting(rest & 0xff, log);
      send.then = () => {
        rest -= 1;
        if (rest > 0) next();
      };
      outbox.wait(send);
    };
    next();
    outbox.credit = 2000;
    let written = 0;
    while (write(outbox) !== undefined) written += 1;
    expect(written).toBe(1001);
    expect(log).toHaveLength(1000);
  });

  it('does not accept a cancelled send', () => {
    const outbox = full(1);
    const log: string[] = [];
    const send = new Waiting(1, log);
    outbox.wait(send);
    outbox.wait(new Waiting(2, log));
    outbox.cancel(send);
    outbox.credit = 9;
    expect([write(outbox), write(outbox), write(outbox)]).toEqual([0, 2, undefined]);
    expect(log).toEqual(['2 taken']);
  });

  it('limits the number of waiting sends', () => {
    const outbox = full(1);
    for (let count = 0; count < waitingSendsMax; count += 1) {
      expect(outbox.wait(new Waiting(1))).toBe(true);
    }
    expect(outbox.wait(new Waiting(1))).toBe(false);
  });

  it.each([
    ['channel-closed' as const, 5, true],
    ['channel-not-open' as const, 5, true],
    ['peer-down' as const, 6, false],
    ['node-stopped' as const, 6, false],
  ])(
    '%s: drops %i when one is started, three are in the lane and two wait',
    (reason, dropped, finishes) => {
      const outbox = full(3);
      const log: string[] = [];
      outbox.credit = 1;
      outbox.current();
      outbox.offset = 1;
      outbox.offer(bytes(3));
      for (const value of [4, 5]) outbox.wait(new Waiting(value, log));
      expect(dropUnsent(outbox, reason)).toBe(dropped);
      expect(log).toEqual([`4 ${reason}`, `5 ${reason}`]);
      expect(outbox.current() !== undefined).toBe(finishes);
      outbox.done();
      expect(outbox).toMatchObject({ messages: finishes ? 1 : 0, depth: 0, idle: true });
    },
  );

  it('ends every waiting send exactly once, whatever the others do in response', () => {
    const outbox = full(1);
    const log: string[] = [];
    const sends = [1, 2, 3].map((value) => new Waiting(value, log));
    for (const send of sends) {
      outbox.wait(send);
      send.then = () => sends.forEach((other) => outbox.cancel(other));
    }
    dropUnsent(outbox, 'channel-closed');
    dropUnsent(outbox, 'peer-down');
    expect(log).toEqual(['1 channel-closed', '2 channel-closed', '3 channel-closed']);
  });

  it('has a new lane when the channel reopens, and continues the message it has started', () => {
    const outbox = full(2);
    outbox.credit = 1;
    const begun = outbox.current();
    dropUnsent(outbox, 'channel-closed');
    outbox.reopen(fail(1), 1);
    expect(outbox.offer(bytes(8))).toBe('taken');
    expect(outbox.offer(bytes(9))).toBe('overflow');
    expect(outbox).toMatchObject({ capacity: 1, depth: 1 });
    expect(outbox.current()).toBe(begun);
    outbox.done();
    outbox.credit = 1;
    expect(write(outbox)).toBe(8);
  });

  it('reports what its lane has done', () => {
    const outbox = new Outbox(7, dropOldest(3, { bytes: 4 }));
    for (const value of [1, 2]) expect(outbox.offer(bytes(value))).toBe('taken');
    expect(outbox.offer(bytes(3, 3))).toBe('taken');
    expect(outbox).toMatchObject({ depth: 3, depthBytes: 4, capacity: 3, capacityBytes: 4 });
    expect(outbox.offer(bytes(4, 4))).toBe('displaced');
    expect(outbox).toMatchObject({ displaced: 1, depth: 3, depthBytes: 5 });
    expect(outbox.offer(bytes(5, 5, 5, 5, 5))).toBe('displaced');
    expect(outbox).toMatchObject({ displaced: 2, depth: 2, depthBytes: 7 });
    expect(outbox.offer(bytes(2))).toBe('displaced');
    expect(outbox).toMatchObject({ displaced: 2, depth: 1, depthBytes: 1 });
    outbox.credit = 1;
    outbox.creditBytes = 1;
    expect(write(outbox)).toBe(2);
  });

  it('reports when the next message was sent, if messages are counted', () => {
    const counter = new SendCounter();
    const [one, other] = [1, 2].map((channel) => new Outbox(channel, dropOldest(2), counter));
    if (one === undefined || other === undefined) throw new Error('two were made');
    expect(one.headSeq).toBe(0);
    other.offer(bytes(1));
    for (const value of [2, 3, 4]) one.offer(bytes(value));
    expect([one.headSeq, other.headSeq]).toEqual([3, 1]);
    one.credit = 2;
    one.creditBytes = 100;
    one.current();
    expect(one.headSeq).toBe(3);
    dropUnsent(one, 'channel-closed');
    expect(one.headSeq).toBe(3);
    one.done();
    expect(one.headSeq).toBe(0);
    one.reopen(block(1), 1);
    one.offer(bytes(5));
    const send = new Waiting(6);
    one.wait(send);
    other.offer(bytes(7));
    write(one);
    expect(one.headSeq).toBe(6);
  });

  it('does not count rejected messages in the order of waiting ones', () => {
    const outbox = new Outbox(7, dropNewest(10, { bytes: 2 }), new SendCounter());
    outbox.credit = 10;
    outbox.creditBytes = 100;
    outbox.open = true;
    expect([1, 2, 3].map((value) => outbox.offer(bytes(value)))).toEqual([
      'taken',
      'taken',
      'rejected',
    ]);
    const heads = [outbox.headSeq];
    for (let taken = 0; taken < 2; taken += 1) {
      outbox.current();
      outbox.done();
    }
    outbox.offer(bytes(4));
    heads.push(outbox.headSeq);
    expect(heads).toEqual([1, 4]);
  });

  it('cancels a send once, however often it is called', () => {
    const outbox = full();
    const log: string[] = [];
    const [gone, stays] = [new Waiting(1, log), new Waiting(2, log)];
    outbox.wait(gone);
    outbox.wait(stays);
    outbox.cancel(gone);
    outbox.cancel(gone);
    dropUnsent(outbox, 'peer-down');
    expect(log).toEqual(['2 peer-down']);
    expect(outbox.idle).toBe(true);
  });
});
