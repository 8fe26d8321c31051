import type { Figure } from './frame/measure.ts';
import type { Target } from './frame/verdicts.ts';

const sizes = ['64 B', '1 KiB', '64 KiB'];

function carried(of: string, contestant: string): Figure {
  return { case: `50 ms, ${of}`, contestant, quantity: 'messages/s' };
}

/** The rate of rxmesh relative to another contestant. The guard, if any, is half the bound. */
function times(of: string, contestant: string, bound: number, isGuarded = false): Target {
  return {
    what: `distance, 50 ms, ${of}: messages/s of \`rxmesh\` ÷ \`${contestant}\``,
    measure: 'distance',
    figure: carried(of, 'rxmesh'),
    over: carried(of, contestant),
    sense: 'at least',
    bound,
    unit: '×',
    ...(isGuarded ? { guard: bound / 2 } : {}),
  };
}

/** How long a small message takes next to bulk traffic. The guard, if any, is twice the bound. */
function waits(of: string, percentile: 'p50' | 'p99', bound: number, isGuarded: boolean): Target {
  return {
    what: `distance, 50 ms, ${of}: ${percentile} of a small message of \`rxmesh\`, one way`,
    measure: 'distance',
    figure: { ...carried(of, 'rxmesh'), quantity: `small message, ${percentile}, ms` },
    sense: 'at most',
    bound,
    unit: 'ms',
    ...(isGuarded ? { guard: bound * 2 } : {}),
  };
}

/**
 * How long a small message may take on a slow line. Large bulk messages delay it most, so only
 * those cases have guards.
 */
function waitsAt(bandwidth: string, p50Ms: number, p99Ms: number): readonly Target[] {
  return sizes.flatMap((size) => [
    waits(`${bandwidth}, ${size}`, 'p50', p50Ms, size === '64 KiB'),
    waits(`${bandwidth}, ${size}`, 'p99', p99Ms, size === '64 KiB'),
  ]);
}

/**
 * Targets over a distance, with default options. A ratio with a guard on the unlimited line needs
 * none on slower ones; the exception at 10 Mbit/s is explained below.
 */
export const distanceTargets: readonly Target[] = [
  {
    what: 'distance, 50 ms, no limit, 64 B: messages/s of `rxmesh`',
    measure: 'distance',
    figure: carried('no limit, 64 B', 'rxmesh'),
    sense: 'at least',
    bound: 60_000,
    unit: '/s',
    guard: 30_000,
  },
  times('no limit, 64 B', 'secret-stream', 0.8, true),
  times('no limit, 64 KiB', 'libp2p', 1, true),
  times('no limit, 64 KiB', 'secret-stream', 1, true),
  ...waitsAt('1 Mbit/s', 300, 500),
  ...waitsAt('10 Mbit/s', 110, 180),
  // Without this, a build that sends little bulk traffic would meet the latency guards above. One
  // other contestant is enough to detect that.
  times('10 Mbit/s, 64 KiB', 'secret-stream', 0.95, true),
  ...['1 Mbit/s', '10 Mbit/s', '100 Mbit/s'].flatMap((bandwidth) =>
    sizes.map((size) => times(`${bandwidth}, ${size}`, 'fastest of the others', 0.95)),
  ),
];
