/** What a gossip has done so far. */
export interface GossipCounts {
  /** Messages that this node has published. */
  readonly published: number;
  /** Messages that have arrived, each counted once. */
  readonly received: number;
  /** Messages that arrived again. */
  readonly duplicates: number;
  /** Messages that were emitted by `in$` and relayed. */
  readonly accepted: number;
  /** Messages that the verdict ignored: because it said so, threw, or did not answer in time. */
  readonly ignored: number;
  /** Messages that were rejected: by the verdict, by `origins`, or because they do not decode. */
  readonly rejected: number;
  /** Messages that are older, or further in the future, than `seenMs`. */
  readonly stale: number;
  /** Messages of topics that this node does not want, or that have passed too many links. */
  readonly unwanted: number;
  /** Messages that a slow consumer of `in$` has missed. */
  readonly missed: number;
  /** Announced messages that no neighbour has sent. */
  readonly lost: number;
  /** Messages and announcements that neighbours have missed because they were too slow. */
  readonly droppedForNeighbours: number;
  /** Announcements of a neighbour beyond the bound. */
  readonly droppedAnnouncements: number;
}

/** The same, while they change. */
export type Counting = { -readonly [K in keyof GossipCounts]: number };

/** The counts before anything has happened. */
export function noCounts(): Counting {
  return {
    published: 0,
    received: 0,
    duplicates: 0,
    accepted: 0,
    ignored: 0,
    rejected: 0,
    stale: 0,
    unwanted: 0,
    missed: 0,
    lost: 0,
    droppedForNeighbours: 0,
    droppedAnnouncements: 0,
  };
}
