import type { Target } from './frame/verdicts.ts';

/**
 * What CometBFT 0.40's own p2p does between two of its processes, with its rate limits lifted, on a
 * machine with two cores: messages/s, and processor time of both processes in µs a message.
 */
const ofCometBft = [
  { bytes: '64 B', perSecond: 746_000, cpuUs: 2.49 },
  { bytes: '1 KiB', perSecond: 243_000, cpuUs: 7.16 },
  { bytes: '64 KiB', perSecond: 4_800, cpuUs: 295 },
] as const;

/** Targets of rxmesh over CometBFT's wire. */
export const cometTargets: readonly Target[] = ofCometBft.flatMap(
  ({ bytes, perSecond, cpuUs }): readonly Target[] => {
    const common = { measure: 'throughput' };
    const figure = { case: bytes, contestant: 'comet' };
    return [
      {
        ...common,
        what: `${bytes}: messages/s of \`comet\`; CometBFT's own p2p does as many`,
        figure: { ...figure, quantity: 'messages/s' },
        sense: 'at least',
        bound: perSecond,
        unit: '/s',
      },
      {
        ...common,
        what: `${bytes}: CPU of \`comet\` on both sides; CometBFT's own p2p takes as much`,
        figure: { ...figure, quantity: 'CPU of both sides, µs/message' },
        sense: 'at most',
        bound: cpuUs,
        unit: 'µs',
      },
    ];
  },
);
