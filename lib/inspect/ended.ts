import type { PeerSnapshot } from '../index.ts';

/** What was carried, in messages and bytes. */
export interface Totals {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** Nothing carried yet. */
export const noTotals = (): Totals => ({ messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 });

/** Numbers per port: its channel, and its totals. */
const width = 5;

interface Last {
  readonly upSinceMs: number;
  readonly counts: Float64Array;
}

/**
 * What connections that have ended had carried, by channel. Their last counts are kept as plain
 * numbers: a whole snapshot that outlives a sample costs more to keep than to make.
 */
export class EndedTotals {
  readonly byChannel: Map<number, Totals> = new Map<number, Totals>();
  #last = new Map<string, Last>();

  /** Looks at the peers that are up now. */
  look(up: ReadonlyMap<string, PeerSnapshot>): void {
    const last = new Map<string, Last>();
    for (const [id, { upSinceMs, channels }] of up) {
      const before = this.#last.get(id);
      const fits = before?.counts.length === channels.length * width;
      const isSame = before?.upSinceMs === upSinceMs;
      if (before !== undefined && !isSame) this.#end(before);
      const counts = isSame && fits ? before.counts : new Float64Array(channels.length * width);
      let at = 0;
      for (const { channel, messagesIn, messagesOut, bytesIn, bytesOut } of channels) {
        counts[at] = channel;
        counts[at + 1] = messagesIn;
        counts[at + 2] = messagesOut;
        counts[at + 3] = bytesIn;
        counts[at + 4] = bytesOut;
        at += width;
      }
      last.set(id, isSame && fits ? before : { upSinceMs, counts });
    }
    for (const [id, before] of this.#last) if (!last.has(id)) this.#end(before);
    this.#last = last;
  }

  #end({ counts }: Last): void {
    for (let at = 0; at < counts.length; at += width) {
      const [channel = 0, messagesIn = 0, messagesOut = 0, bytesIn = 0, bytesOut = 0] =
        counts.subarray(at, at + width);
      const sum = this.byChannel.get(channel) ?? noTotals();
      sum.messagesIn += messagesIn;
      sum.messagesOut += messagesOut;
      sum.bytesIn += bytesIn;
      sum.bytesOut += bytesOut;
      this.byChannel.set(channel, sum);
    }
  }
}
