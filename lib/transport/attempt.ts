import type { NodeAddress } from '../model/address.ts';
import type { NodeId } from '../model/id.ts';
import type { Connection } from './transport.ts';
import type { Link } from './link.ts';

/** A connection, and the address that it was dialed with, if it was dialed. */
export interface Attempt {
  readonly connection: Connection;
  readonly address?: NodeAddress;
}

/** A link whose peer has proved who it is. */
export interface Proven {
  readonly link: Link;
  readonly id: NodeId;
  readonly address?: NodeAddress;
}
