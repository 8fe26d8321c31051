import { isObservable, type Observable, take } from 'rxjs';
import { type Clock, systemClock } from '../flow/clock.ts';
import { type Flow, isFlow } from '../flow/flow.ts';
import { casesOf, mustHold, type Requirement } from './conformance-case.ts';
import { isLike } from './marbles/like.ts';
import { AnswersUnderTest, type Ending, Heard } from './middleware-stage.ts';
import type { ConformanceCase } from './transport-conformance.ts';

/** How many turns promises get before time passes. */
const turnsAtOnce = 5;

/** Middleware around calls or around a handler, as `aroundCalls` and `aroundHandler` take it. */
export type MiddlewareUnderTest<Response, Call> = (
  answers: Flow<Response>,
  call: Call,
) => Observable<Response>;

/** Middleware to test. */
export interface MiddlewareSetup<Response, Call extends object> {
  /** Makes one, as it is made for each service. */
  readonly open: () => MiddlewareUnderTest<Response, Call>;
  /** A call that it lets pass. */
  readonly call: Call;
  /** A call that it refuses; absent if it lets all of them pass. */
  readonly refused?: Call;
  /** Answers that it lets pass: at least two, and no two alike. */
  readonly answers: readonly Response[];
  /**
   * Whether it may answer with something else, or at another time: as one that translates, retries
   * or caches does. Default false.
   */
  readonly changes?: boolean;
  /** Whether it holds the answers back while its consumer wants none. Default true. */
  readonly carriesDemand?: boolean;
  /** The clock that it uses, if it takes time. Default: the system's. */
  readonly clock?: Clock;
  /** How long a case waits for what should happen, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}

/**
 * The requirements on every middleware of calls, as test cases for any test framework: middleware
 * must not lose a call's answers, its end, its demand or its cancellation.
 *
 *     const logged = (answers: Flow<string>) => answers.pipe(tap((answer) => console.log(answer)));
 *     const setup = { open: () => logged, call: { method: '' }, answers: ['a', 'b'] };
 *     for (const { name, run } of middlewareConformance(setup)) it(name, run);
 *
 * @throws {RangeError} if there are fewer than two answers
 */
export function middlewareConformance<Response, Call extends object>(
  setup: MiddlewareSetup<Response, Call>,
): readonly ConformanceCase[] {
  const { answers, changes = false, carriesDemand = true } = setup;
  if (answers.length < 2) {
    throw new RangeError('middlewareConformance: there must be at least 2 answers');
  }
  const before = { ...setup.call };
  const play = (scenario: (stage: Stage<Response, Call>) => Promise<void>) => () =>
    scenario(new Stage(setup, before));
  const requirements: Requirement[] = [
    ['M-01 makes no call before it is subscribed to', play(isCold)],
    ['M-02 ends when the call has ended', play(ends)],
    ['M-03 fails when the call has failed', play(fails)],
    ['M-04 cancels the call when it is unsubscribed from', play(cancels)],
    ['M-05 cancels the call after the answer that was wanted', play(cancelsWithin)],
    ['M-06 keeps calls apart that run at the same time', play(keepsApart)],
    ['M-07 makes another call when it is subscribed to again', play(callsAgain)],
    ['M-08 leaves the call as it was', play(leavesTheCall)],
  ];
  if (!changes) {
    requirements.push(
      ['M-09 passes the answers on, in order', play(passes)],
      ['M-10 passes each answer on when it comes', play(passesSoon)],
    );
  }
  if (carriesDemand) requirements.push(['M-11 makes the answers wait', play(carries)]);
  if (setup.refused !== undefined) {
    requirements.push(['M-12 refuses without a call', play(refuses)]);
  }
  return casesOf('middleware', requirements);
}

/** Middleware in a case, and ways to wait. */
class Stage<Response, Call extends object> {
  readonly setup: MiddlewareSetup<Response, Call>;
  /** The call before any case. */
  readonly before: Call;
  readonly #middleware: MiddlewareUnderTest<Response, Call>;
  readonly #clock: Clock;

  constructor(setup: MiddlewareSetup<Response, Call>, before: Call) {
    this.setup = setup;
    this.before = before;
    this.#middleware = setup.open();
    this.#clock = setup.clock ?? systemClock;
  }

  /** Answers of the setup, and how they end. */
  answers(ending: Ending, count: number = Infinity): AnswersUnderTest<Response> {
    return new AnswersUnderTest(this.setup.answers.slice(0, count), ending);
  }

  /** What the middleware makes of answers. */
  around(answers: AnswersUnderTest<Response>, call: Call = this.setup.call): Observable<Response> {
    const around: unknown = this.#middleware(answers.flow, call);
    if (!isObservable(around)) throw new Error('it must return an Observable');
    return around as Observable<Response>;
  }

  /** Subscribes to what the middleware makes of answers. */
  subscribe(answers: AnswersUnderTest<Response>, call?: Call): Heard<Response> {
    return new Heard(this.around(answers, call));
  }

  /** The same, and waits until the call has been made. */
  async called(answers: AnswersUnderTest<Response>): Promise<Heard<Response>> {
    const heard = this.subscribe(answers);
    await this.until(() => answers.calls.length > 0, 'it must make the call once subscribed to');
    return heard;
  }

  /** Waits for the end. */
  async ended(heard: Heard<Response>, end: Heard<Response>['end'], when: string): Promise<void> {
    await this.until(() => heard.end !== undefined, `it must end when ${when}`);
    mustHold(heard.end === end, `it has ${heard.end}, but must not when ${when}`);
  }

