import { EMPTY, mergeMap, Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import type { Channels } from '../lib/channel/channels.ts';
import type { Clock } from '../lib/flow/clock.ts';
import type { Direction } from '../lib/model/direction.ts';
import { RxmeshError, toRxmeshError } from '../lib/model/error.ts';
import type { NodeId } from '../lib/model/id.ts';
import { prefers } from '../lib/peers/tie-break.ts';
import type { Session } from '../lib/session/session.ts';
import type { Proven } from '../lib/transport/attempt.ts';
import { byeReasonOf } from '../lib/transport/bye-reason.ts';

export interface AcceptOptions {
  /** This node's ID: decides which of two simultaneous links stands. */
  readonly self: NodeId;
  readonly clock: Clock;
  /** How long the peer may take to accept us, in milliseconds; 0: no limit. Default 10,000. */
  readonly timeoutMs?: number;
  /** Claims a place for a link, or throws the reason why there is none. Default: all are welcome. */
  readonly claim?: (proven: Proven) => void;
  /** The node's channels: peers are told of them, and no second session of one peer comes up. */
  readonly channels: Channels;
  /**
   * Hears why a link did not become a session. `claimed`: its claim was granted, and is free again.
   */
  readonly onFailure: (error: RxmeshError, proven: Proven, claimed: boolean) => void;
}

/** A link that we have accepted, and whose peer may still have to accept us. */
interface Offer {
  readonly proven: Proven;
  readonly session: Session;
  readonly subscriber: Subscriber<Session>;
  accepted: boolean;
}

/**
 * Makes sessions of proven links, once both sides have accepted. A link that finds no place is closed
 * with the reason; the stream goes on.
 *
 *     in   -a--b-------|
 *          accept()        a's peer accepts after 3, b's peer refuses after 2
 *     out  ----A-------|
 *     onFailure  --b
 *
 * Two nodes may dial each other at the same time, and then have two links. Both sides offer both.
 * The link that the node with the lower ID dialed is preferred: as long as it is on offer, the other
 * one waits; when both sides have accepted it, the other is closed as a duplicate; when it ends, the
 * other takes its place. A link that comes when a session stands is refused. So a side never
 * counts on a link that the other side has given up: see "Simultaneous connects" in docs/wire.md.
 */
export function accept(options: AcceptOptions): OperatorFunction<Proven, Session> {
  return (source) =>
    new Observable((subscriber) => {
      const contests = new Contests(options);
      return source.pipe(mergeMap((proven) => contests.enter(proven))).subscribe(subscriber);
    });
}

class Contests {
  readonly #options: AcceptOptions;
  readonly #offers = new Map<NodeId, Map<Direction, Offer>>();

  constructor(options: AcceptOptions) {
    this.#options = options;
  }

  /** Emits the link's session if it is the one that stands. Teardown before that withdraws it. */
  enter(proven: Proven): Observable<Session> {
    const { channels, claim, onFailure } = this.#options;
    const { id, link } = proven;
    try {
      const rival = this.#offers.get(id)?.has(link.direction) ?? false;
      if (rival || channels.session(id) !== undefined) throw duplicate(id);
      claim?.(proven);
    } catch (thrown) {
      link.close(byeReasonOf(thrown));
      const text = `no place for ${id}`;
      onFailure(toRxmeshError(thrown, 'RXMESH_PEER_REFUSED', text), proven, false);
      return EMPTY;
    }
    return new Observable((subscriber) => this.#offer(proven, subscriber));
  }

  #offer(proven: Proven, subscriber: Subscriber<Session>): void {
    const { clock, timeoutMs = 10_000, channels } = this.#options;
    const session = channels.offer(proven.link, proven.id);
    const offer: Offer = { proven, session, subscriber, accepted: false };
    this.#add(offer);
    subscriber.add(() => {
      if (this.#remove(offer)) this.#refuse(offer, stopped(proven));
    });
    if (timeoutMs > 0) {
      subscriber.add(clock.schedule(() => this.#fail(offer, late(proven, timeoutMs)), timeoutMs));
    }
    subscriber.add(
      session.accepted$.subscribe(() => {
        offer.accepted = true;
        this.#settle(proven.id);
      }),
    );
    subscriber.add(
      session.ended$.subscribe((error) => this.#fail(offer, error ?? stopped(proven))),
    );
  }

  /** Decides what can be decided among the offers for one peer. */
  #settle(id: NodeId): void {
    const offers = this.#offers.get(id);
    if (offers === undefined) return;
    const preferred: Direction = prefers(this.#options.self, id, 'outbound') ? 'outbound' : 'inbound';
    const winner = offers.get(preferred) ?? [...offers.values()][0];
    if (!winner?.accepted) return;
    this.#offers.delete(id);
    for (const offer of offers.values()) {
      if (offer === winner) continue;
      this.#refuse(offer, duplicate(id));
      offer.subscriber.complete();
    }
    winner.subscriber.next(winner.session);
    winner.subscriber.complete();
  }

  #fail(offer: Offer, error: RxmeshError): void {
    if (!this.#remove(offer)) return;
    this.#refuse(offer, error);
    offer.subscriber.complete();
    this.#settle(offer.proven.id);
  }

  #refuse({ proven, session }: Offer, error: RxmeshError): void {
    session.close(byeReasonOf(error));
    this.#options.onFailure(error, proven, true);
  }

  #add(offer: Offer): void {
    const { id, link } = offer.proven;
    const offers = this.#offers.get(id) ?? new Map<Direction, Offer>();
    this.#offers.set(id, offers.set(link.direction, offer));
  }

  /** False if the offer is settled already. */
  #remove(offer: Offer): boolean {
    const { id, link } = offer.proven;
    const offers = this.#offers.get(id);
    if (offers?.get(link.direction) !== offer) return false;
    offers.delete(link.direction);
    if (offers.size === 0) this.#offers.delete(id);
    return true;
  }
}

function stopped({ id }: Proven): RxmeshError {
  return new RxmeshError('RXMESH_CONNECTION_CLOSED', `the link to ${id} was closed`, { peer: id });
}

function late({ id }: Proven, timeoutMs: number): RxmeshError {
  const text = `${id} has not accepted within ${timeoutMs} ms`;
  return new RxmeshError('RXMESH_HANDSHAKE_TIMEOUT', text, { peer: id });
}

function duplicate(id: NodeId): RxmeshError {
  const text = `another connection with ${id} stands`;
  return new RxmeshError('RXMESH_DUPLICATE_CONNECTION', text, { peer: id });
}
