import {
  EMPTY,
  mergeMap,
  Observable,
  type OperatorFunction,
  type Subscriber,
  Subscription,
} from 'rxjs';
import type { Channels } from '../lib/channel/channels.ts';
import { aSwitchboard, channelsOf, type Switchboard } from '../lib/channel/switchboard.ts';
import { aClock, checkTimes, type Clock } from '../lib/flow/clock.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { hook } from '../lib/flow/hook.ts';
import { reportUnhandled } from '../lib/flow/report-unhandled.ts';
import {
  aFunction,
  aNumber,
  checkOptions,
  type OptionKinds,
  required,
} from '../lib/model/check-options.ts';
import type { Direction } from '../lib/model/direction.ts';
import { RxmeshError, toRxmeshError } from '../lib/model/error.ts';
import type { NodeId } from '../lib/model/id.ts';
import { prefers } from '../lib/peers/tie-break.ts';
import type { PeerSession } from '../lib/session/peer-session.ts';
import type { Session } from '../lib/session/session.ts';
import type { Proven } from '../lib/transport/attempt.ts';
import { byeReasonOf } from '../lib/transport/bye-reason.ts';
import { HalfOpen, type Place } from '../lib/transport/half-open.ts';
import type { ByeReason } from '../lib/transport/link.ts';

/** Options of `accept`. */
export interface AcceptOptions {
  /** Default: the switchboard's. */
  readonly clock?: Clock;
  /** How long the peer may take to accept a link, in milliseconds; 0: no limit. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * Links that others have dialed and whose peers have not accepted, at a time; beyond that a link
   * takes the place of one that has waited for 500 ms, or is turned away with
   * `RXMESH_TOO_MANY_HANDSHAKES`. Such a peer makes room, too, when `claim` throws
   * `RXMESH_PEERS_FULL`. Default: no limit.
   */
  readonly concurrency?: number;
  /** Of these, those with one host, as `handshake` counts them. Default: no limit. */
  readonly concurrencyPerHost?: number;
  /**
   * Claims a place for a link, or throws the reason why there is none; `onFailure` hears it, with
   * `RXMESH_PEER_REFUSED` unless it is an `RxmeshError`. Default: all are welcome.
   */
  readonly claim?: (proven: Proven) => void;
  /** Its channels are announced to peers, and no second session of one peer comes up in it. */
  readonly switchboard: Switchboard;
  /**
   * Hears why a link did not become a session. `claimed`: its claim was granted, and is free again.
   */
  readonly onFailure: (error: RxmeshError, proven: Proven, claimed: boolean) => void;
}

const optionKinds: OptionKinds<AcceptOptions> = {
  clock: aClock,
  timeoutMs: aNumber,
  concurrency: aNumber,
  concurrencyPerHost: aNumber,
  claim: aFunction,
  switchboard: required(aSwitchboard),
  onFailure: required(aFunction),
};

/** A link that we accept, and that the peer may still have to accept. */
interface Offer {
  readonly proven: Proven;
  readonly subscriber: Subscriber<Session>;
  /** Of a link that the peer has dialed. */
  readonly place: Place | undefined;
  /** Its session, once the peer has accepted. */
  accepted: Session | undefined;
}

/**
 * Makes sessions of proven links, once both sides have accepted. A link that finds no place is
 * closed with the reason; the stream goes on.
 *
 *     in   -a--b-------|
 *          accept()        a's peer accepts after 3, b's peer refuses after 2
 *     out  ----A-------|
 *     onFailure  --b
 *
 * Two nodes may dial each other at the same time, and then have two links. Both sides offer both.
 * The link that the node with the lower ID dialed is preferred: as long as it is on offer, the
 * other one waits; when both sides have accepted it, the other is closed as a duplicate; when it
 * ends, the other takes its place. A link that comes when a session stands is refused, and so is a
 * second one that was dialed by the same side; but the session is asked for a sign of life, and
 * yields to the peer's next attempt if it gives none. So a side never counts on a link that the
 * other side has given up.
 *
 * Unsubscribing withdraws the links that wait: they are closed, and told to `onFailure`. What
 * `onFailure` throws is reported as unhandled, and the stream goes on.
 *
 * @throws {TypeError} for options that are not what they have to be
 * @throws {RangeError} for a time that no timer takes, or a concurrency below 1
 */
