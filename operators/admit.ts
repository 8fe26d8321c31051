import {
  catchError,
  defer,
  EMPTY,
  map,
  mergeMap,
  type MonoTypeOperatorFunction,
  Observable,
  of,
  take,
  tap,
  throwIfEmpty,
} from 'rxjs';
import { aClock, checkTimes, type Clock, systemClock, withDeadline } from '../lib/flow/clock.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { hook } from '../lib/flow/hook.ts';
import { checkFunction } from '../lib/model/check-function.ts';
import {
  aFunction,
  aNumber,
  checkOptions,
  type OptionKinds,
  required,
} from '../lib/model/check-options.ts';
import { mustBe } from '../lib/model/described.ts';
import { RxmeshError, toRxmeshError } from '../lib/model/error.ts';

/** `true` admits, `false` refuses. A string refuses as well, and is the reason. */
export type Verdict = boolean | string;

/** Decides on a value: now, or by a promise or the first value of an Observable. */
export type Admission<T> = (value: T) => Verdict | PromiseLike<Verdict> | Observable<Verdict>;

/** Options of `admit`. */
export interface AdmitOptions<T> {
  /** Default: the system clock. */
  readonly clock?: Clock;
  /** How long a decision may take, in milliseconds; 0: no limit. Default 5,000. */
  readonly timeoutMs?: number;
  /** The most decisions pending at a time. A value beyond that is refused. Default 64. */
  readonly concurrency?: number;
  /** Called with each value that was refused, and why. Close what has to be closed here. */
  readonly onRefused: (error: RxmeshError, value: T) => void;
}

const optionKinds: OptionKinds<AdmitOptions<unknown>> = {
  clock: aClock,
  timeoutMs: aNumber,
  concurrency: aNumber,
  onRefused: required(aFunction),
};

/**
 * Passes on the values that are admitted, each as soon as that is decided.
 *
 *     in   -a--b--c-------|
 *          admit(decide)          a: true after 2, b: 'not today', c: no answer within 5
 *     out  ---a-----------|
 *     onRefused -b-----c
 *
 * Put it before `handshake` to refuse connections by where they come from, and before `accept` to
 * refuse peers by who they are:
 *
 *     transport.incoming$.pipe(
 *       admit(({ remote }) => remote.ip !== '203.0.113.7', {
 *         onRefused: (_, connection) => connection.close(),
 *       }),
 *     )
 *
 * Refusals: `RXMESH_NOT_ADMITTED` with the reason, also if `decide` throws, fails, ends without a
 * verdict or takes too long; `RXMESH_TOO_MANY_HANDSHAKES` if too many decisions are pending;
 * `RXMESH_CONNECTION_CLOSED` for those still pending when the result is unsubscribed. An exception
 * from `onRefused` is reported as unhandled, and the stream continues.
 *
 * @throws {TypeError} for invalid options
 * @throws {RangeError} for a time that timers do not support, or a concurrency below 1
 */
export function admit<T>(
  decide: Admission<T>,
  options: AdmitOptions<T>,
): MonoTypeOperatorFunction<T> {
  checkFunction('admit: decide', decide);
  checkOptions('admit', options, optionKinds);
  const { timeoutMs = 5_000, concurrency = 64 } = options;
  checkTimes('admit', { timeoutMs });
  if (!(concurrency >= 1)) {
    throw new RangeError(`admit: ${mustBe('concurrency', 'at least 1', concurrency)}`);
  }
  const clock = guardedClock(options.clock ?? systemClock);
  const refused = hook(options.onRefused);
  const late = (): RxmeshError => notAdmitted(`not decided within ${timeoutMs} ms`);
  return (source) =>
    defer(() => {
      let pending = 0;
      return source.pipe(
        mergeMap((value) => {
          if (pending >= concurrency) {
            const text = `${concurrency} admissions are pending already`;
            refused(new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', text), value);
            return EMPTY;
          }
          pending += 1;
          let isDecided = false;
          const decided = (): void => {
            isDecided = true;
            pending -= 1;
          };
          return defer(() => verdict(decide(value))).pipe(
            take(1),
            throwIfEmpty(() => notAdmitted('no verdict')),
            withDeadline(clock, timeoutMs, late),
            tap({
              next: decided,
              error: decided,
              unsubscribe: () => {
                if (!isDecided) refused(stopped(), value);
              },
            }),
            map((admitted) => {
              if (admitted === true) return value;
              throw notAdmitted(admitted === false ? 'refused' : admitted);
            }),
            catchError((thrown: unknown) => {
              const error = toRxmeshError(
                thrown,
                'RXMESH_NOT_ADMITTED',
                'admit: decide has failed',
              );
              refused(error, value);
              return EMPTY;
            }),
          );
        }),
      );
    });
}

function verdict(
  decided: Verdict | PromiseLike<Verdict> | Observable<Verdict>,
): Observable<Verdict> | PromiseLike<Verdict> {
  return typeof decided === 'object' ? decided : of(decided);
}

function notAdmitted(reason: string): RxmeshError {
  return new RxmeshError('RXMESH_NOT_ADMITTED', `not admitted: ${reason}`);
}

function stopped(): RxmeshError {
  return new RxmeshError('RXMESH_CONNECTION_CLOSED', 'stopped before it was decided');
}
