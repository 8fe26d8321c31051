import { dropAll, LaneBacklog } from '../flow/backlog.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { SendingChannel } from './sending-channel.ts';

/** Where the envelopes of a source that cannot be held back wait for lanes. Counts its drops. */
export class PipeBuffer<E> {
  readonly backlog: LaneBacklog<E>;
  /** How many were dropped. */
  dropped = 0;
  readonly #channel: Pick<SendingChannel<unknown>, 'lost'>;
  readonly #onDrop: (envelope: E) => void;

  constructor(
    lane: LaneOptions,
    channel: Pick<SendingChannel<unknown>, 'lost'>,
    onDrop: (envelope: E) => void,
  ) {
    this.#channel = channel;
    this.#onDrop = onDrop;
    this.backlog = new LaneBacklog(lane, (envelope) => {
      this.#lose(1, 'lane-full');
      onDrop(envelope);
    });
  }

  /**
   * Drops what waits.
   *
   * @param reason reported as an event; left out if the pipe fails, since that says it
   */
  empty(reason?: 'node-stopped'): void {
    const { size } = this.backlog;
    if (size > 0 && reason !== undefined) this.#lose(size, reason);
    dropAll(this.backlog, this.#onDrop);
  }

  #lose(count: number, reason: 'lane-full' | 'node-stopped'): void {
    this.dropped += count;
    this.#channel.lost(count, reason);
  }
}
