import { aClock, type Clock } from '../../lib/flow/clock.ts';
import {
  aFlag,
  aFunction,
  checkOptions,
  type OptionKinds,
  required,
} from '../../lib/model/check-options.ts';
import type { Libp2pAddress, Libp2pNode } from './node.ts';

/** Options of `libp2p`. */
export interface Libp2pOptions {
  /**
   * A node of js-libp2p 3, with the transports, encryption, multiplexer and services of your
   * choice. It stays yours: start it before the router, and stop it after.
   */
  readonly node: Libp2pNode;
  /** `multiaddr` of `@multiformats/multiaddr`: rxmesh imports nothing of libp2p. */
  readonly multiaddr: (text: string) => Libp2pAddress;
  /**
   * Whether other nodes may connect. Default true. A router's `start()` then waits until the node
   * has an address: its own, or one at a relay.
   */
  readonly listen?: boolean;
  /**
   * Whether the libp2p node has the same ed25519 key as the router's identity. Default false. Then,
   * between two nodes with this option, libp2p's Noise or TLS is the proof of identity, and nothing
   * is encrypted twice. All others speak rxmesh's own handshake over the same node.
   */
  readonly sameKey?: boolean;
  /**
   * Whether to use connections that a relay limits: with libp2p's defaults, to 128 KiB and two
   * minutes. Default false.
   */
  readonly limitedConnections?: boolean;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * Rejects wrong options. The caller may use plain JavaScript.
 * @throws {TypeError}
 */
export function checkLibp2pOptions(options: Libp2pOptions): void {
  checkOptions('libp2p', options, kinds);
}

const kinds: OptionKinds<Libp2pOptions> = {
  node: required({ what: 'a node of libp2p, as createLibp2p resolves to it', accepts: isNode }),
  multiaddr: required(aFunction),
  listen: aFlag,
  sameKey: aFlag,
  limitedConnections: aFlag,
  clock: aClock,
};

function isNode(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return ['dial', 'handle', 'unhandle', 'getMultiaddrs'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  );
}
