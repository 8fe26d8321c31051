import { describe, expect, it } from '@jest/globals';
import * as rx from 'rxjs';
import { clockFrom } from '../../lib/flow/clock.ts';
import type { FlowSink } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { consume } from '../support/consume.ts';
import { codesIn, rowsOf } from '../docs/documents.ts';

/** Values that a source gains every millisecond. */
const perMs = 20;
const endMs = 1_200;
/** How long the consumer works on each value. */
const workMs = 20;

/**
 * A source like a channel with busy peers: it always gains more values, and emits what is
 * requested.
 */
class Source {
  taken = 0;
  readonly flow: Flow<number>;

  /** @param stock how many values it starts with */
  constructor(scheduler: rx.SchedulerLike, stock: number = perMs) {
    this.flow = new Flow<number>(
      (sink: FlowSink<number>) => {
        let left = stock;
        const give = (): void => {
          while (sink.wanted > 0 && left > 0) {
            left -= 1;
            sink.next(this.taken++);
          }
        };
        const timer = rx.interval(1, scheduler).subscribe(() => {
          left += perMs;
          give();
        });
        return { request: give, unsubscribe: () => timer.unsubscribe() };
      },
      undefined,
      { clock: clockFrom(scheduler) },
    );
  }
}

type Numbers = Flow<number>;
/** A chain behind flow `a`, with a scheduler for its timers, and a second flow. */
type Chain = (a: Numbers, s: rx.SchedulerLike, b: Numbers) => Flow<unknown>;
/**
 * Runs a chain in front of a slow consumer, and counts the values taken from each source.
 * @param stockOfB how many values the second flow starts with
 */
function run(chain: Chain, stockOfB = 0) {
  const scheduler = new rx.VirtualTimeScheduler(undefined, endMs);
  const [a, b] = [new Source(scheduler), new Source(scheduler, stockOfB)];
  const { heard, demand } = consume(chain(a.flow, scheduler, b.flow), () =>
    scheduler.schedule(() => demand.request(1), workMs),
  );
  demand.request(1);
  scheduler.flush();
  demand.unsubscribe();
  const last = heard.at(-1);
  const failure = typeof last === 'string' && last !== '|' ? last : undefined;
  // The values it has answered, and ten for each array that `bufferCount(10)` makes.
  const isHeldBack = a.taken <= 10 * (endMs / workMs + 1);
  const verdict = failure ?? (isHeldBack ? 'held back' : 'takes everything');
  return { verdict, heard: heard.length, taken: a.taken, ofB: b.taken };
}

/** Asynchronous work on a value, such as `save`. */
const save = (s: rx.SchedulerLike) => (x: number) => rx.timer(workMs, s).pipe(rx.map(() => x));
const rare = rx.filter<unknown>(() => false);

const heldBack: Readonly<Record<string, Chain>> = {
  map: (a) => a.pipe(rx.map((x) => x + 1)),
  filter: (a) => a.pipe(rx.filter((x) => x % 3 === 0)),
  tap: (a) => a.pipe(rx.tap(() => undefined)),
  scan: (a) => a.pipe(rx.scan((sum, x) => sum + x, 0)),
  take: (a) => a.pipe(rx.take(1e6)),
  skip: (a) => a.pipe(rx.skip(9)),
  takeUntil: (a) => a.pipe(rx.takeUntil(rx.NEVER)),
  takeWhile: (a) => a.pipe(rx.takeWhile(() => true)),
  skipWhile: (a) => a.pipe(rx.skipWhile((x) => x < 9)),
  pairwise: (a) => a.pipe(rx.pairwise()),
  distinct: (a) => a.pipe(rx.distinct()),
  distinctUntilChanged: (a) => a.pipe(rx.distinctUntilChanged()),
  bufferCount: (a) => a.pipe(rx.bufferCount(10)),
  windowCount: (a) => a.pipe(rx.windowCount(10)),
  startWith: (a) => a.pipe(rx.startWith(-1)),
  withLatestFrom: (a, _, b) => a.pipe(rx.withLatestFrom(b)),
  raceWith: (a, _, b) => a.pipe(rx.raceWith(b)),
  throttleTime: (a, s) => a.pipe(rx.throttleTime(10, s)),
  timeout: (a, s) => a.pipe(rx.timeout({ each: 500, scheduler: s })),
  finalize: (a) => a.pipe(rx.finalize(() => undefined)),
  materialize: (a) => a.pipe(rx.materialize()),
  share: (a) => a.pipe(rx.share()),
  shareReplay: (a) => a.pipe(rx.shareReplay(1)),
  retry: (a) =>
    a.pipe(
      rx.map((x, i) => {
        if (i === 7) throw new Error('once in a while');
        return x;
      }),
      rx.retry(),
    ),
  'retry, later': (a, s) =>
    a.pipe(
      rx.map((x, i) => {
        if (i === 7) throw new Error('once in a while');
        return x;
      }),
      rx.retry({ delay: () => rx.timer(5, s) }),
    ),
  catchError: (a) => a.pipe(rx.catchError(() => rx.EMPTY)),
  'mergeMap of what it has': (a) => a.pipe(rx.mergeMap((x) => (x % 2 === 0 ? rx.of(x) : rx.EMPTY))),
  'concatMap of what it has': (a) => a.pipe(rx.concatMap((x) => [x])),
  'switchMap of what it has': (a) => a.pipe(rx.switchMap((x) => rx.of(x))),
  'observeOn a queue': (a) => a.pipe(rx.observeOn(rx.queueScheduler)),
  'some of them': (a) =>
    a.pipe(
      rx.map((x) => x + 1),
      rx.filter((x) => x % 3 === 0),
      rx.scan((sum, x) => sum + x, 0),
      rx.pairwise(),
      rx.tap(() => undefined),
    ),
};

