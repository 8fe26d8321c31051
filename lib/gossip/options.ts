import { util } from 'protobufjs/minimal.js';
import { isObservable, type Observable } from 'rxjs';
import {
  type ChannelOptions,
  type Codec,
  type Identity,
  type NodeId,
  type RouterLike,
} from '../index.ts';
import { checkFunction, checkOptionNames, mistaken, mustBe } from '../frames/option-checks.ts';
import { hopsLimit, topicBytesMax, topicsMax } from './frame.ts';
import { digestIdsMax } from './recall.ts';
import type { GossipVerdictResult } from './verdicts.ts';

/** What gossip needs of a router. */
export type GossipRouter = Pick<RouterLike, 'openChannel' | 'events$' | 'snapshot'>;

/** A message, as `in$` emits it. */
export interface Gossiped<T> {
  readonly message: T;
  /** The node that has published it; proved by its signature, unless `signed` is false. */
  readonly origin: NodeId;
  readonly topic: string;
  /** The neighbour that brought it first. */
  readonly from: NodeId;
  /** How many links it has passed: 1 if it came from its origin. Not proved. */
  readonly hops: number;
}

/** Options of `gossip`. */
export interface GossipOptions<T> extends Pick<
  ChannelOptions<T>,
  'id' | 'codec' | 'inbound' | 'outbound' | 'priority'
> {
  /** Signs what this node publishes. Needed to publish, unless `signed` is false. */
  readonly identity?: Identity | undefined;
  /**
   * Whether messages carry a signature of their origin, and those without a valid one are refused.
   * The same on every node. Default true.
   */
  readonly signed?: boolean;
  /** Whose messages are accepted. Others are rejected. Default: everyone's. */
  readonly origins?: ((origin: NodeId) => boolean) | undefined;
  /**
   * Decides about each message before it is emitted and relayed. May return a promise or an
   * Observable; its first value counts. Default: `accept`.
   */
  readonly verdict?: ((incoming: Gossiped<T>) => GossipVerdictResult) | undefined;
  /** How long a verdict may take, in milliseconds. Then the message is ignored. Default 5,000. */
  readonly verdictMs?: number;
  /**
   * How many verdicts may be pending. Further messages are not taken, and are asked for later.
   * Default 256.
   */
  readonly verdictsMax?: number;
  /** The topic of a message that this node publishes, up to 128 bytes. Default `''`. */
  readonly topic?: ((message: T) => string) | undefined;
  /**
   * The topics that this node wants and relays, up to 256; an Observable may change them. Default:
   * all topics.
   */
  readonly topics?: readonly string[] | Observable<readonly string[]> | undefined;
  /** How many messages are remembered as seen. Default 131,072. */
  readonly seenMax?: number;
  /**
   * The oldest message that is accepted, by its origin's date, in milliseconds. Messages are
   * remembered as seen for at least twice as long, so none is emitted twice. Default 120,000.
   */
  readonly seenMs?: number;
  /** How many links a message passes at most, 1 to 255. Default 64. */
  readonly hopsMax?: number;
  /** How many messages are kept for neighbours that ask for them. Default 4,096. */
  readonly storeMax?: number;
  /** How many bytes of messages are kept. Default 16 MiB. */
  readonly storeBytesMax?: number;
  /** How long messages are kept, in milliseconds. Default 60,000. */
  readonly storeMs?: number;
  /**
   * How long ago a message may have arrived to be announced to a new neighbour, in milliseconds: so
   * nodes that were apart catch up. 0 announces none. Default 30,000.
   */
  readonly catchUpMs?: number;
  /**
   * How far back this node asks a new neighbour for a digest of what it keeps, in milliseconds by
   * the date of each message, and for how long it keeps messages at least: so that what was
   * published during a partition reaches everyone after it. Less than `seenMs`. 0 asks for none.
   * Default 0.
   */
  readonly antiEntropyMs?: number;
  /** The longest message, in bytes, as encoded. Default 1 MiB. */
  readonly messageBytesMax?: number;
  /** Longer messages are announced to every neighbour, and pushed to none. Default 16 KiB. */
  readonly pushBytesMax?: number;
  /** How long announcements wait for others, in milliseconds. Default 50. */
  readonly announceMs?: number;
  /**
   * How long a message that was announced may come along the tree, in milliseconds. Then it is
   * asked for. Default 200.
   */
  readonly graftAfterMs?: number;
  /**
   * How long a neighbour has to answer the first question for a message, in milliseconds. The time
   * doubles with each question. Default 1,000.
   */
  readonly askMs?: number;
  /** How many neighbours are asked for a message, one after the other. Default 8. */
  readonly asksMax?: number;
  /** How many messages one neighbour may announce that have not arrived. Default 4,096. */
  readonly announcedMax?: number;
  /** How many messages wait for a slow consumer of `in$`. It misses older ones. Default 1,024. */
  readonly inboxMax?: number;
}

/** The options, with their defaults. */
export interface Settings {
  readonly identity: Identity | undefined;
  readonly signed: boolean;
  readonly origins: ((origin: NodeId) => boolean) | undefined;
  readonly topics: readonly string[] | Observable<readonly string[]> | undefined;
  readonly numbers: Numbers;
}

