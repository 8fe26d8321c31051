import { catchError, map, of } from 'rxjs';
import { Flow, flowFrom, type NodeId } from '../index.ts';
import { boundedMergeMap } from '../../operators/index.ts';
import type { CallBoard } from './call-board.ts';

/** A peer that can be called. */
export interface Candidate {
  readonly id: NodeId;
  /** How many calls to it have not ended. */
  readonly pending: number;
  /** The last round trip of a ping to it, in milliseconds; `undefined` before the first one. */
  readonly roundTripMs: number | undefined;
}

/** Chooses the peer for a call. There is at least one candidate. */
export type PeerPick = (candidates: readonly Candidate[]) => NodeId;

/** What a peer answers a call to all: one of its answers, or the error of its call. */
export type FromPeer<Response> =
  | { readonly from: NodeId; readonly response: Response; readonly error?: never }
  | { readonly from: NodeId; readonly error: unknown; readonly response?: never };

/** Picks one candidate after another, in the order in which they came up. */
export function roundRobin(): PeerPick {
  let turn = -1;
  return (candidates) => {
    turn = (turn + 1) % candidates.length;
    return idAt(candidates, turn);
  };
}

/** Picks the candidate with the fewest pending calls; of several, one after another. */
export function leastPending(): PeerPick {
  const inTurn = roundRobin();
  return (candidates) => {
    const least = Math.min(...candidates.map(({ pending }) => pending));
    return inTurn(candidates.filter(({ pending }) => pending === least));
  };
}

/**
 * Picks the candidate with the lowest round trip; of several, one after another. Those that have
 * not answered a ping yet come last: see `keepAlive.intervalMs`.
 */
export function lowestRoundTrip(): PeerPick {
  const inTurn = roundRobin();
  return (candidates) => {
    const trips = candidates.map(({ roundTripMs = Infinity }) => roundTripMs);
    const lowest = Math.min(...trips);
    return inTurn(candidates.filter((_, index) => trips[index] === lowest));
  };
}

function idAt(candidates: readonly Candidate[], index: number): NodeId {
  const candidate = candidates[index];
  if (candidate === undefined) throw new RangeError('pick: there is no candidate');
  return candidate.id;
}

/** A call to the peer that `pick` chooses on subscription. */
export function callOne<Response>(
  board: CallBoard,
  pick: PeerPick,
  call: (to: NodeId) => Flow<Response>,
): Flow<Response> {
  const { origin } = board;
  return new Flow<Response>(
    (sink) => {
      const candidates = candidatesOf(board);
      if (candidates.length === 0) throw board.nobody();
      return call(pick(candidates)).consume(sink);
    },
    undefined,
    origin,
  );
}

/** Calls to all peers, merged. */
export function callEach<Response>(
  board: CallBoard,
  call: (to: NodeId) => Flow<Response>,
): Flow<FromPeer<Response>> {
  const { origin } = board;
  const from = (id: NodeId): Flow<FromPeer<Response>> =>
    call(id).pipe(
      map((response): FromPeer<Response> => ({ from: id, response })),
      catchError((error: unknown) => of<FromPeer<Response>>({ from: id, error })),
    );
  const merged = (): Flow<FromPeer<Response>> => {
    if (board.closed !== undefined) throw board.closed;
    const ids = candidatesOf(board).map(({ id }) => id);
    return boundedMergeMap(from, { concurrency: Math.max(1, ids.length) })(flowFrom(ids));
  };
  return new Flow<FromPeer<Response>>(
    (sink) => merged().consume(sink),
    // With demand, a peer is asked for one answer at a time; this takes them as they come.
    (subscriber) => merged().subscribe(subscriber),
    origin,
  );
}

function candidatesOf(board: CallBoard): readonly Candidate[] {
  // Walks all peers of the router, so only for a pick that looks at the round trips.
  let trips: ReadonlyMap<NodeId, number | undefined> | undefined;
  return Array.from(board.peers.values(), ({ id, asking }) => ({
    id,
    pending: asking,
    get roundTripMs() {
      return (trips ??= board.roundTrips()).get(id);
    },
  }));
}
