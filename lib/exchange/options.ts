import {
  aFlag,
  anInteger,
  anObject,
  isObject,
  type OptionKinds,
  optionFaults,
  required,
} from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import type { ExchangeDialect } from '../model/exchange-dialect.ts';

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

const aCount = required(anInteger(0, Number.MAX_SAFE_INTEGER));

const dialectKinds: OptionKinds<ExchangeDialect> = {
  channel: aCount,
  codec: required(anObject),
  messageBytesMax: aCount,
  addressesMax: aCount,
  firstPauseMs: aCount,
  shortestPauseMs: aCount,
};

const optionKinds: OptionKinds<ExchangeOptions> = {
  channel: anInteger(0, 65_535),
  dialect: {
    what: 'a dialect, such as cometDialect',
    // Other properties are the dialect's own affair.
    accepts: (given) =>
      isObject(given) &&
      Object.entries(dialectKinds).every(([name, { accepts }]) => accepts(given[name])),
  },
  seed: aFlag,
};

/** What is wrong with the option `peerExchange`, which may come from plain JavaScript. */
export function exchangeFaults(given: unknown): readonly string[] {
  if (given === undefined || typeof given === 'boolean') return [];
  if (!isObject(given)) return [mustBe('peerExchange', 'true, false or an object', given)];
  return optionFaults(given, optionKinds, 'peerExchange');
}
