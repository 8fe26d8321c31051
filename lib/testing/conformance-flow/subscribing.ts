import { filter, take } from 'rxjs';
import type { Flow } from '../../flow/flow.ts';
import { check, checkCount } from './check.ts';
import type { FlowScenario } from './scenario.ts';
import type { FlowStage } from './stage.ts';

/** Requirements for flows as Observables, and in `for await`. */
export const subscribingScenarios: readonly FlowScenario[] = [
  {
    name: 'RX-1 a plain subscriber gets everything',
    play: async (stage) => {
      const { flow } = await stage.open(100);
      const heard = await subscribed(stage, flow);
      checkSequence(heard.values, 100);
      checkCount(heard.completions, 1, 'the number of completions');
    },
  },
  {
    name: 'RX-2 a subscriber that has enough releases the source',
    play: async (stage) => {
      const opened = await stage.open(100);
      checkSequence((await subscribed(stage, opened.flow.pipe(take(2)))).values, 2);
      await stage.releases(opened, 'when its subscriber has enough');
    },
  },
  {
    name: 'RX-3 demand passes through operators that answer at once with one value or none',
    play: async (stage) => {
      const { flow } = await stage.open(10);
      const seen: number[] = [];
      const even = flow.pipe(filter((value) => seen.push(value) % 2 === 0));
      let count = 0;
      const demand = even.consume({
        next: () => (count += 1),
        error: () => (count = NaN),
        complete: () => undefined,
      });
      demand.request(2);
      await stage.until(() => count === 2, '2 values should come');
      await stage.settle();
      checkCount(count, 2, 'the number of values');
      checkSequence(seen, 4);
      demand.unsubscribe();
    },
  },
  {
    name: 'RX-4 `for await` gets everything',
    play: async (stage) => {
      const { values, thrown } = await looped(stage, (await stage.open(100)).flow);
      checkSequence(values, 100);
      checkCount(thrown.length, 0, 'the number of errors');
    },
  },
  {
    name: 'RX-5 leaving the loop releases the source',
    play: async (stage) => {
      const opened = await stage.open(100);
      checkSequence((await looped(stage, opened.flow, 3)).values, 3);
      await stage.releases(opened, 'when the loop was left');
    },
  },
  {
    name: 'RX-6 errors reach subscribers and loops',
    applies: ({ canFail }) => canFail,
    play: async (stage) => {
      const error = new Error('flow conformance');
      const { errors, values } = await subscribed(stage, (await stage.fail(3, error)).flow);
      checkSequence(values, 3);
      check(errors.length === 1 && errors[0] === error, 'a subscriber should get the error');
      const loop = await looped(stage, (await stage.fail(3, error)).flow);
      checkSequence(loop.values, 3);
      check(loop.thrown[0] === error, 'the loop should throw the error');
    },
  },
];

interface Heard {
  readonly values: number[];
  readonly errors: unknown[];
  completions: number;
}

/** Subscribes, and records what arrives until the end. */
async function subscribed(stage: FlowStage, flow: Flow<number>): Promise<Heard> {
  const heard: Heard = { values: [], errors: [], completions: 0 };
  const subscription = flow.subscribe({
    next: (value) => heard.values.push(value),
    error: (error: unknown) => heard.errors.push(error),
    complete: () => (heard.completions += 1),
  });
  try {
    await stage.until(() => subscription.closed, 'the flow should end');
  } finally {
    subscription.unsubscribe();
  }
  return heard;
}

interface Looped {
  readonly values: number[];
  readonly thrown: unknown[];
}

/** Runs a loop until the flow ends or `wanted` values have arrived. */
async function looped(stage: FlowStage, flow: Flow<number>, wanted = Infinity): Promise<Looped> {
  const heard: Looped = { values: [], thrown: [] };
  let ended = false;
  const loop = async (): Promise<void> => {
    for await (const value of flow) {
      heard.values.push(value);
      if (heard.values.length === wanted) break;
    }
  };
  // Not awaited: a flow that never ends would hang the case.
  void loop()
    .catch((error: unknown) => heard.thrown.push(error))
    .finally(() => (ended = true));
  await stage.until(() => ended, 'the loop should end');
  return heard;
}

function checkSequence(values: readonly number[], count: number): void {
  checkCount(values.length, count, 'the number of values');
  check(
    values.every((value, i) => value === i),
    'the values should come in their order',
  );
}
