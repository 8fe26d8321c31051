import { filter, from, map, Observable, of, scan, take, tap } from 'rxjs';
import type { Codec } from '../../lib/codec/codec.ts';
import { json } from '../../lib/codec/json.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { Hub } from '../../lib/flow/hub.ts';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  latest,
  type LaneOptions,
} from '../../lib/flow/strategy.ts';
import type { FlowSetup, FlowUnderTest } from '../../lib/testing/index.ts';
import { batch } from '../../operators/batch.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { decode } from '../../operators/decode.ts';
import { dedupe } from '../../operators/dedupe.ts';
import { encode } from '../../operators/encode.ts';
import { fromReadableStream } from '../../operators/from-readable-stream.ts';
import { onBackpressure, type OnBackpressureOptions } from '../../operators/on-backpressure.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { sendTo } from '../../operators/send-to.ts';
import { shareFlow, type ShareFlowOptions } from '../../operators/share-flow.ts';
import { toReadableStream } from '../../operators/to-readable-stream.ts';
import { Numbers, numbersUnder } from './flow-sources.ts';
import { idOf, LinkedNode } from './linked-node.ts';

/** More than any case uses. */
const wide = 2 ** 17;
const quick = { perSecond: 1e9 };

/** A hub that emits as soon as it may. */
function hub(count: number): FlowUnderTest<number> {
  let next = 0;
  let emitting = false;
  const shared = new Hub<number>(() => {
    if (emitting) return;
    emitting = true;
    while (shared.ready && next < count) shared.next(next++);
    emitting = false;
    if (next === count) shared.complete();
  });
  if (count === 0) shared.complete();
  return { flow: shared.flow };
}

/** Messages of one peer that all wait in the lane; the channel closes after the last. */
function channel(count: number): FlowUnderTest<number> {
  const node = new LinkedNode();
  const codec: Codec<number> = {
    encode: (value) => new Uint8Array(Uint32Array.of(value).buffer),
    decode: (bytes) => {
      const value = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      if (value === count - 1) queueMicrotask(() => opened.close());
      return value;
    },
  };
  const opened = node.channels.open({ id: 7, codec, inbound: block(wide) });
  const { link } = node.peer(1);
  for (let value = 0; value < count; value += 1) {
    link.arrive({ type: 'data', channel: 7, bytes: codec.encode(value), last: true });
  }
  if (count === 0) opened.close();
  return { flow: opened.in$.pipe(map(({ message }) => message)), dispose: () => opened.close() };
}

/** An Observable that emits everything synchronously. */
function buffered(
  strategy: LaneOptions,
  options: OnBackpressureOptions<number> = {},
): (count: number) => FlowUnderTest<number> {
  return (count) => {
    const numbers = new Numbers(count);
    return {
      flow: onBackpressure(strategy, options)(from(numbers)),
      released: () => numbers.open === 0,
    };
  };
}

/**
 * An Observable that emits when its last value was consumed, so that few need to wait, and
 * `latest()` loses none.
 */
const inTurns =
  (make: (source: Observable<number>) => Flow<number>) =>
  (count: number): FlowUnderTest<number> => {
    let subscribed = 0;
    const flow = new Flow<number>((consumer) => {
      let next = 0;
      let emit: () => void = () => undefined;
      const source = new Observable<number>((subscriber) => {
        subscribed += 1;
        emit = () => (next < count ? subscriber.next(next++) : subscriber.complete());
        emit();
        return () => (subscribed -= 1);
      });
      return make(source).consume({
        next: (value) => {
          consumer.next(value);
          emit();
        },
        error: (error) => consumer.error(error),
        complete: () => consumer.complete(),
      });
    });
    return { flow, released: () => subscribed === 0 };
  };

function stream(count: number, error?: unknown): FlowUnderTest<number> {
  const iterator = new Numbers(count, error)[Symbol.iterator]();
  const chunks = new ReadableStream<number>(
    {
      pull: (controller) => {
        const result = iterator.next();
        if (result.done === true) controller.close();
        else controller.enqueue(result.value);
      },
    },
    { highWaterMark: 0 },
  );
  return { flow: fromReadableStream(chunks), released: () => !chunks.locked };
}

type Make = (count: number, error?: unknown) => FlowUnderTest<number>;
const failing = (open: Make): Pick<FlowSetup<number>, 'open' | 'fail'> => ({ open, fail: open });
const through = (make: (numbers: Flow<number>, count: number) => Flow<number>) =>
  failing(numbersUnder(make));

/** Numbers that several consumers share. */
const shared = (options: ShareFlowOptions<number> = {}): FlowSetup<number> => ({
  ...through((numbers) => numbers.pipe(shareFlow(options))),
  endsUnasked: false,
});

