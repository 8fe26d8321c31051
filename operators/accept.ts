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
import { mustBe } from '../lib/model/described.ts';
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
  /** Default: the clock of the switchboard. */
  readonly clock?: Clock;
  /** How long a peer may take to accept a link, in milliseconds; 0: no limit. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * The most inbound links whose peers have not accepted yet. Beyond that, a new link displaces one
   * that has waited for at least 500 ms, or is rejected with `RXMESH_TOO_MANY_HANDSHAKES`. Such a
   * link is also displaced when `claim` throws `RXMESH_PEERS_FULL`. Default: no limit.
   */
  readonly concurrency?: number;
  /** The most of these links per host, which is defined as in `handshake`. Default: no limit. */
  readonly concurrencyPerHost?: number;
  /**
   * Claims a slot for a link, or throws the reason why there is none. The reason is passed to
   * `onFailure`, with the code `RXMESH_PEER_REFUSED` unless it is an `RxmeshError`. Default: every
   * link gets a slot.
   */
  readonly claim?: (proven: Proven) => void;
  /** Provides the channels that are announced to peers. A peer gets only one session in it. */
  readonly switchboard: Switchboard;
  /**
   * Called with the reason why a link did not become a session. `claimed`: its claim had succeeded,
   * and is now released.
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

/** A link that we accept, while the peer may not have accepted it yet. */
interface Offer {
  readonly proven: Proven;
  readonly subscriber: Subscriber<Session>;
  /** Only for links that the peer dialed. */
  readonly place: Place | undefined;
  /** The session, once the peer has accepted. */
  accepted: Session | undefined;
}

/**
 * Turns links into sessions once both sides have accepted. A link that gets no slot is closed with
 * the reason, and the stream continues.
 *
 *     in   -a--b-------|
 *          accept()        a's peer accepts after 3, b's peer refuses after 2
 *     out  ----A-------|
 *     onFailure  --b
 *
 * Two nodes may dial each other simultaneously and end up with two links. Both sides then offer
 * both. The link dialed by the node with the lower ID is preferred. While it is on offer, the other
 * link waits; once both sides have accepted it, the other is closed as a duplicate; if it ends, the
 * other takes its place. This way, neither side relies on a link that the other has given up.
 *
 * A link is refused if the peer already has a session, or another link on offer that was dialed by
 * the same side. An existing session is then asked for a sign of life; if it gives none, it is
 * closed and makes way for the peer's next attempt.
 *
 * Unsubscribing withdraws the waiting links: they are closed and reported to `onFailure`. An
 * exception from `onFailure` is reported as unhandled, and the stream continues.
 *
 * @throws {TypeError} for invalid options
 * @throws {RangeError} for a time that timers do not support, or a concurrency below 1
 */
export function accept(options: AcceptOptions): OperatorFunction<Proven, PeerSession> {
  checkOptions('accept', options, optionKinds);
  const { timeoutMs, concurrency = Infinity, concurrencyPerHost = Infinity } = options;
  checkTimes('accept', { timeoutMs });
  for (const [name, count] of Object.entries({ concurrency, concurrencyPerHost })) {
    if (count >= 1) continue;
    throw new RangeError(`accept: ${mustBe(name, 'a number of at least 1', count)}`);
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

  /**
   * Emits the link's session if that link prevails. Unsubscribing before that withdraws the link.
   */
  enter(proven: Proven): Observable<Session> {
    const channels = this.#channels;
    const { id, link } = proven;
    let place: Place | undefined;
    try {
      const rival = this.#offers.get(id)?.has(link.direction) ?? false;
      const standing = channels.session(id);
      // The peer believes that it is not connected, so the session may be dead without our
      // knowledge.
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

  /** Claims a slot, if necessary by displacing a link whose peer does not accept. */
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
    // Adding it may have ended it already, through another link of the same peer.
    if (this.#waits(offer)) this.#openSession(offer);
  }

  #openSession(offer: Offer): void {
    const { proven, subscriber } = offer;
    const { id, link } = proven;
    const timeoutMs = this.#timeoutMs;
    // The peer may answer, and its other links may arrive, before this returns.
    const session = this.#channels.offer(link, id);
    const timer = new Subscription();
    subscriber.add(timer);
    if (timeoutMs > 0) {
      timer.add(this.#clock.schedule(() => this.#fail(offer, late(proven, timeoutMs)), timeoutMs));
    }
    const heard = {
      accepted: () => {
        // From now on it waits for the preferred link, whose own timeout limits the wait.
        timer.unsubscribe();
        offer.accepted = session;
        this.#settle(id);
      },
      ended: (error: RxmeshError | undefined) => this.#fail(offer, error ?? stopped(proven)),
    };
    subscriber.add(session.accepted$.subscribe(heard.accepted));
    subscriber.add(session.ended$.subscribe(heard.ended));
  }

  /** Decides between the offers for one peer, if that is possible yet. */
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

  /** Withdraws an offer. Returns false if it was settled already. */
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

  /** Returns false if the offer was settled already. */
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
  const text = `${id} did not accept, and was displaced by a newer connection`;
  return new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', text, { peer: id });
}

function late({ id }: Proven, timeoutMs: number): RxmeshError {
  const text = `${id} has not accepted within ${timeoutMs} ms`;
  return new RxmeshError('RXMESH_HANDSHAKE_TIMEOUT', text, { peer: id });
}

function duplicate(id: NodeId): RxmeshError {
  const text = `${id} is already connected`;
  return new RxmeshError('RXMESH_DUPLICATE_CONNECTION', text, { peer: id });
}