  /** Waits for these answers, unless the middleware changes them. */
  async hears(heard: Heard<Response>, expected: readonly Response[]): Promise<void> {
    if (this.setup.changes === true) return;
    const count = expected.length;
    await this.until(
      () => heard.answers.length >= count,
      `${count} answers must come, but there are ${heard.answers.length}`,
    );
    mustHold(isLike(heard.answers, expected), 'the answers must come as they are, in order');
  }

  async until(condition: () => boolean, requirement: string): Promise<void> {
    const { timeoutMs = 5_000 } = this.setup;
    const deadlineMs = this.#clock.now() + timeoutMs;
    while (!condition()) {
      mustHold(this.#clock.now() < deadlineMs, `${requirement} (waited ${timeoutMs} ms)`);
      await this.settle();
    }
  }

  /** Lets what is due happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < turnsAtOnce; turn += 1) {
      await new Promise<void>((resolve) => this.#clock.afterTurn(resolve));
    }
    await new Promise<void>((resolve) => this.#clock.schedule(resolve, 1));
  }
}

async function isCold<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const answers = stage.answers('completes');
  stage.around(answers);
  await stage.settle();
  mustHold(answers.calls.length === 0, 'it must not make the call before it is subscribed to');
}

async function ends<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  for (const count of [1, 0]) {
    const heard = await stage.called(stage.answers('completes', count));
    await stage.ended(heard, 'completed', `a call has ended with ${count} answers`);
  }
}

async function fails<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  for (const count of [0, 1]) {
    const heard = await stage.called(stage.answers(new Error('failed on purpose'), count));
    await stage.ended(heard, 'failed', `a call has failed after ${count} answers`);
  }
}

async function cancels<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  for (const count of [0, 1]) {
    const answers = stage.answers('stays open', count);
    const heard = await stage.called(answers);
    heard.leave();
    await stage.until(() => answers.areCancelled, 'it must cancel the call when unsubscribed from');
    const before = heard.answers.length;
    for (const answer of stage.setup.answers) answers.give(answer);
    await stage.settle();
    mustHold(heard.answers.length === before, 'nothing must come after unsubscribing');
  }
}

async function cancelsWithin<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const answers = stage.answers('stays open');
  const heard = new Heard(stage.around(answers).pipe(take(1)));
  await stage.until(() => heard.end !== undefined, 'an answer must come');
  await stage.until(() => answers.areCancelled, 'it must cancel the call after the last answer');
}

async function keepsApart<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const [first, second] = [stage.answers('stays open', 0), stage.answers('completes')];
  const left = await stage.called(first);
  const heard = await stage.called(second);
  await stage.ended(heard, 'completed', 'its call has ended while another one runs');
  await stage.hears(heard, stage.setup.answers);
  mustHold(!first.areCancelled && left.end === undefined, 'it must not end another call');
  mustHold(left.answers.length === 0, 'it must not mix up the answers of two calls');
  left.leave();
}

async function callsAgain<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const answers = stage.answers('completes');
  const around = stage.around(answers);
  for (const time of [1, 2]) {
    const heard = new Heard(around);
    await stage.ended(heard, 'completed', `it is subscribed to, time ${time}`);
    await stage.hears(heard, stage.setup.answers);
    if (stage.setup.changes === true) continue;
    mustHold(answers.calls.length === time, 'each subscription must make a call of its own');
  }
}

async function leavesTheCall<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const heard = await stage.called(stage.answers('completes'));
  await stage.ended(heard, 'completed', 'a call has ended');
  const { call } = stage.setup;
  for (const name of Object.keys({ ...stage.before, ...call })) {
    const isSame = Object.is(Reflect.get(stage.before, name), Reflect.get(call, name));
    mustHold(isSame, `it must not change the call, but has changed ${name}`);
  }
}

async function passes<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const heard = await stage.called(stage.answers('completes'));
  await stage.ended(heard, 'completed', 'a call has ended');
  await stage.hears(heard, stage.setup.answers);
  const isAll = heard.answers.length === stage.setup.answers.length;
  mustHold(isAll, `there were ${stage.setup.answers.length} answers, not ${heard.answers.length}`);
}

async function passesSoon<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const answers = stage.answers('stays open', 0);
  const heard = await stage.called(answers);
  for (const [at, answer] of stage.setup.answers.entries()) {
    answers.give(answer);
    await stage.hears(heard, stage.setup.answers.slice(0, at + 1));
  }
  heard.leave();
}

async function carries<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const answers = stage.answers('completes');
  const around = stage.around(answers);
  if (!isFlow(around)) throw new Error('it must return a Flow, or say that carriesDemand is false');
  const heard: R[] = [];
  let error: unknown;
  const demand = around.consume({
    next: (answer) => heard.push(answer),
    error: (thrown: unknown) => (error = thrown),
    complete: () => undefined,
  });
  await stage.settle();
  mustHold(heard.length === 0, 'no answer must come before one is wanted');
  for (const count of [1, 2]) {
    demand.request(1);
    await stage.until(() => heard.length >= count || error !== undefined, 'an answer must come');
    await stage.settle();
    mustHold(error === undefined, `it must not fail while answers wait, but did: ${String(error)}`);
    mustHold(heard.length === count, `${count} answers were wanted, but ${heard.length} came`);
    const taken = answers.calls[0]?.taken;
    mustHold(taken === count, `${count} answers were wanted, but it has taken ${taken}`);
  }
  demand.unsubscribe();
}

async function refuses<R, C extends object>(stage: Stage<R, C>): Promise<void> {
  const answers = stage.answers('completes');
  await stage.ended(stage.subscribe(answers, stage.setup.refused), 'failed', 'a call is refused');
  mustHold(answers.calls.length === 0, 'it must not make a call that it refuses');
}
