import { json } from 'rxmesh';

/** A validator has committed itself to a block. */
export interface Precommit {
  readonly height: number;
  readonly round: number;
  /** The first bytes of its address, and of the hash of the block, in hex. */
  readonly validator: string;
  readonly block: string;
}

/** The network of the gateway and its pages, and its channel. */
export const newsNetwork = 'comet-news';
export const precommits = { id: 1, codec: json<Precommit>() };