/** Every flow that rxmesh makes, for `flowConformance`. */
export const flowSetups: readonly [string, FlowSetup<number>][] = [
  ['flowFrom(iterable)', { ...through((numbers) => numbers), endsUnasked: false }],
  [
    'flowFrom(async iterable)',
    {
      ...failing((count, error) => {
        const numbers = new Numbers(count, error);
        return { flow: flowFrom(numbers.async()), released: () => numbers.open === 0 };
      }),
      endsUnasked: false,
    },
  ],
  ['fromReadableStream', { ...failing(stream), consumers: 'one', endsUnasked: false }],
  [
    'a flow through a stream',
    {
      ...through((numbers) => fromReadableStream(toReadableStream(numbers))),
      consumers: 'one',
      endsUnasked: false,
    },
  ],
  ["a channel's in$", { open: channel, consumers: 'shared' }],
  ['Hub', { open: hub, consumers: 'shared' }],
  [
    'a lifted chain',
    {
      ...through((numbers, count) =>
        numbers
          .pipe(
            tap(() => undefined),
            map((value) => value + 1),
          )
          .pipe(
            scan((last, value) => (value === last + 1 ? value : NaN), 0),
            map((value) => value - 1),
          )
          // One more, so that the error of the source gets through.
          .pipe(take(count + 1)),
      ),
      endsUnasked: false,
    },
  ],
  [
    'filter and take',
    {
      open: (count) =>
        numbersUnder((numbers) =>
          numbers.pipe(
            filter((value) => value % 2 === 0),
            map((value) => value / 2),
            take(count),
          ),
        )(count * 2),
    },
  ],
  [
    'flowFrom(observable, lane)',
    {
      open: (count) => {
        const numbers = new Numbers(count);
        const flow = flowFrom(from(numbers), fail(wide));
        return { flow, released: () => numbers.open === 0 };
      },
    },
  ],
  ['onBackpressure(dropOldest)', { open: buffered(dropOldest(wide)) }],
  ['onBackpressure(dropNewest)', { open: buffered(dropNewest(wide)) }],
  ['onBackpressure(fail)', { open: buffered(fail(wide)) }],
  ['onBackpressure(latest)', { open: inTurns(onBackpressure<number>(latest())) }],
  [
    'onBackpressure(latest, key)',
    { open: buffered(latest(), { key: (value) => value, keysMax: wide }) },
  ],
  [
    'onBackpressure(block)',
    { open: numbersUnder((numbers) => onBackpressure<number>(block(16))(numbers)) },
  ],
  [
    'boundedMergeMap',
    through((numbers) => numbers.pipe(boundedMergeMap((value) => of(value), { concurrency: 3 }))),
  ],
  [
    'boundedMergeMap with promises',
    through((numbers) => numbers.pipe(boundedMergeMap((value) => Promise.resolve(value)))),
  ],
  [
    'boundedMergeMap of flows',
    through((numbers) =>
      numbers.pipe(boundedMergeMap((value) => flowFrom([value]), { concurrency: 2 })),
    ),
  ],
  [
    'one flow of boundedMergeMap',
    {
      ...through((numbers) => flowFrom([0]).pipe(boundedMergeMap(() => numbers))),
    },
  ],
  [
    'boundedMergeMap with a buffer',
    {
      open: (count) => {
        const numbers = new Numbers(count);
        const map = boundedMergeMap((value: number) => of(value), { buffer: fail(wide) });
        return { flow: map(from(numbers)), released: () => numbers.open === 0 };
      },
    },
  ],
  ['rateLimit', { ...through((numbers) => numbers.pipe(rateLimit(quick))), endsUnasked: false }],
  [
    'dedupe',
    {
      open: (count) =>
        numbersUnder((numbers) =>
          numbers.pipe(
            map((value) => value >> 1),
            dedupe({ key: (value) => value, max: 1 }),
          ),
        )(count * 2),
      endsUnasked: false,
    },
  ],
  [
    'operators over envelopes',
    {
      ...through((numbers) =>
        numbers.pipe(
          sendTo(idOf(1)),
          encode(json<number>()),
          map(({ message }) => ({ from: idOf(1), message })),
          decode(json<number>(), { onFailure: () => undefined }),
          map(({ message }) => message),
        ),
      ),
      endsUnasked: false,
    },
  ],
  [
    'rateLimit that waits',
    {
      ...through((numbers) => numbers.pipe(rateLimit({ ...quick, excess: 'wait' }))),
      endsUnasked: false,
    },
  ],
  [
    'boundedMergeMap with a key',
    through((numbers) =>
      numbers.pipe(
        boundedMergeMap((value) => of(value), { concurrency: 3, key: (value) => value % 2 }),
      ),
    ),
  ],
  [
    'batch',
    {
      // Two values per batch, numbered by half of its first value.
      ...through((numbers) =>
        numbers.pipe(
          batch({ max: 1 }),
          map(([value = NaN]) => value),
        ),
      ),
      open: (count) =>
        numbersUnder((numbers) =>
          numbers.pipe(
            batch({ max: 2 }),
            map(([value = NaN]) => value / 2),
          ),
        )(2 * count),
      endsUnasked: false,
    },
  ],
  [
    'batch behind an Observable',
    {
      open: inTurns((source) =>
        batch<number>({ max: 1 })(source).pipe(map(([value = NaN]) => value)),
      ),
    },
  ],
  ['shareFlow', { ...shared(), consumers: 'shared' }],
  ['shareFlow(block)', shared({ buffer: block(16) })],
  ['shareFlow(dropOldest)', shared({ buffer: dropOldest(16) })],
  ['shareFlow(dropNewest)', shared({ buffer: dropNewest(16) })],
  ['shareFlow(fail)', shared({ buffer: fail(16) })],
];
