import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../lib/model/error.ts';
import {
  fair,
  fifo,
  GuardedDiscipline,
  priority,
  type Discipline,
  type ReadyLane,
} from '../../lib/session/discipline.ts';

function lane(given: Partial<ReadyLane> = {}): ReadyLane {
  return { channel: 7, priority: 1, headSeq: 0, mark: 0, ...given };
}

/** Serves the lowest-ranked lane that many times, `bytes` each, and returns the lanes served. */
function served(made: Discipline, lanes: readonly ReadyLane[], times: number, bytes = 100): string {
  const ranks = lanes.map((each) => made.rank(each));
  let log = '';
  for (let time = 0; time < times; time += 1) {
    const index = ranks.indexOf(Math.min(...ranks));
    const next = lanes[index] ?? lane();
    made.served?.(next, bytes);
    ranks[index] = made.rank(next);
    log += String(next.channel);
  }
  return log;
}

describe('fair', () => {
  it('shares bytes in proportion to priorities', () => {
    const lanes = [1, 2, 5].map((weight) => lane({ channel: weight, priority: weight }));
    const log = served(fair(), lanes, 800);
    const count = (channel: string): number => log.split(channel).length - 1;
    expect([count('1'), count('2'), count('5')]).toEqual([100, 200, 500]);
  });

  it('advances the rank of a lane by its bytes divided by its priority', () => {
    const made = fair();
    const one = lane({ priority: 4 });
    expect(made.rank(one)).toBe(0);
    made.served?.(one, 100);
    expect(made.rank(one)).toBe(25);
    made.served?.(one, 10);
    expect(made.rank(one)).toBe(27.5);
  });

  it('gives an idle lane no claim: it starts level with the lane being served', () => {
    const made = fair();
    const busy = lane({ channel: 1 });
    const idle = lane({ channel: 2 });
    made.rank(idle);
    made.rank(busy);
    for (let time = 0; time < 50; time += 1) {
      made.served?.(busy, 100);
      made.rank(busy);
    }
    expect([made.rank(idle), made.rank(busy)]).toEqual([4900, 5000]);
    expect(served(made, [busy, idle], 6)).toBe('212121');
  });

  it('keeps the debt of a lane that becomes ready again immediately', () => {
    const made = fair();
    const greedy = lane({ channel: 1 });
    const other = lane({ channel: 2 });
    made.rank(greedy);
    made.served?.(greedy, 1000);
    expect([made.rank(other), made.rank(greedy)]).toEqual([0, 1000]);
  });

  it('is created separately for each connection', () => {
    const one = fair();
    const used = lane();
    one.rank(used);
    one.served?.(used, 100);
    one.rank(used);
    one.served?.(used, 100);
    expect([one.rank(lane()), fair().rank(lane())]).toEqual([100, 0]);
  });
});

describe('priority and fifo', () => {
  it('rank by priority, and by when the next message was sent', () => {
    const lanes = [
      lane({ priority: 1, headSeq: 5 }),
      lane({ priority: 255, headSeq: 9 }),
      lane({ priority: 7, headSeq: 2 }),
    ];
    const order = (made: Discipline): number[] =>
      [...lanes].sort((a, b) => made.rank(a) - made.rank(b)).map((each) => each.priority);
    expect(order(priority())).toEqual([255, 7, 1]);
    expect(order(fifo())).toEqual([7, 1, 255]);
    expect([priority().perMessage, fair().perMessage, fifo().perMessage]).toEqual([
      undefined,
      undefined,
      true,
    ]);
  });
});

describe('a custom discipline that fails', () => {
  const wrong: readonly [string, unknown, RegExp][] = [
    ['throws in rank', () => ({ rank: thrower('no rank') }), /channel 7: no rank/],
    [
      'returns NaN as a rank',
      () => ({ rank: () => NaN }),
      /must return a number, got NaN for channel 7/,
    ],
    ['returns no rank', () => ({ rank: () => undefined }), /got undefined for channel 7/],
    ['returns a string as a rank', () => ({ rank: () => '1' }), /got "1" for channel 7/],
    ['has a factory that throws', thrower('not made'), /channel 7: not made/],
    ['is undefined', () => undefined, /channel 7: /],
    ["is another discipline's factory", () => fair, /channel 7: /],
    ['is not created by a function', 'fair', /channel 7: /],
  ];

  it.each(wrong)('that %s', (_, make, message) => {
    const guarded = new GuardedDiscipline(make as () => Discipline);
    const error = caught(() => guarded.rank(lane()));
    expect(error).toBeInstanceOf(RxmeshError);
    expect(error).toMatchObject({ code: 'RXMESH_DISCIPLINE_FAILED', channel: 7 });
    expect((error as RxmeshError).message).toMatch(message);
  });

  it('that throws in served; the error has it as its cause', () => {
    const cause = new Error('not served');
    const guarded = new GuardedDiscipline(() => ({
      rank: () => 0,
      served() {
        throw cause;
      },
    }));
    expect(caught(() => guarded.served(lane(), 1))).toMatchObject({
      code: 'RXMESH_DISCIPLINE_FAILED',
      channel: 7,
      cause,
    });
  });

  it('may omit served, and may return infinite ranks', () => {
    const guarded = new GuardedDiscipline(() => ({ rank: () => -Infinity }));
    expect(guarded.rank(lane())).toBe(-Infinity);
    expect(() => guarded.served(lane(), 1)).not.toThrow();
  });
});

function thrower(text: string): () => never {
  return () => {
    throw new Error(text);
  };
}

function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
