import { mustBe } from '../model/described.ts';
import { unknownOptions } from '../model/unknown-options.ts';

/** Options of peer exchange. */
export interface ExchangeOptions {
  /** The ID of its channel, the same on every node. Default 0. */
  readonly channel?: number;
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
  const { channel = 0, seed = false } = given as Readonly<Record<string, unknown>>;
  const faults = [...unknownOptions(given, ['channel', 'seed'], 'peerExchange')];
  const isId = typeof channel === 'number' && channel >= 0 && channel <= 65_535;
  if (!isId || !Number.isInteger(channel)) {
    faults.push(mustBe('peerExchange.channel', 'an integer from 0 to 65535', channel));
  }
  if (typeof seed !== 'boolean') faults.push(mustBe('peerExchange.seed', 'true or false', seed));
  return faults;
}