const told: Readonly<Record<string, Chain>> = {
  concatMap: (a, s) => a.pipe(rx.concatMap(save(s))),
  mergeMap: (a, s) => a.pipe(rx.mergeMap(save(s))),
  switchMap: (a, s) => a.pipe(rx.switchMap(save(s))),
  exhaustMap: (a, s) => a.pipe(rx.exhaustMap(save(s))),
  mergeScan: (a, s) => a.pipe(rx.mergeScan((_, x) => save(s)(x), 0, 1)),
  concatAll: (a, s) => a.pipe(rx.map(save(s)), rx.concatAll()),
  mergeAll: (a, s) => a.pipe(rx.map(save(s)), rx.mergeAll()),
  delay: (a, s) => a.pipe(rx.delay(10, s)),
  'delay, long': (a, s) => a.pipe(rx.delay(600_000, s)),
  delayWhen: (a) => a.pipe(rx.delayWhen(() => rx.NEVER)),
  debounceTime: (a, s) => a.pipe(rx.debounceTime(10, s)),
  auditTime: (a, s) => a.pipe(rx.auditTime(10, s)),
  sampleTime: (a, s) => a.pipe(rx.sampleTime(10, s)),
  observeOn: (a, s) => a.pipe(rx.observeOn(s)),
  bufferTime: (a, s) => a.pipe(rx.bufferTime(10, s)),
  windowTime: (a, s) => a.pipe(rx.windowTime(10, s)),
  zipWith: (a, _, b) => a.pipe(rx.zipWith(b)),
  combineLatestWith: (a, _, b) => a.pipe(rx.combineLatestWith(b)),
  mergeWith: (a, _, b) => a.pipe(rx.mergeWith(b)),
  concatWith: (a, _, b) => a.pipe(rx.take(5), rx.concatWith(b)),
  'several values for one': (a) => a.pipe(rx.mergeMap((x) => [x, x])),
  // The chains below discard what these operators emit.
  'concatMap, filter': (a, s) => a.pipe(rx.concatMap(save(s)), rare),
  'mergeMap, filter': (a, s) => a.pipe(rx.mergeMap(save(s)), rare),
  'exhaustMap, filter': (a, s) => a.pipe(rx.exhaustMap(save(s)), rare),
  'mergeScan, filter': (a, s) =>
    a.pipe(
      rx.mergeScan((_, x) => save(s)(x), 0, 1),
      rare,
    ),
  'delay, filter': (a, s) => a.pipe(rx.delay(10, s), rare),
  'bufferTime, filter': (a, s) => a.pipe(rx.bufferTime(10, s), rare),
  'sampleTime, filter': (a, s) => a.pipe(rx.sampleTime(10, s), rare),
  'concatMap, ignoreElements': (a, s) => a.pipe(rx.concatMap(save(s)), rx.ignoreElements()),
  'concatAll, reduce': (a, s) =>
    a.pipe(
      rx.map(save(s)),
      rx.concatAll(),
      rx.reduce((sum, x) => sum + x, 0),
    ),
  'map, concatMap, map, filter': (a, s) =>
    a.pipe(
      rx.map((x) => x),
      rx.concatMap(save(s)),
      rx.map((x) => x),
      rare,
    ),
  'concatMap of nothing': (a, s) =>
    a.pipe(rx.concatMap((x) => save(s)(x).pipe(rx.ignoreElements()))),
  'mergeMap of nothing': (a, s) => a.pipe(rx.mergeMap((x) => save(s)(x).pipe(rx.ignoreElements()))),
};

