import { aClock, type Clock } from '../../lib/flow/clock.ts';
import {
  anInteger,
  anObject,
  isObject,
  optionFaults,
  type OptionKinds,
} from '../../lib/model/check-options.ts';
import { RxmeshError } from '../../lib/model/error.ts';

/** The port of an address that names none: CometBFT's. */
export const portDefault = 26_656;

/** Where a CometBFT transport listens. */
export interface CometListenOptions {
  /** Default 0: any free port. CometBFT's own is 26656. */
  readonly port?: number;
  /**
   * IP or name of the interface. Default: all interfaces, since a node that listens is meant to be
   * reached. Use `'127.0.0.1'` to accept only local connections.
   */
  readonly host?: string;
}

/** Options of `comet`. Those that CometBFT has too have its defaults. */
export interface CometOptions {
  /** If omitted, the transport only dials. */
  readonly listen?: CometListenOptions;
  /**
   * The most bytes of a message in one packet, 1 to 65,536 (CometBFT:
   * `max_packet_msg_payload_size`). A peer whose limit is lower disconnects. No more than 61,417
   * are sent in one. Default 1,024.
   */
  readonly packetBytesMax?: number;
  /**
   * The longest message, 1 to 2^30 bytes (CometBFT: `RecvMessageCapacity`). A peer that exceeds it
   * is disconnected. Default 22,020,096. `messageBytesMax` of a channel, 4 MiB by default, applies
   * as well: a message that exceeds only that is dropped and reported.
   */
  readonly messageBytesMax?: number;
  /**
   * How long small messages wait for others to share a record of 1,044 bytes with, in milliseconds;
   * 0: until the end of the turn (CometBFT: `flush_throttle_timeout`). Pings, and 60 KiB, do not
   * wait. Default 10.
   */
  readonly flushMs?: number;
  /**
   * The version of the peer-to-peer protocol to announce. CometBFT does not check it. Default 8.
   */
  readonly p2pVersion?: number;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/** Options of a link, with the defaults filled in. */
export interface LinkLimits {
  readonly packetBytesMax: number;
  readonly messageBytesMax: number;
  readonly flushMs: number;
}

/** Fills in CometBFT's defaults. */
export function limitsOf(options: Partial<LinkLimits>): LinkLimits {
  const { packetBytesMax = 1_024, messageBytesMax = 22_020_096, flushMs = 10 } = options;
  return { packetBytesMax, messageBytesMax, flushMs };
}

/**
 * Throws a single error that names every invalid option. The caller may use plain JavaScript, so
 * nothing is assumed about types.
 *
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
 */
export function checkOptions(options: unknown): void {
  const problems = [...optionFaults(options, optionKinds)];
  const listen = isObject(options) ? options['listen'] : undefined;
  if (isObject(listen)) problems.push(...optionFaults(listen, listenKinds, 'listen'));
  if (problems.length === 0) return;
  throw new RxmeshError('RXMESH_OPTIONS_INVALID', `comet: ${problems.join('; ')}`);
}

const optionKinds: OptionKinds<CometOptions> = {
  listen: anObject,
  packetBytesMax: anInteger(1, 65_536),
  messageBytesMax: anInteger(1, 2 ** 30, '1 to 2^30 (bytes)'),
  flushMs: anInteger(0, 60_000, '0 to 60000 (milliseconds)'),
  p2pVersion: anInteger(0, Number.MAX_SAFE_INTEGER, '0 to 2^53 - 1'),
  clock: aClock,
};

const listenKinds: OptionKinds<CometListenOptions> = {
  port: anInteger(0, 65_535),
  host: {
    what: 'a name or an IP',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
};
