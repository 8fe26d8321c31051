import type { SendCounter } from './outbox.ts';
import { Port, type PortHost } from './port.ts';
import type { PortSnapshot } from './port-snapshot.ts';

/**
 * The most channels that a peer may open on one connection and that we never opened. Credit
 * outlives a channel, so each costs some memory for as long as the connection lasts.
 */
export const peerChannelsMax = 1024;

/** The ports of a session, one for each channel that either side has opened. */
export class Ports {
  /** In the order in which they were added. They stay until the link ends. */
  readonly all: Port[] = [];
  /**
   * The same ports by channel ID. Never iterated: the array is sparse. With a thousand channels,
   * half the cost of a Map lookup.
   */
  readonly #byId: Port[] = [];
  /** The port of the previous message: usually the right one for the next. */
  #last: Port | undefined;
  readonly #host: PortHost;
  readonly #counter: SendCounter | undefined;
  #peerOnly = 0;
  #snapshot: readonly PortSnapshot[] = [];

  constructor(host: PortHost, counter: SendCounter | undefined) {
    this.#host = host;
    this.#counter = counter;
  }

  /** The port of a message. */
  get(channel: number): Port | undefined {
    if (this.#last?.channel === channel) return this.#last;
    const port = this.#byId[channel];
    if (port !== undefined) this.#last = port;
    return port;
  }

  /** The port of anything that is not a message, and so does not come in a row. */
  known(channel: number): Port | undefined {
    return this.#byId[channel];
  }

  /** The port of a channel that opens here. */
  own(channel: number): Port {
    const port = this.#byId[channel] ?? this.#add(channel);
    if (port.isPeerOnly) this.#peerOnly -= 1;
    return port;
  }

  /**
   * The port of a channel that the peer has open. If it has too many of which this side knows
   * nothing, that is a violation.
   */
  ofPeer(channel: number): Port | undefined {
    const known = this.#byId[channel];
    if (known !== undefined) return known;
    if (this.#peerOnly >= peerChannelsMax) {
      const text = `more than ${peerChannelsMax} channels that are not open here`;
      this.#host.violated('RXMESH_PROTOCOL_VIOLATION', text, channel);
      return undefined;
    }
    const port = this.#add(channel);
    port.isPeerOnly = true;
    this.#peerOnly += 1;
    return port;
  }

  /** The channels that the peer has open, in order. */
  get openChannels(): readonly number[] {
    const open = this.all.filter(({ outbox }) => outbox.open);
    return open.map(({ outbox }) => outbox.channel).sort((a, b) => a - b);
  }

  /** See `Port.traffic`. */
  get traffic(): number {
    return this.all.reduce((sum, { traffic }) => sum + traffic, 0);
  }

  /** The channels open here: the same array as the last time if nothing has changed since. */
  snapshot(): readonly PortSnapshot[] {
    const last = this.#snapshot;
    const now = this.all.filter(({ end }) => end !== undefined).map((port) => port.snapshot());
    const isStill = now.length === last.length && now.every((port, i) => port === last[i]);
    if (!isStill) this.#snapshot = now;
    return this.#snapshot;
  }

  /** The connection has ended. */
  disconnect(reason: 'peer-down' | 'node-stopped'): void {
    for (const port of this.all) port.disconnect(reason);
    this.all.length = 0;
    this.#byId.length = 0;
    this.#last = undefined;
  }

  #add(channel: number): Port {
    const port = new Port(channel, this.#host, this.#counter);
    this.all.push(port);
    this.#byId[channel] = port;
    return port;
  }
}