const takesEverything: Readonly<Record<string, Chain>> = {
  toArray: (a) => a.pipe(rx.toArray()),
  takeLast: (a) => a.pipe(rx.takeLast(1e9)),
  buffer: (a) => a.pipe(rx.buffer(rx.NEVER)),
  bufferWhen: (a) => a.pipe(rx.bufferWhen(() => rx.NEVER)),
  bufferToggle: (a) => a.pipe(rx.bufferToggle(rx.of(0), () => rx.NEVER)),
  'bufferTime, long': (a, s) => a.pipe(rx.bufferTime(600_000, s)),
  window: (a) => a.pipe(rx.window(rx.NEVER)),
  windowWhen: (a) => a.pipe(rx.windowWhen(() => rx.NEVER)),
  windowToggle: (a) => a.pipe(rx.windowToggle(rx.NEVER, () => rx.NEVER)),
  'windowTime, long': (a, s) => a.pipe(rx.windowTime(600_000, s)),
  groupBy: (a) => a.pipe(rx.groupBy(() => 1)),
  // These buffer nothing: they look for a value that comes rarely or never.
  reduce: (a) => a.pipe(rx.reduce((sum, x) => sum + x, 0)),
  ignoreElements: (a) => a.pipe(rx.ignoreElements()),
  'filter, rare': (a) => a.pipe(rare as rx.OperatorFunction<number, unknown>),
  'bufferCount, large': (a) => a.pipe(rx.bufferCount(2_000)),
  last: (a) => a.pipe(rx.last()),
  count: (a) => a.pipe(rx.count()),
  'sequenceEqual, as long as they are': (a, _, b) => a.pipe(rx.sequenceEqual(b)),
  skipUntil: (a) => a.pipe(rx.skipUntil(rx.NEVER)),
  sample: (a) => a.pipe(rx.sample(rx.NEVER)),
};

describe('L-37 chains of RxJS operators in front of a slow consumer', () => {
  it.each(Object.entries(heldBack))('held back: %s', (_, chain) => {
    const { verdict, heard } = run(chain);
    expect(verdict).toBe('held back');
    expect(heard).toBeGreaterThanOrEqual(endMs / workMs - 1);
  });

  it.each(Object.entries(told))(
    'reported immediately, or at the first value: %s',
    (name, chain) => {
      const { verdict, taken } = run(chain);
      expect(verdict).toBe('RXMESH_DEMAND_LOST');
      // Late emissions come after 10 ms, or with the first value of the other flow.
      const isLate = /^(?:buffer|window|sample)Time|With$/.test(name);
      expect(taken).toBeLessThanOrEqual(isLate ? 11 * perMs : 10);
    },
  );

  it.each(Object.entries(takesEverything))('takes everything: %s', (_, chain) => {
    const { verdict, taken } = run(chain);
    expect(verdict).toBe('takes everything');
    expect(taken).toBeGreaterThan(endMs * perMs * 0.9);
  });

  it.each<[string, Chain]>([
    ['withLatestFrom', (a, _, b) => a.pipe(rx.withLatestFrom(b))],
    ['zipWith, running ahead', (a, _, b) => a.pipe(rx.zipWith(b))],
  ])('a second source gets an ordinary subscription with unlimited demand: %s', (_, chain) => {
    const { verdict, ofB } = run(chain, perMs);
    expect([verdict, ofB > endMs * perMs * 0.9]).toEqual(['held back', true]);
  });

  it.each<[string, rx.MonoTypeOperatorFunction<number>]>([
    ['share', rx.share()],
    ['shareReplay', rx.shareReplay(1)],
  ])('the second consumer of a flow behind %s gets an error', (_, sharing) => {
    const scheduler = new rx.VirtualTimeScheduler(undefined, endMs);
    const shared = new Source(scheduler).flow.pipe(sharing);
    const [first, second] = [consume(shared), consume(shared)];
    for (const { demand } of [second, first]) demand.request(1);
    expect([first.heard, second.heard]).toEqual([[0], ['RXMESH_DEMAND_LOST']]);
    for (const { demand } of [first, second]) demand.unsubscribe();
  });

  it('the table in docs/backpressure.md matches for each operator that it names', () => {
    const rows = rowsOf('docs/backpressure.md').filter(([, what = '']) =>
      ['held back', '`RXMESH_DEMAND_LOST`', 'take everything, silently'].includes(what),
    );
    const namesIn = (verdict: string): readonly string[] =>
      rows.flatMap(([operators = '', what]) => (what === verdict ? codesIn(operators) : []));
    const operatorsOf = (chains: Readonly<Record<string, Chain>>): readonly string[] =>
      Object.keys(chains).filter((name) => /^\w+$/.test(name));
    const all = [heldBack, told, takesEverything].map(operatorsOf);
    const verdicts = ['held back', '`RXMESH_DEMAND_LOST`', 'take everything, silently'];
    expect(verdicts.map((each) => [...namesIn(each)].sort())).toEqual(
      all.map((names) => [...names].sort()),
    );
  });
});