const numberNames = [
  'verdictMs',
  'verdictsMax',
  'seenMax',
  'seenMs',
  'hopsMax',
  'storeMax',
  'storeBytesMax',
  'storeMs',
  'catchUpMs',
  'antiEntropyMs',
  'messageBytesMax',
  'pushBytesMax',
  'announceMs',
  'graftAfterMs',
  'askMs',
  'asksMax',
  'announcedMax',
  'inboxMax',
] as const;

type NumberName = (typeof numberNames)[number];

/** The options that are numbers. */
export type Numbers = Readonly<Record<NumberName, number>>;

const defaults: Readonly<Record<NumberName, number>> = {
  verdictMs: 5_000,
  verdictsMax: 256,
  seenMax: 131_072,
  seenMs: 120_000,
  hopsMax: 64,
  storeMax: 4_096,
  storeBytesMax: 16 * 1024 * 1024,
  storeMs: 60_000,
  catchUpMs: 30_000,
  antiEntropyMs: 0,
  messageBytesMax: 1024 * 1024,
  pushBytesMax: 16 * 1024,
  announceMs: 50,
  graftAfterMs: 200,
  askMs: 1_000,
  asksMax: 8,
  announcedMax: 4_096,
  inboxMax: 1_024,
};

const names: readonly string[] = [
  ...['id', 'codec', 'inbound', 'outbound', 'priority', 'identity', 'signed'],
  ...['origins', 'verdict', 'topic', 'topics', ...numberNames],
];
/** The highest value of each number that has a lower one than timers and counts do. */
const highest: ReadonlyMap<string, number> = new Map([
  ['hopsMax', hopsLimit],
  ['asksMax', 64],
  ['inboxMax', 2 ** 20],
]);
/** Those that may be 0. */
const mayBeZero: ReadonlySet<string> = new Set([
  ...['antiEntropyMs', 'catchUpMs', 'pushBytesMax', 'graftAfterMs'],
]);
/** The highest value of a number. */
const numberMax: number = 2 ** 31 - 1;
/**
 * Checks the options.
 *
 * @throws {TypeError} for an unknown option or one of the wrong kind
 * @throws {RangeError} for a number out of range
 */
export function settingsFrom<T>(options: GossipOptions<T>): Settings {
  checkOptionNames('gossip', options, names);
  const { codec, identity, signed = true, origins, verdict, topic, topics } = options;
  checkCodec(codec);
  for (const [name, value] of Object.entries({ origins, verdict, topic })) {
    if (value !== undefined) checkFunction(`gossip: ${name}`, value);
  }
  if (typeof signed !== 'boolean') throw mistaken('gossip: signed', 'true or false', signed);
  if (identity !== undefined && typeof identity.sign !== 'function') {
    throw mistaken('gossip: identity', 'an Identity', identity);
  }
  if (topics !== undefined && !isObservable(topics) && !Array.isArray(topics)) {
    throw mistaken('gossip: topics', 'an array of strings or an Observable of such arrays', topics);
  }
  return { identity, signed, origins, topics, numbers: numbersFrom(options) };
}

function numbersFrom(given: Partial<Numbers>): Numbers {
  const numbers = { ...defaults };
  for (const name of numberNames) {
    const value = given[name];
    if (value === undefined) continue;
    const min = mayBeZero.has(name) ? 0 : 1;
    const max = highest.get(name) ?? numberMax;
    if (!Number.isInteger(value) || value < min || value > max) {
      const range = `an integer from ${min} to ${max}`;
      throw new RangeError(`gossip: ${name} must be ${range}, got ${value}`);
    }
    numbers[name] = value;
  }
  if (numbers.antiEntropyMs > 0) checkAntiEntropy(numbers);
  return numbers;
}

/** Nobody may be offered what it does not take any more, or has forgotten that it has seen. */
function checkAntiEntropy(numbers: Numbers): void {
  const { antiEntropyMs, seenMs, seenMax, storeMax, announcedMax } = numbers;
  const fail = (rule: string, given: number): never => {
    throw new RangeError(`gossip: ${rule}; got ${given}`);
  };
  if (antiEntropyMs >= seenMs) {
    const reason = 'or messages are too old to be taken';
    fail(`antiEntropyMs must be less than seenMs, ${seenMs}, ${reason}`, antiEntropyMs);
  }
  if (2 * storeMax > seenMax) {
    fail(`storeMax must be at most half of seenMax, ${seenMax}, with antiEntropyMs`, storeMax);
  }
  const least = 2 * digestIdsMax;
  if (announcedMax < least) {
    fail(`announcedMax must be at least ${least} with antiEntropyMs`, announcedMax);
  }
}

function checkCodec(codec: unknown): void {
  const { encode, decode } = { ...(codec as Partial<Codec<unknown>> | undefined) };
  if (typeof encode === 'function' && typeof decode === 'function') return;
  throw mistaken('gossip: codec', 'a codec, such as json()', codec);
}

/** What is wrong with a topic. */
export function topicFault(topic: unknown): string | undefined {
  if (typeof topic !== 'string') return `a topic must be a string, got ${typeof topic}`;
  const bytes = util.utf8.length(topic);
  if (bytes <= topicBytesMax) return undefined;
  return `a topic must have at most ${topicBytesMax} bytes, got ${bytes}`;
}

/** What is wrong with a list of topics. */
export function topicsFault(topics: unknown): string | undefined {
  if (!Array.isArray(topics)) return mustBe('topics', 'an array of strings', topics);
  if (topics.length > topicsMax) return `there are ${topics.length} topics, more than ${topicsMax}`;
  return topics.map(topicFault).find((fault) => fault !== undefined);
}
