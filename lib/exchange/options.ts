import { mustBe } from '../model/described.ts';
import type { ExchangeDialect } from '../model/exchange-dialect.ts';
import { unknownOptions } from '../model/unknown-options.ts';

/** Options of peer exchange. */
export interface ExchangeOptions {
  /** The ID of its channel, the same on every node. Default: the dialect's, which is 0. */
  readonly channel?: number;
  /** How it is spoken on another wire: `cometDialect` for CometBFT's. Default: rxmesh's own. */
  readonly dialect?: ExchangeDialect;
  /**
   * Whether this node is a seed: it answers a peer's first question and then hangs up, so that it
   * has slots for many newcomers. Peers that the application has named stay. Default false.
   */
  readonly seed?: boolean;
}

/** What is wrong with the option `peerExchange`, which may come from plain JavaScript. */
export function exchangeFaults(given: unknown): readonly string[] {
  if (given === undefined || typeof given === 'boolean') return [];
  if (typeof given !== 'object' || given === null) {
    return [mustBe('peerExchange', 'true, false or an object', given)];
  }
  const { channel = 0, dialect, seed = false } = given as Readonly<Record<string, unknown>>;
  const faults = [...unknownOptions(given, ['channel', 'dialect', 'seed'], 'peerExchange')];
  const isId = typeof channel === 'number' && channel >= 0 && channel <= 65_535;
  if (!isId || !Number.isInteger(channel)) {
    faults.push(mustBe('peerExchange.channel', 'an integer from 0 to 65535', channel));
  }
  if (dialect !== undefined && !isDialect(dialect)) {
    const what = 'a dialect, such as cometDialect';
    faults.push(mustBe('peerExchange.dialect', what, dialect));
  }
  if (typeof seed !== 'boolean') faults.push(mustBe('peerExchange.seed', 'true or false', seed));
  return faults;
}

function isDialect(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { codec, ...numbers } = given as Readonly<Record<string, unknown>>;
  if (typeof codec !== 'object' || codec === null) return false;
  const names: readonly Exclude<keyof ExchangeDialect, 'codec'>[] = [
    'channel',
    'messageBytesMax',
    'addressesMax',
    'firstPauseMs',
    'shortestPauseMs',
  ];
  return names.every((name) => Number.isInteger(numbers[name]) && Number(numbers[name]) >= 0);
}
