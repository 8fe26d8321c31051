import type { ExchangeDialect } from '../model/exchange-dialect.ts';
import { addressesMax, exchangeCodec, messageBytesMax } from './messages.ts';
import { firstPauseMs, shortestPauseMs } from './pauses.ts';

/** Peer exchange among nodes of rxmesh, on any wire that they share. */
export const meshDialect: ExchangeDialect = {
  channel: 0,
  codec: exchangeCodec,
  messageBytesMax,
  addressesMax,
  firstPauseMs,
  shortestPauseMs,
};
