import { describe, expect, it } from '@jest/globals';
import { from, type Observable, of, Subject } from 'rxjs';
import type { Codec } from '../../lib/codec/codec.ts';
import { raw } from '../../lib/codec/raw.ts';
import type { Wrapper } from '../../lib/codec/wrapper.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { block, dropNewest, latest } from '../../lib/flow/strategy.ts';
import * as op from '../../operators/index.ts';
import { consume } from '../support/consume.ts';
import { fakeId } from '../support/fake-link-end.ts';
import { LinkedNode, open } from '../support/linked-node.ts';
import { mistake, once, onceFor, throwingClock } from '../support/throwing.ts';
import { collectUnhandled } from '../support/unhandled.ts';
import { trackLeaks } from '../support/leaks.ts';

const unhandled = collectUnhandled();
trackLeaks();

const ignore = (): void => undefined;

/** What a subscriber receives: values, `|`, and an error as text. */
function heardOf(source: Observable<unknown>): unknown[] {
  const heard: unknown[] = [];
  source.subscribe({
    next: (value) => heard.push(value),
    error: (error: unknown) => heard.push(String(error)),
    complete: () => heard.push('|'),
  });
  return heard;
}

const peer = fakeId('a');
const inbound = <M>(message: M) => ({ from: peer, message });
const toPeer = <M>(message: M) => ({ to: peer, message });
const refusesEven: Codec<number> & Wrapper<number, number> = {
  encode: (message) => (message % 2 === 0 ? refuse() : Uint8Array.of(message)),
  decode: ([message = 0]) => (message % 2 === 0 ? refuse() : message),
  wrap: (message) => (message % 2 === 0 ? refuse() : message),
  unwrap: (message) => (message % 2 === 0 ? refuse() : message),
};
function refuse(): never {
  throw new RangeError('even');
}

