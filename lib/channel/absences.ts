import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { NodeId } from '../model/id.ts';
import type { Outbox } from '../session/outbox.ts';
import { WaitingSend, WaitingSends, waitingSendsMax } from '../session/waiting-sends.ts';

/** Peers that are away and whose messages a channel keeps, at most. */
const keptPeersMax = 64;

/** A send that may wait for its recipient. */
export abstract class AwaitingSend extends WaitingSend {
  /** Its recipient is there. */
  abstract reached(): void;
}

/** What waits for a recipient: a peer, or `undefined` for anyone who has the channel. */
interface Absence {
  readonly sends: WaitingSends<AwaitingSend>;
  /** What its lane had taken when it went, in order. */
  kept: readonly Uint8Array[];
  timer: Subscription | undefined;
}

/** What is told of recipients that are away. */
export interface AbsenceHost {
  readonly clock: Clock;
  /** Sends wait for a recipient, or no longer. */
  awaited(peer: NodeId | undefined, awaited: boolean): void;
  /** Messages that were kept for a peer are given up. */
  gaveUp(
    peer: NodeId,
    messages: readonly Uint8Array[],
    reason: 'peer-down' | 'channel-closed' | 'too-large',
  ): void;
}

/** What waits for one recipient that is away. */
export interface AbsenceSnapshot {
  /** Absent: for anyone who has the channel. */
  readonly peer?: NodeId;
  /** Sends that wait. */
  readonly sends: number;
  /** Messages that its lane had taken when it went. */
  readonly kept: number;
}

/**
 * The recipients of one channel that are away, and what waits for them: sends, and what their lanes
 * had taken.
 */
export class Absences {
  readonly #host: AbsenceHost;
  readonly #absences = new Map<NodeId | undefined, Absence>();
  #sends = 0;

  constructor(host: AbsenceHost) {
    this.#host = host;
  }

  /** Lets a send wait for a recipient; false when too many do. */
  wait(peer: NodeId | undefined, send: AwaitingSend): boolean {
    if (this.#sends >= waitingSendsMax) return false;
    const { sends } = this.#of(peer);
    if (!sends.add(send)) return false;
    this.#sends += 1;
    if (sends.size === 1) this.#host.awaited(peer, true);
    return true;
  }

  /** Lets a send wait no longer. */
  cancel(peer: NodeId | undefined, send: AwaitingSend): void {
    const absence = this.#absences.get(peer);
    if (absence === undefined || !send.waits) return;
    absence.sends.remove(send);
    this.#sends -= 1;
    if (absence.sends.size > 0) return;
    if (absence.kept.length === 0) this.#absences.delete(peer);
    this.#host.awaited(peer, false);
  }

  /** Keeps what the lane of a peer that has gone had taken, for so long. */
  keep(peer: NodeId, messages: readonly Uint8Array[], keepMs: number): void {
    const absence = this.#of(peer);
    absence.kept = [...absence.kept, ...messages];
    absence.timer?.unsubscribe();
    if (keepMs < Infinity) {
      absence.timer = this.#host.clock.schedule(() => this.#giveUp(peer, 'peer-down'), keepMs);
    }
    this.#bound();
  }

  /** A peer is there, and has the channel open: what waits goes into its lane. */
  reached(peer: NodeId, outbox: Outbox): void {
    const absence = this.#absences.get(peer);
    if (absence !== undefined) {
      absence.timer?.unsubscribe();
      const { kept } = absence;
      absence.kept = [];
      for (const bytes of kept) if (outbox.takes(bytes)) outbox.restore(bytes);
      // It may take shorter messages than when it went.
      const refused = kept.filter((bytes) => !outbox.takes(bytes));
      if (refused.length > 0) this.#host.gaveUp(peer, refused, 'too-large');
      this.#resume(peer, absence);
    }
    const anyone = this.#absences.get(undefined);
    if (anyone !== undefined) this.#resume(undefined, anyone);
  }

  /** The channel is closed: gives everything up. */
  close(): void {
    for (const peer of [...this.#absences.keys()]) {
      if (peer !== undefined) this.#giveUp(peer, 'channel-closed');
    }
    for (const { sends } of [...this.#absences.values()]) {
      for (const send of sends.removeAll()) send.abandoned('channel-closed');
    }
    this.#absences.clear();
    this.#sends = 0;
  }

  snapshot(): readonly AbsenceSnapshot[] {
    return [...this.#absences].map(([peer, { sends, kept }]) => ({
      ...(peer !== undefined && { peer }),
      sends: sends.size,
      kept: kept.length,
    }));
  }

  #of(peer: NodeId | undefined): Absence {
    const known = this.#absences.get(peer);
    if (known !== undefined) return known;
    const absence: Absence = { sends: new WaitingSends(), kept: [], timer: undefined };
    this.#absences.set(peer, absence);
    return absence;
  }

  /** Those that have to wait again, such as a broadcast to others, wait anew. */
  #resume(peer: NodeId | undefined, absence: Absence): void {
    this.#absences.delete(peer);
    const sends = absence.sends.removeAll();
    this.#sends -= sends.length;
    if (sends.length === 0) return;
    this.#host.awaited(peer, false);
    for (const send of sends) send.reached();
  }

  #giveUp(peer: NodeId, reason: 'peer-down' | 'channel-closed'): void {
    const absence = this.#absences.get(peer);
    if (absence === undefined) return;
    const { kept, sends } = absence;
    absence.timer?.unsubscribe();
    absence.kept = [];
    if (sends.size === 0) this.#absences.delete(peer);
    if (kept.length > 0) this.#host.gaveUp(peer, kept, reason);
  }

  /** The peers that went first are given up. */
  #bound(): void {
    const peers = [...this.#absences].filter(([, { kept }]) => kept.length > 0);
    for (const [peer] of peers.slice(0, Math.max(0, peers.length - keptPeersMax))) {
      if (peer !== undefined) this.#giveUp(peer, 'peer-down');
    }
  }
}
