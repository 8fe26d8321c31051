import type { Observable } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { timerMaxMs } from '../flow/clock.ts';
import type { OptionKind } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import type { Channel, ChannelOptions } from './channel.ts';
import { Channels } from './channels.ts';
import { snapshotOf, type SwitchboardSnapshot } from './snapshot.ts';
import type { SwitchboardOptions } from './switchboard-options.ts';

/** The `Channels` behind a switchboard, for the operators that connect sessions to it. */
export let channelsOf: (switchboard: Switchboard) => Channels;

/** The kind of an option that takes a switchboard. */
export const aSwitchboard: OptionKind = {
  what: 'a Switchboard',
  accepts: (value) => value instanceof Switchboard,
};

/**
 * Connects a node's channels with its sessions. A router has one; a node built by hand creates one
 * per network.
 *
 *     const switchboard = new Switchboard({ self: identity.id });
 *     const chat = switchboard.open({ id: 1, codec: json<string>() });
 *     const sessions$ = proven$.pipe(accept({ switchboard, onFailure }), route(switchboard));
 *     const running = sessions$.subscribe();
 */
export class Switchboard {
  /** The node's own ID. */
  readonly self: NodeId;
  readonly clock: Clock;
  /**
   * Drops, stalled lanes, absent recipients, channels that peers open and close, and failed
   * sources, consumers and callbacks.
   */
  readonly events$: Observable<RouterEvent>;
  /**
   * Reports about peers, from channels, their slow-peer policies, and messages that do not decode:
   * the basis for evictions.
   */
  readonly reports$: Observable<PeerReport>;
  readonly #channels: Channels;

  static {
    channelsOf = (switchboard) => switchboard.#channels;
  }

  /**
   * @throws {RangeError} if the timeout in `keepAlive` is shorter than its interval, or
   *   `decodeFailuresPerSecond` is not a whole number from 1 to 1,000,000
   */
  constructor(options: SwitchboardOptions) {
    this.#channels = new Channels(options);
    this.self = this.#channels.self;
    this.clock = this.#channels.clock;
    this.events$ = this.#channels.events$.asObservable();
    this.reports$ = this.#channels.reports$.asObservable();
  }

  /** Ids of the open channels, in the order in which they were opened. */
  get channels(): readonly number[] {
    return this.#channels.ids;
  }

  /**
   * Opens a channel, at any time, and announces it to connected peers.
   * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`
   */
  open<T>(options: ChannelOptions<T>): Channel<T> {
    return this.#channels.open(options);
  }

  /**
   * Asks every peer for a sign of life now. A peer that gives none within 5 s is disconnected with
   * `RXMESH_PEER_TIMEOUT`. For when the network may have changed.
   */
  probe(): void {
    this.#channels.probe();
  }

  /** The current state: channels, peers with their lanes, drops. A copy that does not change. */
  snapshot(): SwitchboardSnapshot {
    return snapshotOf(this.#channels);
  }

  /**
   * Drains the lanes of all peers for at most `drainMs` milliseconds (default 1,000), says goodbye
   * to the peers, and completes when their links are closed. Drained means written to the peer, or
   * taken by the consumers. Messages that were not written by then are dropped and reported as
   * `node-stopped`. Channels stay open. Unsubscribing from the result of `route`, by contrast,
   * waits for nothing.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
   */
  goodbye(drainMs = 1_000): Observable<never> {
    if (typeof drainMs !== 'number' || !(drainMs >= 0 && drainMs <= timerMaxMs)) {
      const text = `goodbye: ${mustBe('drainMs', 'from 0 to 2^31 - 1 (milliseconds)', drainMs)}`;
      throw new RxmeshError('RXMESH_OPTIONS_INVALID', text);
    }
    return this.#channels.goodbye(drainMs);
  }

  /** Closes every channel and completes the streams. */
  close(): void {
    this.#channels.close();
  }
}
