import type { NodeAddress } from '../model/address.ts';
import type { NodeId } from '../model/id.ts';
import type { Connection } from './transport.ts';
import type { Link } from './link.ts';

/** A connection and, if we dialed it, the address that was dialed. */
export interface Attempt {
  readonly connection: Connection;
  readonly address?: NodeAddress;
}

/** A link whose peer has proved its identity. */
export interface Proven {
  readonly link: Link;
  readonly id: NodeId;
  readonly address?: NodeAddress;
}
