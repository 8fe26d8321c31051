import { parseArgs } from 'node:util';

/**
 * What a node sends: messages to all its peers, to one of them, through pipes that wait for those
 * that are away, or nothing.
 */
const traffics = ['broadcast', 'unicast', 'pipe', 'none'] as const;
const protections = ['trusted', 'proven', 'encrypted'] as const;

/** The options of a run. */
export interface Options {
  readonly nodes: number;
  readonly minutes: number;
  readonly seed: number;
  /** How many other nodes each node knows at the start. */
  readonly knows: number;
  /** Whether nodes tell each other of further ones. */
  readonly exchange: boolean;
  readonly maxConnected: number;
  /** The peers that a node looks for by itself. */
  readonly wanted: number;
  readonly latencyMs: readonly [min: number, max: number];
  /** Infinity: no limit. */
  readonly bytesPerSecond: number;
  /** The part of all nodes that leave and return in a minute. */
  readonly churn: number;
  readonly partitions: number;
  /** The part of all nodes that freeze in a minute. */
  readonly freeze: number;
  /** The part of all nodes whose date is set in a minute. */
  readonly dates: number;
  /** The part of all nodes that close the channel of the traffic in a minute. */
  readonly close: number;
  /** The part of the nodes that lose power at the end, all at once. */
  readonly vanish: number;
  readonly traffic: (typeof traffics)[number];
  /** Messages that each node sends in a minute. */
  readonly rate: number;
  readonly bytes: number;
  /** How many messages wait for a peer; undefined: as many as by default. */
  readonly lane: number | undefined;
  readonly protection: (typeof protections)[number];
  /** The faults and messages to make, by number; undefined: all of them. */
  readonly only: readonly number[] | undefined;
  readonly svg: string | undefined;
  /** Collect all garbage at each virtual minute, and print what is left. */
  readonly memory: boolean;
  readonly json: boolean;
  /** Print how a few sizes of network compare, instead of one run. */
  readonly table: boolean;
  /** How many seeds to run, from `seed` on. */
  readonly seeds: number;
  /** Run each seed a second time, and compare the logs. */
  readonly twice: boolean;
}

/** The length of a message, in bytes: up to the default limit of a channel. */
const messageLimits = { least: 4, most: 4_194_304 };
/** How many messages the library lets wait in a lane. */
const laneLimits = { least: 1, most: 1_048_576 };
/** How many nodes there may be, and peers of one. */
const nodeLimits = { least: 1, most: 1_000_000 };
/** The most minutes, and the most that happens in one. */
const amountMax = 1_000_000;
/** The highest number of a fault or message that can be chosen. */
const onlyMax = 10_000_000;

/** The text of `--help`. */
export const help = `npm run simulate -- [options]

Simulates a network in virtual time: nodes find each other, send messages, leave and return. Prints
what came of it, and fails if an invariant of the library did not hold.

  --nodes 100            nodes
  --minutes 1            virtual minutes, once the network is up
  --seed 1               the same seed gives the same run
  --seeds 1              how many seeds to run, from --seed on, until one breaks an invariant
  --twice                run each seed a second time: the logs must be the same
  --troubles             several kinds of networks in trouble, many seeds of each; alone
  --knows 5              how many others each node knows at the start; with --exchange 1
  --exchange             nodes tell each other of further ones
  --max-connected 32     the most peers of a node
  --wanted 16            the peers that a node looks for, at most --max-connected; default: half
  --latency 20-60        milliseconds one way, a number or a range
  --bandwidth 1000000    bytes per second, each way; default: no limit
  --churn 0              part of the nodes that leave and return in a minute, such as 0.1
  --partitions 0         how often the network is partitioned
  --freeze 0             part of the nodes that freeze for a while in a minute, such as 0.1
  --dates 0              part of the nodes whose date is set in a minute, forward or back
  --close 0              part of the nodes that close their channel in a minute, some only for a
                         moment; not with pipes
  --vanish 0             part of the nodes that lose power at the end, such as 0.2
  --traffic broadcast    broadcast, unicast, pipe (to nodes that may be away) or none
  --rate 2               messages that each node sends in a minute
  --bytes 64             bytes of a message, from 4 to 4194304
  --lane 8               the most messages that wait for a peer; default: that of the library
  --protection trusted   trusted, proven or encrypted
  --only 3,7-9           make only these faults and messages, by number
  --svg FILE             a plot of peer counts and deliveries over time
  --memory               print how much memory is live at each minute, after garbage collection
  --json                 print the result as JSON
  --table                networks of 10 to --nodes nodes, each in a process of its own; with
                         --exchange, how networks of 8 to --nodes nodes find each other; without
                         --seeds, --twice, --memory and --svg
  --help`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/**
 * Reads the command line. Undefined asks for help.
 * @throws {Error} naming the first option that is wrong
 */