export function accept(options: AcceptOptions): OperatorFunction<Proven, PeerSession> {
  checkOptions('accept', options, optionKinds);
  const { timeoutMs, concurrency = Infinity, concurrencyPerHost = Infinity } = options;
  checkTimes('accept', { timeoutMs });
  for (const [name, count] of Object.entries({ concurrency, concurrencyPerHost })) {
    if (!(count >= 1)) throw new RangeError(`accept: ${name} is at least 1, not ${count}`);
  }
  return (source) =>
    new Observable((subscriber) => {
      const contests = new Contests(options);
      return source.pipe(mergeMap((proven) => contests.enter(proven))).subscribe(subscriber);
    });
}

class Contests {
  readonly #claim: ((proven: Proven) => void) | undefined;
  readonly #onFailure: AcceptOptions['onFailure'];
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #channels: Channels;
  readonly #halfOpen: HalfOpen;
  readonly #offers = new Map<NodeId, Map<Direction, Offer>>();

  constructor(options: AcceptOptions) {
    const { claim, timeoutMs = 10_000, switchboard, onFailure } = options;
    this.#channels = channelsOf(switchboard);
    this.#claim = claim;
    this.#onFailure = hook(onFailure);
    this.#timeoutMs = timeoutMs;
    this.#clock = guardedClock(options.clock ?? this.#channels.clock);
    const { concurrency: countMax = Infinity, concurrencyPerHost: perHostMax = Infinity } = options;
    this.#halfOpen = new HalfOpen({ countMax, perHostMax, clock: this.#clock });
  }

  /** Emits the link's session if it is the one that stands. Teardown before that withdraws it. */
  enter(proven: Proven): Observable<Session> {
    const channels = this.#channels;
    const { id, link } = proven;
    let place: Place | undefined;
    try {
      const rival = this.#offers.get(id)?.has(link.direction) ?? false;
      const standing = channels.session(id);
      // Its peer believes that it is not connected: the session may be dead without our knowing.
      standing?.probe();
      if (rival || standing !== undefined) throw duplicate(id);
      if (link.direction === 'inbound') place = this.#enter(proven);
      this.#claimPlace(proven);
    } catch (thrown) {
      if (place !== undefined) this.#halfOpen.leave(place);
      const error = toRxmeshError(thrown, 'RXMESH_PEER_REFUSED', `no place for ${id}`);
      this.#turnAway(proven, error, byeReasonOf(thrown), false);
      return EMPTY;
    }
    return new Observable((subscriber) => this.#offer(proven, place, subscriber));
  }

  #enter({ id, link }: Proven): Place {
    const place = this.#halfOpen.enter(link.remote);
    if (typeof place !== 'string') return place;
    throw new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', place, { peer: id });
  }

  /** Claims a place among the peers, if need be that of one which does not accept. */
  #claimPlace(proven: Proven): void {
    try {
      this.#claim?.(proven);
    } catch (thrown) {
      const isFull = thrown instanceof RxmeshError && thrown.code === 'RXMESH_PEERS_FULL';
      if (!isFull || !this.#halfOpen.makeRoom()) throw thrown;
      this.#claim?.(proven);
    }
  }