describe('L-30 an option of a value operator that throws costs only the value concerned', () => {
  const values = [1, 2, 3];
  it.each<[string, () => unknown[], unknown[]]>([
    [
      'rateLimit: cost',
      () => heardOf(from(values).pipe(op.rateLimit({ perSecond: 9, cost: onceFor(2, () => 1) }))),
      [1, 3, '|'],
    ],
    [
      'rateLimit: key',
      () => heardOf(from(values).pipe(op.rateLimit({ perSecond: 9, key: onceFor(2, (v) => v) }))),
      [1, 3, '|'],
    ],
    [
      'rateLimit: onDrop',
      () => heardOf(from(values).pipe(op.rateLimit({ perSecond: 1, onDrop: once(ignore) }))),
      [1, '|'],
    ],
    [
      "rateLimit, excess: 'wait': cost",
      () => {
        const dropped: unknown[] = [];
        const options = { perSecond: 9, cost: onceFor(2, () => 1), excess: 'wait' as const };
        const onDrop = (value: number): unknown => dropped.push(`dropped ${value}`);
        const flow = flowFrom(values).pipe(op.rateLimit({ ...options, onDrop }));
        const { heard, demand } = consume(flow);
        demand.request(9);
        return [...dropped, ...heard];
      },
      ['dropped 2', 1, 3, '|'],
    ],
    [
      'rateLimit: clock',
      () => {
        const clock = throwingClock('now');
        return heardOf(from(values).pipe(op.rateLimit({ perSecond: 9, clock })));
      },
      [1, 2, 3, '|'],
    ],
    [
      'dedupe: key',
      () => heardOf(from([1, 2, 1, 3]).pipe(op.dedupe({ max: 9, key: onceFor(2, (v) => v) }))),
      [1, 3, '|'],
    ],
    [
      'boundedMergeMap: key',
      () => {
        const options = { key: onceFor(2, (value: number) => value), concurrency: 2 };
        const flow = flowFrom(values).pipe(op.boundedMergeMap((value) => of(value), options));
        const { heard, demand } = consume(flow);
        demand.request(9);
        return heard;
      },
      [1, 3, '|'],
    ],
    [
      'boundedMergeMap: onDrop',
      () => {
        const gate = new Subject<never>();
        const options = { buffer: dropNewest(1), onDrop: once(ignore) };
        const project = (value: number): Observable<number> => (value === 1 ? gate : of(value));
        const heard = heardOf(from(values).pipe(op.boundedMergeMap(project, options)));
        gate.complete();
        return heard;
      },
      [2, '|'],
    ],
    [
      'onBackpressure: key',
      () => {
        const options = { key: onceFor(2, (value: number) => value) };
        const { heard, demand } = consume(op.onBackpressure(latest(), options)(from(values)));
        demand.request(9);
        return heard;
      },
      [1, 3, '|'],
    ],
    [
      'onBackpressure: onDrop',
      () => {
        const options = { onDrop: once(ignore) };
        const { heard, demand } = consume(op.onBackpressure(latest(), options)(from(values)));
        demand.request(9);
        return heard;
      },
      [3, '|'],
    ],
    [
      'shareFlow: onDrop',
      () => {
        const shared = flowFrom(values).pipe(
          op.shareFlow({ buffer: latest(), onDrop: once(ignore) }),
        );
        const slow = consume(shared);
        const fast = heardOf(shared);
        slow.demand.request(9);
        return [...fast, ...slow.heard];
      },
      [1, 2, 3, '|', 3, '|'],
    ],
    [
      'pipeTo: onDrop',
      () => {
        const node = new LinkedNode();
        const channel = open(node, { outbound: block(1) });
        const { link } = node.peer(1, { 7: 0 });
        const envelopes = values.map((value) => ({
          broadcast: true as const,
          message: Uint8Array.of(value),
        }));
        // The first is in the lane, the second waits for room, and the third is in the buffer.
        const source = from([
          ...envelopes,
          { broadcast: true as const, message: Uint8Array.of(4) },
        ]);
        const options = { buffer: dropNewest(1), onDrop: once(ignore) };
        const heard = heardOf(source.pipe(op.pipeTo(channel, options)));
        link.arrive({ type: 'credit', channel: 7, messages: 9, bytes: 999 });
        node.turn();
        return heard;
      },
      [{ accepted: 3, dropped: 1 }, '|'],
    ],
    [
      'encode: onFailure',
      () =>
        heardOf(from(values.map(toPeer)).pipe(op.encode(refusesEven, { onFailure: once(ignore) }))),
      [toPeer(Uint8Array.of(1)), toPeer(Uint8Array.of(3)), '|'],
    ],
    [
      'decode: onFailure',
      () => {
        const bytes = values.map((value) => inbound(Uint8Array.of(value)));
        return heardOf(from(bytes).pipe(op.decode(refusesEven, { onFailure: once(ignore) })));
      },
      [inbound(1), inbound(3), '|'],
    ],
    [
      'wrap: onFailure',
      () =>
        heardOf(from(values.map(toPeer)).pipe(op.wrap(refusesEven, { onFailure: once(ignore) }))),
      [toPeer(1), toPeer(3), '|'],
    ],
    [
      'unwrap: onFailure',
      () =>
        heardOf(
          from(values.map(inbound)).pipe(op.unwrap(refusesEven, { onFailure: once(ignore) })),
        ),
      [inbound(1), inbound(3), '|'],
    ],
  ])('%s', async (_, run, expected) => {
    expect(run()).toEqual(expected);
    expect(await unhandled()).toEqual([mistake]);
  });

  it.each([-1, NaN])('rateLimit: an invalid cost of %d', async (cost) => {
    const limited = from([1, 2]).pipe(
      op.rateLimit({ perSecond: 9, cost: (value) => (value === 1 ? cost : 1) }),
    );
    expect(heardOf(limited)).toEqual([2, '|']);
    const text = `rateLimit: cost must return a number of at least 0, got ${cost}`;
    expect(await unhandled()).toEqual([new RangeError(text)]);
  });

  it('batch: a clock that throws, whose timer falls back to the system', async () => {
    const clock = throwingClock('schedule');
    const source = new Subject<number>();
    const batches = heardOf(source.pipe(op.batch({ max: 9, ms: 1, clock })));
    source.next(1);
    while (batches.length === 0) await unhandled();
    expect(batches).toEqual([[1]]);
    expect(await unhandled()).toEqual([mistake]);
  });
});

describe('L-30 a codec that throws costs only the message', () => {
  it.each(['encode', 'decode'] as const)('%s', async (name) => {
    const node = new LinkedNode();
    const throwing = { ...raw(), [name]: once((bytes: Uint8Array) => bytes) };
    const channel = open(node, { codec: throwing });
    const { link } = node.peer(1, { 7: 9 });
    const heard: unknown[] = [];
    channel.in$.subscribe(({ message }) => heard.push(message[0]));
    for (const value of [1, 2]) {
      channel.out.next({ broadcast: true, message: Uint8Array.of(value) });
      link.arrive({ type: 'data', channel: 7, bytes: Uint8Array.of(value), last: true });
    }
    node.turn();
    const sent = link.take().filter((packet) => packet.startsWith('data'));
    expect(sent).toEqual(
      name === 'encode' ? ['data 7 02 last'] : ['data 7 01 last', 'data 7 02 last'],
    );
    expect(heard).toEqual(name === 'decode' ? [2] : [1, 2]);
    expect(await unhandled()).toEqual([]);
  });
});
