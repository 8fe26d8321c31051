import { describe, expect, it } from '@jest/globals';
import * as otel from '@opentelemetry/api';
import { Flow, type NodeId } from 'rxmesh';
import { CallError, type CallMiddleware, type OutgoingCall } from 'rxmesh/calls';
import { timedCalls, type TracedIncoming, tracedCalls } from 'rxmesh/metrics';
import { middlewareConformance, type MiddlewareSetup } from 'rxmesh/testing';
import {
  catchError,
  concatMap,
  defer,
  delay,
  EMPTY,
  map,
  mergeMap,
  type Observable,
  of,
  retry,
  share,
  Subject,
  switchMap,
  tap,
  throwError,
  timer,
  toArray,
} from 'rxjs';

type Setup = MiddlewareSetup<string, OutgoingCall<string>>;
type Middleware = CallMiddleware<string, string>;

const call: OutgoingCall<string> = {
  to: 'a'.repeat(40) as NodeId,
  request: 'question',
  method: 'ask',
  timeoutMs: undefined,
  signal: undefined,
  headers: {},
};
const answers = ['a', 'b', 'c'];

const setupOf = (middleware: () => Middleware, rest: Partial<Setup> = {}): Setup => ({
  open: middleware,
  call,
  answers,
  ...rest,
});

function holds<Call extends object>(name: string, setup: MiddlewareSetup<string, Call>): void {
  describe(name, () => {
    for (const each of middlewareConformance(setup)) it(each.name, each.run);
  });
}

/** The numbers of the cases that fail. */
async function failing(setup: Setup): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of middlewareConformance({ timeoutMs: 20, ...setup })) {
    await run().catch((error: unknown) => {
      expect(String(error)).toMatch(/^Error: middleware conformance: /);
      failed.push(name.slice(0, 4));
    });
  }
  return failed;
}

describe('middlewareConformance', () => {
  const { aroundCalls, aroundHandler } = timedCalls({
    meter: otel.metrics.getMeter('conformance'),
  });
  holds(
    'timedCalls, around calls',
    setupOf(() => aroundCalls[0]),
  );
  holds(
    'timedCalls, around a handler',
    setupOf(() => aroundHandler[0]),
  );
  const traced = tracedCalls(otel);
  holds(
    'tracedCalls, around calls',
    setupOf(() => traced.aroundCalls[0]),
  );
  holds<TracedIncoming>('tracedCalls, around a handler', {
    open: () => traced.aroundHandler[0],
    call: { from: call.to, method: 'ask', headers: {} },
    answers,
  });
  holds(
    'nothing',
    setupOf(() => (all) => all),
  );
  holds(
    'one that refuses',
    setupOf(
      () => (all, asked) =>
        asked.request === 'question' ? all : throwError(() => new CallError('denied', 'no')),
      { refused: { ...call, request: 'secret' } },
    ),
  );
  holds(
    'one that translates',
    setupOf(() => (all) => all.pipe(map((each) => each.toUpperCase())), { changes: true }),
  );
  holds(
    'one that tries again',
    setupOf(() => (all) => all.pipe(retry(2)), { changes: true, carriesDemand: false }),
  );
  holds(
    'one that asks somebody else first',
    setupOf(() => (all) => timer(2).pipe(switchMap(() => all)), { carriesDemand: false }),
  );

  const shared = new Map<string, Observable<string>>();
  const latest = new Subject<string>();
  const wrong: Record<
    string,
    { middleware: () => Middleware; rest?: Partial<Setup>; fails: string[] }
  > = {
    'calls at once': {
      middleware: () => (all) => {
        const replayed: string[] = [];
        all.subscribe({ next: (each) => replayed.push(each), error: () => undefined });
        return all;
      },
      fails: ['M-01'],
    },
    'never ends': {
      middleware: () => endless,
      fails: ['M-02', 'M-06', 'M-07', 'M-08', 'M-09'],
    },
    'hides failures': {
      middleware: () => (all) => all.pipe(catchError(() => EMPTY)),
      fails: ['M-03'],
    },
    'goes on after it was left': {
      middleware: () => (all) =>
        new Flow<string>((sink) => {
          const demand = all.consume(sink);
          return { request: (count) => demand.request(count), unsubscribe: () => undefined };
        }),
      fails: ['M-04', 'M-05'],
    },
    'tells one call what another one gets': {
      middleware: () => (all) =>
        defer(() => {
          const own = all.subscribe(latest);
          return latest.pipe(tap({ finalize: () => own.unsubscribe() }));
        }),
      rest: { carriesDemand: false },
      fails: ['M-03', 'M-06', 'M-07', 'M-09', 'M-10'],
    },
    'makes one call for all': {
      middleware:
        () =>
        (all, { method }) => {
          const known = shared.get(method) ?? all.pipe(share({ resetOnComplete: false }));
          shared.set(method, known);
          return known;
        },
      rest: { carriesDemand: false },
      fails: ['M-07'],
    },
    'changes the call': {
      middleware: () => (all, asked) => {
        Object.assign(asked, { request: 'another', trace: 1 });
        return all;
      },
      fails: ['M-08'],
    },
    'answers in another order': {
      middleware: () => (all) =>
        all.pipe(mergeMap((each) => of(each).pipe(delay(each === 'a' ? 10 : 0)))),
      rest: { carriesDemand: false },
      fails: ['M-06', 'M-07', 'M-09'],
    },
    'collects the answers': {
      middleware: () => (all) =>
        all.pipe(
          toArray(),
          mergeMap((each) => each),
        ),
      rest: { carriesDemand: false },
      fails: ['M-05', 'M-10'],
    },
    'loses the demand': {
      middleware: () => (all) => all.pipe(concatMap((each) => of(each).pipe(delay(1)))),
      fails: ['M-11'],
    },
    'returns no flow': {
      middleware: () => (all) => defer(() => all),
      fails: ['M-11'],
    },
    'calls although it refuses': {
      middleware: () => (all, asked) =>
        asked.request === 'question'
          ? all
          : all.pipe(mergeMap(() => throwError(() => new CallError('denied', 'no')))),
      rest: { refused: { ...call, request: 'secret' } },
      fails: ['M-12'],
    },
  };
  it.each(Object.entries(wrong))('finds one that %s', async (_, { middleware, rest, fails }) => {
    const found = await failing(setupOf(middleware, { ...rest, call: { ...call } }));
    expect(found).toEqual(expect.arrayContaining(fails));
  });

  it('needs two answers', () => {
    const setup = setupOf(() => (all) => all, { answers: ['a'] });
    expect(() => middlewareConformance(setup)).toThrow(RangeError);
  });
});

/** The same answers, without their end. */
function endless(all: Flow<string>): Flow<string> {
  return new Flow<string>((sink) =>
    all.consume({
      next: (each) => void sink.next(each),
      error: (error: unknown) => sink.error(error),
      complete: () => undefined,
    }),
  );
}
