import { describe, expect, it } from '@jest/globals';
import { from, NEVER, of, throwError, timer } from 'rxjs';
import { json, RxmeshError } from 'rxmesh';
import {
  type ExpectedObservable,
  type MarbleHelpers,
  simulate,
  type Simulation,
} from 'rxmesh/testing';

/** What a failing test prints. */
function printed(
  test: (net: Simulation, cold: MarbleHelpers['cold']) => void,
  isStarted = true,
): string {
  const net = simulate({ nodes: 2, seed: 7 });
  if (isStarted) net.start();
  let failure: unknown;
  try {
    net.run(({ cold }) => test(net, cold));
  } catch (thrown) {
    failure = thrown;
  }
  if (!(failure instanceof Error)) throw new Error('it did not fail');
  expect(failure.stack).toMatch(/^Error: [^]*\n +at .*report\.spec/);
  return `\n${failure.message}`;
}

describe('a diagram that differs is printed', () => {
  it('under the one that was expected, with all others', () => {
    expect(
      printed((net, cold) => {
        net.expect(cold('-a--b|')).toBe('-a--b|');
        net.expect(cold('-a--b|')).toBe('-a-b-|');
        net.expect(cold('-a----')).toBe('-a--b');
      }),
    ).toBe(`
2 of 3 diagrams differ, first at 3 ms (seed 7)

  as expected  -a--b|

  expected     -a-b-|
  actual       -a--b|
                  ^ at 3 ms: expected b, got nothing

  expected     -a--b-
  actual       -a----
                   ^ at 4 ms: expected b, got nothing
`);
  });

  it('with a hint if the network was not started', () => {
    expect(printed((net, cold) => net.expect(cold('a')).toBe('-'), false)).toBe(`
1 of 1 diagrams differs, first at 0 ms (seed 7)

no node is started: call net.start() before net.run

  expected     -
  actual       a
               ^ at 0 ms: expected nothing, got a
`);
  });

  it('with groups in columns', () => {
    expect(
      printed((net, cold) => {
        net.expect(cold('-(abc)-d|')).toBe('-a-----d|');
        net.expect(cold('-ab----d|')).toBe('-(abc)-d|');
      }),
    ).toBe(`
2 of 2 diagrams differ, first at 1 ms (seed 7)

  expected     -a-----d|
  actual       -(abc)-d|
                ^ at 1 ms: expected a, got (abc)

  expected     -(abc)-d|
  actual       -a----bd|
                ^ at 1 ms: expected (abc), got a
`);
  });

  it('with long waits as times, also at the end of a diagram', () => {
    expect(
      printed((net, cold) => {
        net.expect(cold('--a 1s b 59ms c')).toBe('--a 1s b 60ms');
        net.expect(cold('--a 999ms b')).toBe('--a 1s b');
      }),
    ).toBe(`
2 of 2 diagrams differ, first at 1002 ms (seed 7)

  expected     --a 999ms -b 59ms -
  actual       --a 999ms -b 59ms c
                                 ^ at 1063 ms: expected nothing, got c

  expected     --a 999ms -b 59ms -
  actual       --a 999ms b- 59ms -
                         ^ at 1002 ms: expected nothing, got b
`);
  });

  it('with the values of its letters, and letters for values that nobody expected', () => {
    const values = { a: { from: 0, message: 'hello' }, b: { from: 1 } };
    expect(
      printed((net) => {
        const [zero, one] = [net.node(0).id, net.node(1).id];
        const envelopes$ = from([
          { from: one, message: 'hello' },
          { from: zero, message: Uint8Array.of(1, 2) },
          { from: one, message: 'hello' },
          { message: new Map([['x', [1n, null]]]), more: Uint8Array.of(1, 2) },
        ]);
        const [a, c] = [{ from: one, message: 'hello' }, { from: one }];
        net.expect(envelopes$).toBe('(abcd|)', { a, b: { from: zero }, c, d: { from: one } });
        net.expect(of(values.a)).toBe('(b|)', values);
      }),
    ).toBe(`
2 of 2 diagrams differ, first at 0 ms (seed 7)

  expected     (abcd|)
  actual       (abcz|)
               ^ at 0 ms: expected (abcd|), got (abcz|)
               a: { from: node 1, message: 'hello' }
               b: { from: node 0 }
               c: { from: node 1 }
               d: { from: node 1 }
               z: { message: Map('x': [1n, null]), more: bytes 0102 }

  expected     (b|)
  actual       (a|)
               ^ at 0 ms: expected (b|), got (a|)
               b: { from: 1 }
               a: { from: 0, message: 'hello' }
`);
  });

  it('with the errors that were expected, and that came', () => {
    const failed = new RxmeshError('RXMESH_CALL_FAILED', 'no');
    expect(
      printed((net) => {
        const call$ = throwError(() => failed);
        net.expect(call$).toBe('#', undefined, { code: 'RXMESH_CALL_FAILED' });
        net.expect(call$).toBe('#');
        net.expect(call$).toBe('#', undefined, { code: 'RXMESH_CALL_TIMEOUT' });
        net.expect(call$).toBe('|');
      }),
    ).toBe(`
2 of 4 diagrams differ, first at 0 ms (seed 7)

  as expected  #

  as expected  #

  expected     #
  actual       z
               ^ at 0 ms: expected #, got z
               #: { code: 'RXMESH_CALL_TIMEOUT' }
               z: RxmeshError RXMESH_CALL_FAILED: no

  expected     |
  actual       #
               ^ at 0 ms: expected |, got #
               #: RxmeshError RXMESH_CALL_FAILED: no
`);
  });

  it('with the subscriptions, each for itself', () => {
    expect(
      printed((net, cold) => {
        const watched = cold('------');
        net.expect(watched, '-^--!').toBe('-----');
        net.expect(watched, '--^').toBe('-----');
        net.expectSubscriptions(watched.subscriptions).toBe(['-^---!', '--^', '^!']);
      }),
    ).toBe(`
2 of 5 diagrams differ, first at 0 ms (seed 7)

  as expected  ------

  as expected  ------

  expected     -^---!
  actual       -^--!-
                   ^ at 4 ms: expected nothing, got !

  as expected  --^---

  expected     ^!----
  actual       ------
               ^ at 0 ms: expected ^, got nothing
`);
  });
});

