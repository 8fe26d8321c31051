/** A network in trouble, as a command line. */
export interface NetworkInTrouble {
  readonly name: string;
  readonly line: string;
}

const small =
  '--nodes 10 --knows 3 --max-connected 6 --minutes 0.3 --churn 2 --partitions 1 --lane 8';

/** What `--troubles` runs. */
export const troubles: readonly NetworkInTrouble[] = [
  {
    name: 'lines so slow that messages wait',
    line: `${small} --seeds 100 --vanish 0.2 --rate 600 --bandwidth 3000`,
  },
  {
    name: 'channels that close while messages of many pieces are on their way',
    line: `${small} --seeds 50 --close 10 --rate 120 --bytes 20000 --bandwidth 50000`,
  },
  {
    name: 'pipes to nodes that are away',
    line: `${small} --seeds 50 --traffic pipe --rate 600 --bandwidth 20000`,
  },
  {
    name: 'nodes that freeze, and whose dates are set',
    line: `${small} --seeds 20 --freeze 4 --dates 20 --rate 120`,
  },
  {
    name: 'the same again: the same log',
    line: `${small} --seeds 10 --twice --rate 120 --bandwidth 50000`,
  },
];
