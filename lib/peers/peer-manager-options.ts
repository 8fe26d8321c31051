import type { Clock } from '../flow/clock.ts';
import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import { guardedRank } from './guarded-rank.ts';
import { type CheckedPeerOptions, checkPeerOptions, type PeerOptions } from './options.ts';

/** The options of a peer manager: the peer options, and what it runs on. */
export interface PeerManagerOptions extends PeerOptions {
  /** This node's ID. A node never becomes its own peer. */
  readonly self: NodeId;
  readonly clock: Clock;
  /** Returns a number in [0, 1), used for jitter and to order peers with the same score. */
  readonly random: () => number;
  /**
   * The most peers that are let in without a slot, so that they can ask for other addresses.
   * Whoever sets this must disconnect them soon, as peer exchange does. Default 0.
   */
  readonly maxVisitors?: number;
}

/**
 * Checks the options of a peer manager, and adds the defaults.
 *
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming every invalid option
 */
export function checkedPeerOptions(options: PeerManagerOptions): CheckedPeerOptions {
  const problems: string[] = [];
  const checked = checkPeerOptions(options.self, options, problems);
  if (problems.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `peers: ${problems.join('; ')}`);
  }
  const { maxVisitors = 0 } = options;
  return { ...checked, rank: checked.rank && guardedRank(checked.rank), maxVisitors };
}
