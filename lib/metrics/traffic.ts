import type { PeerSnapshot, PortSnapshot } from '../index.ts';
import type { ChannelLabels } from './channel-labels.ts';
import { Counts } from './counts.ts';

type Counter = 'messagesIn' | 'messagesOut' | 'bytesIn' | 'bytesOut';

/**
 * Adds up the traffic of all peers. A connection counts from 0 and takes its counts with it when it
 * ends; a counter must never go down. So what has changed since the last look is added.
 */
export class Traffic {
  readonly messages = new Counts();
  readonly bytes = new Counts();
  readonly #labels: ChannelLabels;
  #last: ReadonlyMap<string, PortSnapshot> = new Map();

  constructor(labels: ChannelLabels) {
    this.#labels = labels;
  }

  /** Looks at the peers that are up. */
  look(peers: readonly PeerSnapshot[]): void {
    const seen = new Map<string, PortSnapshot>();
    for (const { id, upSinceMs, channels } of peers) {
      for (const port of channels) {
        // With the time, because a peer that comes back begins at 0.
        const key = `${id} ${upSinceMs} ${port.channel}`;
        seen.set(key, port);
        this.#add(port, this.#last.get(key));
      }
    }
    this.#last = seen;
  }

  #add(port: PortSnapshot, last: PortSnapshot | undefined): void {
    const grown = (counter: Counter): number => {
      const before = last?.[counter] ?? 0;
      return port[counter] >= before ? port[counter] - before : port[counter];
    };
    const channel = this.#labels.of(port.channel);
    const inbound = { 'network.io.direction': 'receive', 'rxmesh.channel': channel };
    const outbound = { 'network.io.direction': 'transmit', 'rxmesh.channel': channel };
    this.messages.add(inbound, grown('messagesIn'));
    this.messages.add(outbound, grown('messagesOut'));
    this.bytes.add(inbound, grown('bytesIn'));
    this.bytes.add(outbound, grown('bytesOut'));
  }
}
