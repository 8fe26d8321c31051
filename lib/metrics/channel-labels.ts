/** How many channels have a label of their own. */
const channelsMax = 64;

/** The labels of channels: their ids, as long as they are few. */
export class ChannelLabels {
  readonly #known = new Set<number>();

  /** The label of a channel; `other` for those after the first 64. */
  of(channel: number): number | string {
    if (this.#known.has(channel)) return channel;
    if (this.#known.size >= channelsMax) return 'other';
    this.#known.add(channel);
    return channel;
  }
}
