import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { config, noop } from 'rxjs';
import { LaneBacklog } from '../../lib/flow/backlog.ts';
import { Delivery } from '../../lib/flow/delivery.ts';
import type { FlowSink } from '../../lib/flow/demand.ts';
import { dropOldest, fail, type LaneOptions } from '../../lib/flow/strategy.ts';
import { until } from '../support/until.ts';

/** A consumer and a source that record their calls in one log. */
function stage({ lane, onNext }: { lane?: LaneOptions; onNext?: (value: string) => void } = {}) {
  const log: string[] = [];
  let given: FlowSink<string> | undefined;
  const delivery = new Delivery<string>(
    {
      next: (value) => {
        log.push(value);
        onNext?.(value);
      },
      error: (error) => log.push(`#${String(error)}`),
      complete: () => log.push('|'),
    },
    (sink) => {
      given = sink;
      if (lane !== undefined) {
        sink.keep(new LaneBacklog(lane, (value) => log.push(`-${value}`)), {
          onOverflow: (value) => log.push(`overflow ${value}`),
          onRoom: () => log.push('room'),
        });
      }
      return {
        request: (count) => log.push(`ask ${count}`),
        unsubscribe: () => log.push('left'),
      };
    },
  );
  if (given === undefined) throw new Error('the source was not connected');
  return { log, delivery, sink: given };
}

let unhandled: unknown[] = [];
beforeEach(() => {
  unhandled = [];
  config.onUnhandledError = (error) => unhandled.push(error);
});
afterEach(() => {
  config.onUnhandledError = null;
});
describe('a delivery without a backlog', () => {
  it('RS-1.01 ends with RXMESH_DEMAND_LOST if more arrives than was requested', () => {
    const { log, delivery, sink } = stage();
    delivery.request(1);
    expect([sink.next('a'), sink.next('b')]).toEqual([true, false]);
    expect(log).toEqual([
      'ask 1',
      'a',
      'left',
      '#RxmeshError: the flow emitted a value that was not requested: put boundedMergeMap or onBackpressure behind what emits it',
    ]);
  });

  it('RS-1.07 ends once, with nothing after it', () => {
    const { log, delivery, sink } = stage();
    delivery.request(5);
    sink.complete();
    sink.error('late');
    sink.fail('late');
    expect([sink.next('late'), sink.wanted]).toEqual([false, 0]);
    delivery.request(1);
    expect(log).toEqual(['ask 5', 'left', '|']);
  });

  it('RS-3.03 passes requests to the source after `next` has returned, in one call', () => {
    const { log, delivery, sink } = stage({
      onNext: () => {
        delivery.request(1);
        delivery.request(2);
        log.push('returned');
      },
    });
    delivery.request(1);
    sink.next('a');
    expect(log).toEqual(['ask 1', 'a', 'returned', 'ask 3']);
    expect(sink.wanted).toBe(3);
  });

  it('RS-3.06 delivers nothing after `unsubscribe`, even from within `next`', () => {
    const { log, delivery, sink } = stage({ onNext: () => delivery.unsubscribe() });
    delivery.request(2);
    expect([sink.next('a'), sink.next('b')]).toEqual([true, false]);
    expect(log).toEqual(['ask 2', 'a', 'left']);
  });

  it.each([0, -1, 1.5, NaN, '1'])('RS-3.09 rejects a request of %p', (count) => {
    const { log, delivery } = stage();
    expect(() => delivery.request(count as number)).toThrow(RangeError);
    expect(log).toEqual([]);
  });

  it('RS-3.17 adds requests up, to Infinity', () => {
    const { delivery, sink } = stage();
    delivery.request(2);
    delivery.request(3);
    expect(sink.wanted).toBe(5);
    delivery.request(Infinity);
    sink.next('a');
    expect(sink.wanted).toBe(Infinity);
  });

  it('RS-2.13 unsubscribes from the source when the consumer throws, and reports the error as RxJS does', async () => {
    const mistake = new Error('a mistake');
    const { log, delivery, sink } = stage({
      onNext: () => {
        throw mistake;
      },
    });
    delivery.request(2);
    sink.next('a');
    sink.next('b');
    await until(() => unhandled.length > 0);
    expect(log).toEqual(['ask 2', 'a', 'left']);
    expect(unhandled).toEqual([mistake]);
  });

  it('fails if the source cannot be connected', () => {
    const log: unknown[] = [];
    const connect = (): never => {
      throw new Error('no source');
    };
    const consumer = {
      next: noop,
      error: (error: unknown) => log.push(error),
      complete: noop,
    };
    new Delivery(consumer, connect).request(1);
    expect(log).toEqual([new Error('no source')]);
  });
});

describe('a delivery with a backlog', () => {
  it('queues what arrives too early, and the end after it', () => {
    const { log, delivery, sink } = stage({ lane: fail(3) });
    sink.next('a');
    sink.next('b');
    sink.complete();
    delivery.request(1);
    delivery.request(1);
    expect(log).toEqual(['a', 'room', 'ask 1', 'b', 'room', 'left', '|']);
  });

  it('subtracts queued values from the demand', () => {
    const { delivery, sink } = stage({ lane: fail(3) });
    sink.next('a');
    expect(sink.wanted).toBe(-1);
    delivery.request(3);
    expect(sink.wanted).toBe(2);
  });

  it('queues what arrives while another value is being delivered', () => {
    const { log, delivery, sink } = stage({
      lane: fail(3),
      onNext: (value) => {
        if (value === 'a') sink.next('b');
        log.push(`done ${value}`);
      },
    });
    delivery.request(2);
    sink.next('a');
    expect(log).toEqual(['ask 2', 'a', 'done a', 'b', 'done b', 'room']);
  });

  it('reports a value that has no place, and drops by the strategy of the lane', () => {
    const full = stage({ lane: fail(1) });
    full.sink.next('a');
    full.sink.next('b');
    expect(full.log).toEqual(['overflow b']);
    const dropping = stage({ lane: dropOldest(1) });
    dropping.sink.next('a');
    dropping.sink.next('b');
    dropping.delivery.request(2);
    expect(dropping.log).toEqual(['-a', 'b', 'room', 'ask 2']);
  });

  it('discards queued values when it fails and when the consumer leaves', () => {
    const failing = stage({ lane: fail(2) });
    failing.sink.next('a');
    failing.sink.fail('broken');
    failing.delivery.request(1);
    expect(failing.log).toEqual(['left', '#broken']);
    const leaving = stage({ lane: fail(2) });
    leaving.sink.next('a');
    leaving.delivery.unsubscribe();
    leaving.delivery.request(1);
    expect(leaving.log).toEqual(['left']);
  });

  it('delivers every value once, in order, whatever is requested when', () => {
    const step = fc.oneof(
      fc.constant<'emit'>('emit'),
      fc.integer({ min: 1, max: 3 }),
      fc.constant<'end'>('end'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { log, delivery, sink } = stage({ lane: fail(100) });
        let [emitted, requested, ended] = [0, 0, false];
        for (const each of steps) {
          if (each === 'emit' && !ended) sink.next(String(emitted++));
          else if (each === 'end') ended = true;
          else if (typeof each === 'number') delivery.request(each);
          if (typeof each === 'number') requested += each;
          if (each === 'end') sink.complete();
        }
        const values = log.filter((entry) => /^\d+$/.test(entry));
        const due = Math.min(emitted, requested);
        expect(values).toEqual(Array.from({ length: due }, (_, i) => String(i)));
        expect(log.includes('|')).toBe(ended && due === emitted);
      }),
    );
  });
});