describe('after a test that failed', () => {
  const keepAlive = { intervalMs: 10_000, timeoutMs: 30_000 };
  const network = (): Simulation =>
    simulate({ nodes: 2, latencyMs: 5, options: () => ({ keepAlive }) });
  const aMistake = (): never => {
    throw new Error('a mistake');
  };

  it.each<[string, (net: Simulation) => void]>([
    ['because a diagram differs', (net) => net.expect(timer(1)).toBe('--')],
    ['because a function of `at` throws', (net) => net.at('--x', { x: aMistake })],
  ])('%s, the network goes on', (_, test) => {
    const net = network();
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    net.start();
    const fails = (): void => {
      chat(0).out.next({ to: net.node(1).id, message: 'a' });
      test(net);
    };
    expect(() => net.run(fails)).toThrow();
    net.run(() => {
      net.expect(chat(1).in$).toBe('---a', { a: { message: 'a' } });
    });
    net.advance(60_000);
    expect(net.clock.dueTimesMs.filter((ms) => ms < net.now())).toEqual([]);
    net.stop();
  });

  it.each<[string, () => void]>([
    ['threw', aMistake],
    ['was right', () => undefined],
  ])('nothing is left of it if it %s', (_, end) => {
    const net = network();
    const called: string[] = [];
    const test = (): void => {
      net.expect(timer(1), '--^').toBe('x');
      net.at('--x 100ms', { x: () => called.push('x') });
      net.at('-x', { x: aMistake });
      end();
    };
    expect(() => net.run(test)).toThrow('a mistake');
    const startMs = net.now();
    net.run(() => net.expect(timer(1)).toBe('-(a|)', { a: 0 }));
    expect([net.now() - startMs, called]).toEqual([5, []]);
    // Diagrams are still checked.
    expect(() => net.run(() => net.expect(timer(1)).toBe('-'))).not.toThrow();
    expect(() => net.run(() => net.expect(timer(1)).toBe('--'))).toThrow('differs');
  });

  it('without `run`, its diagrams are not those of the next one either', () => {
    const net = network();
    net.at('-x', { x: aMistake });
    net.expect(timer(1, net.clock.scheduler)).toBe('x-');
    expect(() => net.advance(5)).toThrow('a mistake');
    net.expect(timer(1, net.clock.scheduler)).toBe('--');
    expect(() => net.advance(5)).toThrow('1 of 1 diagrams differs');
  });
});

describe('a diagram', () => {
  const expected = (): ExpectedObservable<string> => simulate({ nodes: 1 }).expect(NEVER);

  it('needs a value for each of its letters, if it has values', () => {
    expect(() => expected().toBe('-ab', { a: 'x' })).toThrow(
      new RangeError("a diagram has 'b', but its values do not"),
    );
  });

  it('is read as RxJS reads it', () => {
    expect(() => expected().toBe('-a!')).toThrow('unsubscription marker "!"');
    expect(() => simulate({ nodes: 1 }).expect(NEVER, '-a')).toThrow("'^' and '!' markers");
  });
});