  #offer(proven: Proven, place: Place | undefined, subscriber: Subscriber<Session>): void {
    const offer: Offer = { proven, subscriber, place, accepted: undefined };
    this.#add(offer);
    if (place !== undefined) place.onDisplaced = () => this.#fail(offer, displaced(proven));
    subscriber.add(() => {
      if (this.#remove(offer)) this.#refuse(offer, stopped(proven));
    });
    // Another link of its may have brought this one to its end.
    if (this.#waits(offer)) this.#openSession(offer);
  }

  #openSession(offer: Offer): void {
    const { proven, subscriber } = offer;
    const { id, link } = proven;
    const timeoutMs = this.#timeoutMs;
    // The peer may answer, and other links of its may come, before this returns.
    const session = this.#channels.offer(link, id);
    const timer = new Subscription();
    subscriber.add(timer);
    if (timeoutMs > 0) {
      timer.add(this.#clock.schedule(() => this.#fail(offer, late(proven, timeoutMs)), timeoutMs));
    }
    const heard = {
      accepted: () => {
        // A link that waits for the preferred one's outcome waits no longer than that does.
        timer.unsubscribe();
        offer.accepted = session;
        this.#settle(id);
      },
      ended: (error: RxmeshError | undefined) => this.#fail(offer, error ?? stopped(proven)),
    };
    subscriber.add(session.accepted$.subscribe(heard.accepted));
    subscriber.add(session.ended$.subscribe(heard.ended));
  }

  /** Decides what can be decided among the offers for one peer. */
  #settle(id: NodeId): void {
    const offers = this.#offers.get(id);
    if (offers === undefined) return;
    const preferred: Direction = prefers(this.#channels.self, id, 'outbound')
      ? 'outbound'
      : 'inbound';
    const winner = offers.get(preferred) ?? [...offers.values()][0];
    if (winner?.accepted === undefined) return;
    for (const offer of [...offers.values()]) {
      if (offer !== winner) this.#end(offer, duplicate(id));
    }
    this.#remove(winner);
    winner.subscriber.next(winner.accepted);
    winner.subscriber.complete();
  }

  #fail(offer: Offer, error: RxmeshError): void {
    if (!this.#end(offer, error)) return;
    this.#settle(offer.proven.id);
  }

  /** Takes an offer back; false if it is settled already. */
  #end(offer: Offer, error: RxmeshError): boolean {
    if (!this.#remove(offer)) return false;
    this.#refuse(offer, error);
    offer.subscriber.complete();
    return true;
  }

  #refuse({ proven }: Offer, error: RxmeshError): void {
    this.#turnAway(proven, error, byeReasonOf(error), true);
  }

  #turnAway(proven: Proven, error: RxmeshError, reason: ByeReason, claimed: boolean): void {
    try {
      proven.link.close(reason);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
    this.#onFailure(error, proven, claimed);
  }

  #waits(offer: Offer): boolean {
    const { id, link } = offer.proven;
    return this.#offers.get(id)?.get(link.direction) === offer;
  }

  #add(offer: Offer): void {
    const { id, link } = offer.proven;
    const offers = this.#offers.get(id) ?? new Map<Direction, Offer>();
    this.#offers.set(id, offers.set(link.direction, offer));
  }

  /** False if the offer is settled already. */
  #remove(offer: Offer): boolean {
    if (!this.#waits(offer)) return false;
    if (offer.place !== undefined) this.#halfOpen.leave(offer.place);
    const { id, link } = offer.proven;
    const offers = this.#offers.get(id);
    offers?.delete(link.direction);
    if (offers?.size === 0) this.#offers.delete(id);
    return true;
  }
}

function stopped({ id }: Proven): RxmeshError {
  return new RxmeshError('RXMESH_CONNECTION_CLOSED', `the link to ${id} was closed`, { peer: id });
}

function displaced({ id }: Proven): RxmeshError {
  const text = `${id} has not accepted, and made room for another`;
  return new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', text, { peer: id });
}

function late({ id }: Proven, timeoutMs: number): RxmeshError {
  const text = `${id} has not accepted within ${timeoutMs} ms`;
  return new RxmeshError('RXMESH_HANDSHAKE_TIMEOUT', text, { peer: id });
}

function duplicate(id: NodeId): RxmeshError {
  const text = `another connection with ${id} stands`;
  return new RxmeshError('RXMESH_DUPLICATE_CONNECTION', text, { peer: id });
}
