import { describe, expect, it } from '@jest/globals';
import { EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { admit, type AdmitOptions, type Admission } from '../../operators/admit.ts';
import { marbles } from '../support/marbles.ts';
import { collectUnhandled } from '../support/unhandled.ts';

const unhandled = collectUnhandled();
const mistake = new Error('a mistake');

/** `admit`, and what it refused. */
function setUp(
  clock: Clock,
  decide: Admission<string>,
  options: Partial<AdmitOptions<string>> = {},
) {
  const refusals = new Subject<string>();
  const log: string[] = [];
  const admitting = admit(decide, {
    clock,
    timeoutMs: 5,
    onRefused: ({ code, message }, value) => {
      refusals.next(value);
      log.push(`${value} ${code} ${message}`);
    },
    ...options,
  });
  return { admitting, refusals, log };
}

describe('admit', () => {
  it('does what its marble shows', () => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions, flush }) => {
      const yes = cold('          --(t|)', { t: true });
      const verdicts: Record<string, ReturnType<Admission<string>>> = {
        a: yes,
        b: 'not today',
        c: NEVER,
      };
      const source = hot('      -a--b--c-------|');
      const subs = '            ^--------------!';
      const result = '          ---a-----------|';
      const refused = '         ----b-------c---';
      const { admitting, refusals, log } = setUp(clock, (value) => verdicts[value] ?? false);
      expectObservable(source.pipe(admitting)).toBe(result);
      expectObservable(refusals).toBe(refused);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(yes.subscriptions).toBe('-^-!');
      flush();
      expect(log).toEqual([
        'b RXMESH_NOT_ADMITTED not admitted: not today',
        'c RXMESH_NOT_ADMITTED not admitted: not decided within 5 ms',
      ]);
    });
  });

  it('waits 5 s for a decision by default', () => {
    marbles(({ hot, clock, expectObservable, flush }) => {
      const log: string[] = [];
      const admitting = admit<string>(() => NEVER, {
        clock,
        onRefused: (_, value) => log.push(`${value} at ${clock.now()}`),
      });
      expectObservable(hot('a---|').pipe(admitting)).toBe('5s |');
      flush();
      expect(log).toEqual(['a at 5000']);
    });
  });

  it('accepts promises, and the first verdict of an Observable', async () => {
    const { systemClock } = await import('../../lib/index.ts');
    const verdicts = new Map<string, ReturnType<Admission<string>>>([
      ['a', Promise.resolve(true)],
      ['b', of(true, false)],
      ['c', Promise.resolve(false)],
    ]);
    const { admitting, log } = setUp(systemClock, (value) => verdicts.get(value) ?? false);
    const admitted: string[] = [];
    await of('a', 'b', 'c')
      .pipe(admitting)
      .forEach((value) => admitted.push(value));
    expect(admitted).toEqual(['b', 'a']);
    expect(log).toEqual(['c RXMESH_NOT_ADMITTED not admitted: refused']);
  });

  it('refuses when decide throws, fails or completes without a verdict, and continues', () => {
    marbles(({ hot, clock, expectObservable, flush }) => {
      const own = new RxmeshError('RXMESH_PEER_BANNED', 'banned');
      const decide: Admission<string> = (value) => {
        if (value === 'a') throw mistake;
        if (value === 'b') return throwError(() => own);
        return value === 'c' ? EMPTY : true;
      };
      const { admitting, log } = setUp(clock, decide);
      expectObservable(hot('-abcd-|').pipe(admitting)).toBe('----d-|');
      flush();
      expect(log).toEqual([
        'a RXMESH_NOT_ADMITTED admit: decide has failed: a mistake',
        'b RXMESH_PEER_BANNED banned',
        'c RXMESH_NOT_ADMITTED not admitted: no verdict',
      ]);
    });
  });

  it('refuses what exceeds the limit on pending decisions', () => {
    marbles(({ cold, hot, clock, expectObservable, flush }) => {
      const late = cold('          ---(t|)', { t: true });
      const { admitting, log } = setUp(clock, () => late, { concurrency: 2 });
      const source = hot('         -abc-d----|');
      const result = '             ----ab--d-|';
      expectObservable(source.pipe(admitting)).toBe(result);
      flush();
      expect(log).toEqual(['c RXMESH_TOO_MANY_HANDSHAKES 2 admissions are pending already']);
    });
  });

  it('refuses pending candidates when unsubscribed', () => {
    marbles(({ hot, cold, clock, expectObservable, expectSubscriptions, flush }) => {
      const never = cold('        -');
      const { admitting, log } = setUp(clock, (value) => (value === 'a' ? true : never));
      const source = hot('        -ab---');
      const unsubscribe = '       ----!';
      expectObservable(source.pipe(admitting), unsubscribe).toBe('-a---');
      expectSubscriptions(source.subscriptions).toBe('^---!');
      expectSubscriptions(never.subscriptions).toBe('--^-!');
      flush();
      expect(log).toEqual(['b RXMESH_CONNECTION_CLOSED stopped before it was decided']);
    });
  });

  it.each([
    ['never', '-', '-'],
    ['empty', '|', '|'],
    ['an error', '-a-#', '-a-#'],
  ])('mirrors a source that is %s', (_, source, result) => {
    marbles(({ cold, clock, expectObservable }) => {
      const { admitting } = setUp(clock, () => true);
      expectObservable(cold(source).pipe(admitting)).toBe(result);
    });
  });

  it('counts places separately for each subscription, and frees them', () => {
    marbles(({ cold, hot, clock, expectObservable, flush }) => {
      const late = cold('          --(t|)', { t: true });
      const { admitting, log } = setUp(clock, () => late, { concurrency: 1 });
      const admitted$ = hot('      -a--b-|').pipe(admitting);
      const result = '             ---a--(b|)';
      expectObservable(admitted$).toBe(result);
      expectObservable(admitted$).toBe(result);
      flush();
      expect(log).toEqual([]);
    });
  });

  it('a callback that throws is reported, and the stream continues', async () => {
    marbles(({ hot, clock, expectObservable, flush }) => {
      const onRefused = () => {
        throw mistake;
      };
      const { admitting } = setUp(clock, (value) => value === 'b', { onRefused });
      expectObservable(hot('-ab|').pipe(admitting)).toBe('--b|');
      flush();
    });
    expect(await unhandled()).toEqual([mistake]);
  });
});
