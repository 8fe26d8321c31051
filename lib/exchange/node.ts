import type { Observable } from 'rxjs';
import type { Channel, ChannelOptions } from '../channel/channel.ts';
import type { NodeAddress } from '../model/address.ts';
import type { ExchangeMessage } from '../model/exchange-dialect.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerUpdate } from '../peers/peer-updates.ts';

/** What peer exchange needs of a node: a router has all of it. */
export interface ExchangeNode {
  readonly peers$: Observable<PeerUpdate>;
  readonly peers: {
    advertised(to: NodeId, limit: number): readonly NodeAddress[];
    learn(address: string, from: NodeId): boolean;
    get(id: NodeId): { readonly isChosen: boolean; readonly isVisitor: boolean } | undefined;
    disconnect(id: NodeId): boolean;
  };
  openChannel(options: ChannelOptions<ExchangeMessage>): Channel<ExchangeMessage>;
}

/** Says that a peer has misbehaved. */
export type Blame = (peer: NodeId, reason: unknown) => void;
