import type { Observable } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { timerMaxMs } from '../flow/clock.ts';
import type { OptionKind } from '../model/check-options.ts';
import { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import type { Channel, ChannelOptions } from './channel.ts';
import { Channels } from './channels.ts';
import { snapshotOf, type SwitchboardSnapshot } from './snapshot.ts';
import type { SwitchboardOptions } from './switchboard-options.ts';

/** What stands behind a switchboard, for the operators that connect sessions to it. */
export let channelsOf: (switchboard: Switchboard) => Channels;

/** A switchboard as an option. */
export const aSwitchboard: OptionKind = {
  what: 'a Switchboard',
  accepts: (value) => value instanceof Switchboard,
};

/**
 * Connects a node's channels with its sessions: the place where the two meet. A router has one; a
 * node that is put together by hand makes one for each network.
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
  /** Drops, channels that peers open and close, and streams into a channel that failed. */
  readonly events$: Observable<RouterEvent>;
  /**
   * What channels and their slow-peer policies report of peers, and messages that do not decode:
   * what to evict is decided from this.
   */
  readonly reports$: Observable<PeerReport>;
  readonly #channels: Channels;

  static {
    channelsOf = (switchboard) => switchboard.#channels;
  }

  /**
   * @throws {RangeError} for a `keepAlive` whose timeout is shorter than its interval, and a
   *   `decodeFailuresPerSecond` that is no whole number from 1 to 1,000,000
   */
  constructor(options: SwitchboardOptions) {
    this.#channels = new Channels(options);
    this.self = this.#channels.self;
    this.clock = this.#channels.clock;
    this.events$ = this.#channels.events$.asObservable();
    this.reports$ = this.#channels.reports$.asObservable();
  }

  /** Ids of the channels that are open here, in the order of their opening. */
  get channels(): readonly number[] {
    return this.#channels.ids;
  }

  /**
   * Opens a channel, at any time; peers that are connected learn of it.
   * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`
   */
  open<T>(options: ChannelOptions<T>): Channel<T> {
    return this.#channels.open(options);
  }

  /**
   * Asks every peer for a sign of life, now: the connection of one that gives none within 5 s ends
   * with `RXMESH_PEER_TIMEOUT`. For when the network may have changed.
   */
  probe(): void {
    this.#channels.probe();
  }

  /** What is known now: channels, peers with their lanes, drops. A copy that does not change. */
  snapshot(): SwitchboardSnapshot {
    return snapshotOf(this.#channels);
  }

  /**
   * Lets the lanes of all peers empty for at most `drainMs` milliseconds (default 1 s), says
   * goodbye to the peers, and completes when their links are closed. What still waits then is
   * dropped, and reported. Channels stay open. Unsubscribing from what `route` makes, by contrast,
   * waits for nothing.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`
   */
  goodbye(drainMs = 1_000): Observable<never> {
    if (typeof drainMs !== 'number' || !(drainMs >= 0 && drainMs <= timerMaxMs)) {
      const text = `goodbye: drainMs is from 0 to 2^31 - 1 milliseconds, not ${String(drainMs)}`;
      throw new RxmeshError('RXMESH_OPTIONS_INVALID', text);
    }
    return this.#channels.goodbye(drainMs);
  }

  /** Closes every channel, and completes the streams. */
  close(): void {
    this.#channels.close();
  }
}
