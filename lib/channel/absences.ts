import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { NodeId } from '../model/id.ts';
import { abandon, type Outbox } from '../session/outbox.ts';
import { WaitingSend, WaitingSends, waitingSendsMax } from '../session/waiting-sends.ts';

/** The most absent peers for which a channel keeps messages. */
const keptPeersMax = 64;

/** Why a channel is closed here: it alone, or with the whole node. */
export type CloseReason = 'channel-closed' | 'node-stopped';

/** A send that may also wait for its recipient to arrive. */
export abstract class AwaitingSend extends WaitingSend {
  /**
   * Called when the recipient is there: offers the message, and calls back only at `resumed`.
   * Returns false if it has been withdrawn.
   */
  abstract reached(): boolean;
  /** Called when all sends that waited for the same recipient have been offered. */
  abstract resumed(): void;
}

/** What waits for one recipient: a peer, or `undefined` for any peer that opens the channel. */
interface Absence {
  readonly sends: WaitingSends<AwaitingSend>;
  /** The messages left in its lane when it went away, in order. */
  kept: readonly Uint8Array[];
  /** How long they are kept, in milliseconds. */
  keepMs: number;
  timer: Subscription | undefined;
}

/** What `Absences` needs from its channel. */
export interface AbsenceHost {
  readonly clock: Clock;
  /** Sends have started to wait for a recipient, or none waits any more. */
  awaited(peer: NodeId | undefined, awaited: boolean): void;
  /** Messages kept for a peer will not be sent. */
  gaveUp(
    peer: NodeId,
    messages: readonly Uint8Array[],
    reason: 'peer-down' | 'too-large' | CloseReason,
  ): void;
}

/** What waits for one absent recipient. */
export interface AbsenceSnapshot {
  /** Left out if the sends wait for any peer that opens the channel. */
  readonly peer?: NodeId;
  /** How many sends are waiting. */
  readonly sends: number;
  /** How many messages left in its lane are kept. */
  readonly kept: number;
}

/**
 * Keeps track of one channel's absent recipients and of what waits for them: sends, and the
 * messages left in their lanes.
 */
export class Absences {
  /** Set by the channel as soon as it closes: nothing may wait any more. */
  isClosed = false;
  readonly #host: AbsenceHost;
  readonly #absences = new Map<NodeId | undefined, Absence>();
  #sends = 0;

  constructor(host: AbsenceHost) {
    this.#host = host;
  }

  /** Makes a send wait for a recipient. Returns false if too many are waiting, or `isClosed`. */
  wait(peer: NodeId | undefined, send: AwaitingSend): boolean {
    if (this.isClosed || this.#sends >= waitingSendsMax) return false;
    const { sends } = this.#of(peer);
    if (!sends.add(send)) return false;
    this.#sends += 1;
    if (sends.size === 1) this.#host.awaited(peer, true);
    return true;
  }

  /** Stops a send from waiting. */
  cancel(peer: NodeId | undefined, send: AwaitingSend): void {
    const absence = this.#absences.get(peer);
    if (absence === undefined || !send.waits) return;
    absence.sends.remove(send);
    this.#sends -= 1;
    if (absence.sends.size > 0) return;
    if (absence.kept.length === 0) this.#absences.delete(peer);
    this.#host.awaited(peer, false);
  }

  /**
   * Keeps the messages left in the lane of a departed peer for `keepMs`. Restarts the time for
   * those kept earlier, which come behind: the peer closed the channel while one message was partly
   * written, and now the connection has ended, so that message is kept as well.
   */
  keep(peer: NodeId, messages: readonly Uint8Array[], keepMs: number): void {
    const absence = this.#of(peer);
    absence.kept = [...messages, ...absence.kept];
    absence.keepMs = Math.max(absence.keepMs, keepMs);
    absence.timer?.unsubscribe();
    if (keepMs < Infinity) {
      absence.timer = this.#host.clock.schedule(() => this.#giveUp(peer, 'peer-down'), keepMs);
    }
    this.#bound();
  }

  /**
   * A peer is connected and has the channel open: its kept messages go back into its lane, to be
   * kept again if it leaves. Calls nobody back, so that nothing can be sent before them.
   */
  refill(peer: NodeId, outbox: Outbox): void {
    const absence = this.#absences.get(peer);
    if (absence === undefined || absence.kept.length === 0) return;
    const { kept } = absence;
    outbox.keepMs = Math.max(outbox.keepMs, absence.keepMs);
    for (const bytes of kept) if (outbox.takes(bytes)) outbox.restore(bytes);
    // The limit may be lower than before the peer went away: see `reached`.
    absence.kept = kept.filter((bytes) => !outbox.takes(bytes));
    if (absence.kept.length > 0) return;
    absence.timer?.unsubscribe();
    if (absence.sends.size === 0) this.#absences.delete(peer);
  }

  /** After `refill`: what the peer does not accept any more is given up, and sends resume. */
  reached(peer: NodeId, outbox: Outbox): void {
    this.refill(peer, outbox);
    const sends = [...this.#end(peer), ...this.#end(undefined)];
    // All are offered before the first calls back: what is sent from there goes behind them.
    const offered = sends.filter((send) => send.reached());
    for (const send of offered) send.resumed();
  }

  /** Gives up on everything, because the channel has closed. */
  close(reason: CloseReason): void {
    for (const peer of [...this.#absences.keys()]) {
      if (peer !== undefined) this.#giveUp(peer, reason);
    }
    const sends = [...this.#absences.values()].flatMap((absence) => absence.sends.removeAll());
    this.#absences.clear();
    this.#sends = 0;
    abandon(sends, 'channel-closed');
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
    const absence: Absence = { sends: new WaitingSends(), kept: [], keepMs: 0, timer: undefined };
    this.#absences.set(peer, absence);
    return absence;
  }

  /**
   * Forgets an absence, and returns the sends that waited. A resumed one may have to wait again: it
   * then starts a new absence.
   */
  #end(peer: NodeId | undefined): readonly AwaitingSend[] {
    const absence = this.#absences.get(peer);
    if (absence === undefined) return [];
    this.#absences.delete(peer);
    const sends = absence.sends.removeAll();
    this.#sends -= sends.length;
    absence.timer?.unsubscribe();
    const { kept } = absence;
    if (peer !== undefined && kept.length > 0) this.#host.gaveUp(peer, kept, 'too-large');
    if (sends.length > 0) this.#host.awaited(peer, false);
    return sends;
  }

  #giveUp(peer: NodeId, reason: 'peer-down' | CloseReason): void {
    const absence = this.#absences.get(peer);
    if (absence === undefined) return;
    const { kept, sends } = absence;
    absence.timer?.unsubscribe();
    absence.kept = [];
    if (sends.size === 0) this.#absences.delete(peer);
    if (kept.length > 0) this.#host.gaveUp(peer, kept, reason);
  }

  /** Limits the peers with kept messages by giving up on the oldest. */
  #bound(): void {
    const peers = [...this.#absences].filter(([, { kept }]) => kept.length > 0);
    for (const [peer] of peers.slice(0, Math.max(0, peers.length - keptPeersMax))) {
      if (peer !== undefined) this.#giveUp(peer, 'peer-down');
    }
  }
}
