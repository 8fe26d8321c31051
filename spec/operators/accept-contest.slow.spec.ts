import { describe, expect, it, jest } from '@jest/globals';
import {
  type Contest,
  type ContestOptions,
  explore,
  type Explored,
  linkNames,
  type LinkName,
  type Side,
  sideNames,
} from '../support/fake-contest.ts';
import { fakeId } from '../support/fake-link-end.ts';
import { trackLeaks } from '../support/leaks.ts';

// Thousands of contests. The limit is generous, for busy machines.
jest.setTimeout(120_000);

const preferences: [string, ContestOptions['ids']][] = [
  ['a is preferred', { a: fakeId('1'), b: fakeId('2') }],
  ['b is preferred', { a: fakeId('2'), b: fakeId('1') }],
];

/** Checks what must hold at every step of a contest; returns a description of the violation. */
function faultOf({ sides }: Contest): string | undefined {
  for (const side of sideNames) {
    const { standing, up, failures, granted } = sides[side];
    if (standing.size > 1) return `${side} has two sessions`;
    for (const link of linkNames) {
      const outcomes =
        up.filter((each) => each === link).length +
        failures.filter((each) => each.link === link).length;
      if (outcomes > 1) return `${side} says twice what came of ${link}`;
      const claims = granted.filter((each) => each === link).length;
      const settled = failures.filter((each) => each.link === link && each.claimed).length;
      if (settled > claims) return `${side} gives a place back that it did not claim: ${link}`;
    }
  }
  return undefined;
}

/** Checks what must hold once nothing more can happen. */
function faultAtEndOf({ sides }: Contest): string | undefined {
  const [a, b] = [sides.a, sides.b].map(({ standing }) => [...standing].join());
  if (a !== b) return `a has ${a}, b has ${b}`;
  for (const side of sideNames) {
    const { standing, up, failures, granted, links, timers, stopped } = sides[side];
    if (timers.waiting.size > 0) return `${side} has left a timer`;
    for (const link of linkNames) {
      if (links[link].ended === standing.has(link)) return `${side} leaks ${link}, or lost it`;
      const failed = failures.filter((each) => each.link === link);
      // A link whose handshake ends after the stop never reaches `accept`.
      if (up.length + failed.length === 0 && !stopped) return `${side} is silent about ${link}`;
      const back = failed.some(({ claimed }) => claimed) || up.includes(link);
      if (granted.includes(link) !== back) return `${side} keeps the place of ${link}`;
    }
  }
  return undefined;
}

/** Explores a contest, and fails with the sequence of steps that broke a rule. */
function hold(
  options: ContestOptions,
  atEnd: (contest: Contest) => string | undefined = () => undefined,
): Explored {
  return explore(options, (contest, isEnd, path) => {
    const fault =
      faultOf(contest) ?? (isEnd ? (faultAtEndOf(contest) ?? atEnd(contest)) : undefined);
    if (fault === undefined) return;
    const steps = path.map((step) => Object.values(step).join(' ')).join(', ');
    throw new Error(`${fault}, after: ${steps}`);
  });
}

const oneStands = ({ sides }: Contest): string | undefined =>
  sides.a.standing.size === 1 ? undefined : 'no link stands';

const noneStands = ({ standing }: Side): string | undefined =>
  standing.size === 0 ? undefined : 'a link stands';

describe.each(preferences)('two nodes that dial each other simultaneously, %s', (_, ids) => {
  it('end with exactly one session, shared by both, in every order', () => {
    const { states, ends } = hold({ ids }, oneStands);
    expect(states).toBeGreaterThan(200);
    expect(ends).toBeGreaterThan(20);
  });

  it('never had a session other than the final one', () => {
    hold({ ids }, ({ sides }) => {
      const ups = [...sides.a.up, ...sides.b.up];
      return ups.length === 2 && ups[0] === ups[1] ? undefined : `sessions: ${ups.join()}`;
    });
  });

  const combinations: readonly LinkName[][] = [[], ['one'], ['two'], ['one', 'two']];
  const fullness = combinations.flatMap((a) => combinations.map((b) => ({ a, b })));

  it.each(fullness)(
    'end with a link for which both have a slot, if there is one: full %j',
    (full) => {
      const possible = linkNames.some((link) => !full.a.includes(link) && !full.b.includes(link));
      hold({ ids, full }, ({ sides }) =>
        (sides.a.standing.size === 1) === possible ? undefined : `possible: ${possible}`,
      );
    },
  );
});

// The two preferences are the same contest with the sides swapped, so one is enough.
describe('two nodes that dial each other simultaneously, with failures', () => {
  const ids = { a: fakeId('1'), b: fakeId('2') };

  it('agree on one link or none when some waits are too long', () => {
    const { states } = hold({ ids, faults: ['late'], faultsMax: 2 });
    expect(states).toBeGreaterThan(5000);
  });

  it('agree when a link breaks, and keep one link unless the broken one had a session', () => {
    const { states } = hold({ ids, faults: ['break'] }, (contest) => {
      const { a, b } = contest.sides;
      const hadOne = [...a.up, ...b.up].some((link) => contest.broken.has(link));
      return hadOne ? undefined : oneStands(contest);
    });
    expect(states).toBeGreaterThan(5000);
  });

  it('agree on none when one stops', () => {
    const { states } = hold({ ids, faults: ['stop'] }, ({ sides }) =>
      sides.a.stopped || sides.b.stopped ? noneStands(sides.a) : undefined,
    );
    expect(states).toBeGreaterThan(5000);
  });
});

trackLeaks();
