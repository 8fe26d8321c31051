import { formatNodeAddress, parseNodeAddress } from '../../../lib/model/address.ts';
import { RxmeshError } from '../../../lib/model/error.ts';
import type { ExchangeDialect } from '../../../lib/model/exchange-dialect.ts';
import { isNodeId } from '../../../lib/model/id.ts';
import { normalizeIp } from '../../../lib/model/ip.ts';
import { portDefault } from '../options.ts';
import { type NetAddress, peerExchange } from './channels.ts';

/** The most addresses in an answer (CometBFT: `maxGetSelection`). */
const addressesMax = 250;
/**
 * The least pause between two questions to a peer: 12 s, as it may be a quarter shorter. CometBFT
 * disconnects a peer that asks again within 10 s, and bans its address for a day.
 */
const pauseMs = 16_000;

/**
 * CometBFT's peer exchange, as a dialect of rxmesh's: the peer manager learns the addresses that
 * CometBFT nodes send, and answers their questions with those that it knows.
 *
 *     const node = createRouter({
 *       identity,
 *       network: 'test-chain',
 *       transports: [comet()],
 *       peerExchange: { dialect: cometDialect },
 *     });
 *
 * Sends only addresses that CometBFT accepts: `tcp` or `mconn`, with an IP address. Its pauses are
 * longer than those that CometBFT demands.
 */
export const cometDialect: ExchangeDialect = {
  channel: peerExchange.id,
  codec: {
    encode: (message) => {
      if (message.kind === 'ask') return peerExchange.codec.encode({ kind: 'pexRequest' });
      const addrs = message.addresses.flatMap(told);
      return peerExchange.codec.encode({ kind: 'pexAddrs', addrs });
    },
    decode: (bytes) => {
      const message = peerExchange.codec.decode(bytes);
      if (message.kind === 'pexRequest') return { kind: 'ask' };
      const { addrs } = message;
      if (addrs.length > addressesMax) {
        throw failed(`an answer with ${addrs.length} addresses, more than ${addressesMax}`);
      }
      return { kind: 'answer', addresses: addrs.flatMap(heard) };
    },
  },
  messageBytesMax: peerExchange.messageBytesMax,
  addressesMax,
  firstPauseMs: pauseMs,
  shortestPauseMs: pauseMs,
};

/** An address as CometBFT writes it; none if it has no place for it. */
function told(text: string): readonly NetAddress[] {
  const { protocol, id, host = '', port = portDefault } = parseNodeAddress(text);
  const isTcp = protocol === 'tcp' || protocol === 'mconn';
  return isTcp && normalizeIp(host) !== undefined ? [{ id, ip: host, port }] : [];
}

/**
 * An address that CometBFT has told. None if the port is 0: that is a node that does not listen.
 */
function heard({ id, ip, port }: NetAddress): readonly string[] {
  const node = id.toLowerCase();
  const host = normalizeIp(ip);
  if (!isNodeId(node) || host === undefined || port > 65_535) {
    throw failed(`an address that CometBFT would not take: ${id}@${ip}:${port}`);
  }
  return port === 0 ? [] : [formatNodeAddress({ protocol: 'tcp', id: node, host, port })];
}

function failed(text: string): RxmeshError {
  return new RxmeshError('RXMESH_DECODE_FAILED', text);
}
