import { parseArgs } from 'node:util';

/** The options of a run. */
export interface Options {
  readonly nodes: number;
  /** Neighbours of each node, on average. */
  readonly degree: number;
  /** The part of all nodes that crash in a minute, and return. */
  readonly churn: number;
  /** The part of all links that break in a minute, and are made again. */
  readonly breaks: number;
  /** The part of all nodes that receive, and pass on nothing. */
  readonly silent: number;
  readonly latencyMs: number;
  readonly minutes: number;
  /** Messages in a minute. */
  readonly rate: number;
  readonly bytes: number;
  readonly publishers: number;
  readonly seed: number;
  readonly signed: boolean;
}

/** The text of `--help`. */
export const help = `npm run gossip-network -- [options]

Simulates gossip in a random network, in virtual time, and prints what it costs and how long it
takes. Exits with code 1 if a node that was there missed a message.

  --nodes 100       nodes, at least 2
  --degree 8        neighbours of each node, on average
  --churn 0         part of the nodes that crash in a minute and return 10 s later, such as 0.1
  --breaks 0.01     part of the links that break in a minute
  --silent 0        part of the nodes that receive, and pass on nothing
  --latency 60      milliseconds one way
  --minutes 1       virtual minutes, after 10 messages that form the tree
  --rate 60         messages in a minute
  --bytes 200       bytes of a message, at least 10
  --publishers 1    nodes that publish, in turn
  --seed 1          the same seed gives the same run
  --unsigned        without signatures
  --help`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/**
 * Reads the command line. Undefined asks for help.
 * @throws {Error} naming the first option that is wrong
 */
export function optionsFrom(args: readonly string[]): Options | undefined {
  const numbers = {
    nodes: 100,
    degree: 8,
    churn: 0,
    breaks: 0.01,
    silent: 0,
    latency: 60,
    minutes: 1,
    rate: 60,
    bytes: 200,
    publishers: 1,
    seed: 1,
  };
  const names = Object.keys(numbers);
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(names.map((name) => [name, text])),
      unsigned: flag,
      help: flag,
    },
  });
  const given: Readonly<Record<string, string | boolean | undefined>> = values;
  if (values.help === true) return undefined;
  const read = (name: keyof typeof numbers): number => {
    const own = given[name];
    const value = own === undefined ? numbers[name] : Number(own);
    if (value >= 0 && value < Infinity) return value;
    throw new Error(`--${name} must be a number of at least 0, got ${String(own)}`);
  };
  const whole = (name: keyof typeof numbers, least: number, most = 1_000_000): number => {
    const value = read(name);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} must be a whole number from ${least} to ${most}, got ${value}`);
  };
  const nodes = whole('nodes', 2);
  return {
    nodes,
    degree: read('degree'),
    churn: read('churn'),
    breaks: read('breaks'),
    silent: read('silent'),
    latencyMs: read('latency'),
    minutes: read('minutes'),
    rate: read('rate'),
    bytes: whole('bytes', 10),
    publishers: whole('publishers', 1, nodes),
    seed: read('seed'),
    signed: values.unsigned !== true,
  };
}