export function optionsFrom(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: text,
      minutes: text,
      seed: text,
      seeds: text,
      knows: text,
      exchange: flag,
      'max-connected': text,
      wanted: text,
      latency: text,
      bandwidth: text,
      churn: text,
      partitions: text,
      freeze: text,
      dates: text,
      close: text,
      vanish: text,
      traffic: text,
      rate: text,
      bytes: text,
      lane: text,
      protection: text,
      only: text,
      svg: text,
      memory: flag,
      json: flag,
      table: flag,
      twice: flag,
      help: flag,
    },
  });
  if (values.help === true) return undefined;
  const { svg, exchange = false, memory = false, json = false, table = false } = values;
  const { twice = false } = values;
  const nodes = count('nodes', values.nodes, 100, nodeLimits);
  const maxConnected = count('max-connected', values['max-connected'], 32, nodeLimits);
  if (table) refuseWithTable(values);
  return {
    nodes,
    minutes: amount('minutes', values.minutes, 1),
    seed: count('seed', values.seed, 1, { least: 0 }),
    knows: Math.min(nodes - 1, count('knows', values.knows, exchange ? 1 : 5, { least: 1 })),
    exchange,
    maxConnected,
    wanted: wantedOf(values.wanted, maxConnected),
    latencyMs: range('latency', values.latency ?? '20-60'),
    bytesPerSecond: amount('bandwidth', values.bandwidth, Infinity, { least: 1, most: Infinity }),
    churn: amount('churn', values.churn, 0),
    partitions: count('partitions', values.partitions, 0, { least: 0 }),
    freeze: amount('freeze', values.freeze, 0),
    dates: amount('dates', values.dates, 0),
    close: closes(values.close, values.traffic),
    vanish: Math.min(1, amount('vanish', values.vanish, 0)),
    traffic: oneOf('traffic', values.traffic ?? 'broadcast', traffics),
    rate: amount('rate', values.rate, 2),
    bytes: count('bytes', values.bytes, 64, messageLimits),
    lane: values.lane === undefined ? undefined : count('lane', values.lane, 1, laneLimits),
    protection: oneOf('protection', values.protection ?? 'trusted', protections),
    only: values.only === undefined ? undefined : numbersFrom('only', values.only),
    svg,
    memory,
    json,
    table,
    seeds: count('seeds', values.seeds, 1, { least: 1 }),
    twice,
  };
}

/** The options of a run as arguments. Reading them gives the same options. */
export function argumentsFrom(options: Options): readonly string[] {
  const { latencyMs, bytesPerSecond, only, exchange } = options;
  const given: Readonly<Record<string, string | undefined>> = {
    nodes: String(options.nodes),
    minutes: String(options.minutes),
    seed: String(options.seed),
    // A single node knows nobody, whatever is asked for.
    knows: options.knows > 0 ? String(options.knows) : undefined,
    'max-connected': String(options.maxConnected),
    wanted: String(options.wanted),
    latency: latencyMs.join('-'),
    bandwidth: bytesPerSecond < Infinity ? String(bytesPerSecond) : undefined,
    churn: String(options.churn),
    partitions: String(options.partitions),
    freeze: String(options.freeze),
    dates: String(options.dates),
    close: String(options.close),
    vanish: String(options.vanish),
    traffic: options.traffic,
    rate: String(options.rate),
    bytes: String(options.bytes),
    lane: options.lane === undefined ? undefined : String(options.lane),
    protection: options.protection,
    only: only && rangesOf(only),
  };
  const named = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  if (exchange) named.push('--exchange');
  if (options.twice) named.push('--twice');
  return named;
}

/** Numbers as `3,7-9`; `none` if there are none. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const each of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === each - 1) last[1] = each;
    else ranges.push([each, each]);
  }
  const texts = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return texts.length === 0 ? 'none' : texts.join(',');
}

function numbersFrom(name: string, given: string): readonly number[] {
  if (given === 'none') return [];
  return given.split(',').flatMap((each) => {
    const [first, last] = range(name, each);
    if (last > onlyMax) throw new Error(`--${name} takes numbers up to ${onlyMax}, got ${each}`);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/** What a number may be. */
interface Limits {
  readonly least: number;
  readonly most?: number;
}

function amount(
  name: string,
  given: string | undefined,
  otherwise: number,
  { least, most = amountMax }: Limits = { least: 0 },
): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (value >= least && value <= most && given.trim() !== '') return value;
  throw new Error(`--${name} must be a number ${limits(least, most)}, got ${given}`);
}

function limits(least: number, most: number): string {
  return most < Infinity ? `from ${least} to ${most}` : `of at least ${least}`;
}

function wantedOf(given: string | undefined, maxConnected: number): number {
  const value = count('wanted', given, Math.ceil(maxConnected / 2), { least: 0 });
  if (value <= maxConnected) return value;
  throw new Error(`--wanted must be at most --max-connected (${maxConnected}), got ${value}`);
}

/** A table has a row for each run, and shows nothing else of it. */
function refuseWithTable(values: Readonly<Record<string, unknown>>): void {
  const refused = ['seeds', 'twice', 'memory', 'svg'].find((name) => values[name] !== undefined);
  if (refused !== undefined) throw new Error(`--table cannot be combined with --${refused}`);
}

/** The channel of the pipes stays open: they end with it. */
function closes(given: string | undefined, traffic: string | undefined): number {
  const value = amount('close', given, 0);
  if (value === 0 || traffic !== 'pipe') return value;
  throw new Error('--close is not for --traffic pipe: a pipe ends with its channel');
}

function count(
  name: string,
  given: string | undefined,
  otherwise: number,
  { least, most = Infinity }: Limits,
): number {
  const value = given === undefined ? otherwise : Number(given);
  const isWithin = value >= least && value <= most;
  if (Number.isSafeInteger(value) && isWithin && given?.trim() !== '') return value;
  const what = `must be a whole number ${limits(least, most)}`;
  throw new Error(`--${name} ${what}, got ${String(given ?? otherwise)}`);
}

function range(name: string, given: string): readonly [number, number] {
  const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(given) ?? [];
  const [min, max] = [Number(low), Number(high)];
  if (min <= max) return [min, max];
  throw new Error(`--${name} must be a number or a range such as 20-60, got ${given}`);
}

function oneOf<T extends string>(name: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === given);
  if (found !== undefined) return found;
  throw new Error(`--${name} must be one of ${allowed.join(', ')}, got ${given}`);
}
