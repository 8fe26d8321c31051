import type { Target } from './frame/verdicts.ts';

/** Targets of rxmesh over CometBFT's wire: at least as good as CometBFT's own p2p beside it. */
export const cometTargets: readonly Target[] = ['64 B', '1 KiB', '64 KiB'].flatMap(
  (bytes): readonly Target[] => {
    const common = { measure: 'throughput', bound: 1, unit: '×' };
    const [ours, theirs] = [
      { case: bytes, contestant: 'comet' },
      { case: bytes, contestant: 'cometbft' },
    ];
    const rate = { quantity: 'messages/s' };
    const cpu = { quantity: 'CPU of both sides, µs/message' };
    return [
      {
        ...common,
        what: `${bytes}: messages/s of \`comet\` ÷ \`cometbft\``,
        figure: { ...ours, ...rate },
        over: { ...theirs, ...rate },
        sense: 'at least',
      },
      {
        ...common,
        what: `${bytes}: CPU of both sides of \`comet\` ÷ \`cometbft\``,
        figure: { ...ours, ...cpu },
        over: { ...theirs, ...cpu },
        sense: 'at most',
      },
    ];
  },
);
