import type { Endpoint } from '../model/endpoint.ts';
import { formatListenAddress } from '../model/node-info.ts';
import type { ConnectionEnds } from '../model/reach.ts';
import { selfOf } from '../transport/self.ts';
import type { Self } from '../transport/transport.ts';
import type { RouterSettings } from './options.ts';
import { ownAddressesFor } from './own-addresses.ts';

/** What there is to say about a node. */
interface OwnState {
  readonly settings: RouterSettings;
  /** Those that are open. */
  readonly channels: readonly number[];
  /** Where the transports listen. */
  readonly endpoints: readonly Endpoint[];
}

/**
 * What this node says about itself over a connection, with the addresses at which the peer at the
 * other end may dial it.
 */
export function describeSelf(
  ends: ConnectionEnds,
  { settings, channels, endpoints }: OwnState,
): Self {
  const { identity, network, moniker, version, protocolVersion, advertise } = settings;
  const own = ownAddressesFor(ends, { id: identity.id, endpoints, advertise });
  const addresses = own.map(formatListenAddress).filter((text) => text !== undefined);
  return selfOf({ identity, network, moniker, version, protocolVersion, channels, addresses });
}
