import {
  defer,
  filter,
  finalize,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  Subject,
  switchMap,
  takeUntil,
  tap,
} from 'rxjs';
import { ofKind } from '../../operators/of-kind.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { reply } from '../../operators/reply.ts';
import { after, type Clock } from '../flow/clock.ts';
import { block, dropNewest, dropOldest } from '../flow/strategy.ts';
import { formatNodeAddress } from '../model/address.ts';
import type { NodeId } from '../model/id.ts';
import { meshDialect } from './mesh-dialect.ts';
import { fitting } from './fitting.ts';
import type { Blame, ExchangeNode } from './node.ts';
import type { ExchangeOptions } from './options.ts';
import { Questions } from './questions.ts';

/** What peer exchange depends on besides the node. */
export interface ExchangeRuntime {
  readonly clock: Clock;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
  /** Whether there is hardly room for more peers: then questions are rare. */
  readonly isFull: () => boolean;
}

/** How many questions a peer may ask at once, and the time after which it may ask another. */
const asksAtOnce = 4;
const askEveryMs = 5_000;
/** How long a seed lets an answer travel before it hangs up, in milliseconds. */
const hangUpMs = 1_000;
/** How long a seed waits for a question, in milliseconds. */
const questionMs = 60_000;
/** The most newcomers that a full node lets in at a time, so that they can ask. */
export const visitorsMax = 8;
/** How long such a visitor has for its question, in milliseconds. */
const visitMs = 2_000;
/** How many questions may wait for the lanes to take them. */
const questionsMax = 1_024;

/**
 * Peer exchange, a reactor: asks every connected peer for addresses of other nodes, learns them,
 * and answers such questions. With it, knowing one address is enough. It runs as long as it is
 * subscribed, and never emits.
 *
 *     peer is up  ─▶ ask ─▶ pause ─▶ ask ─▶ longer pause ─▶ …      until the peer is down
 *     ask from a peer ─▶ rate limit ─▶ answer
 *     answer from a peer ─▶ was it asked? ─▶ learn each address
 *
 * A seed hangs up on every peer that it has answered, and any node on its visitors: those that it
 * let in although it is full.
 *
 * A peer is reported if it asks too often, answers without being asked, does not answer, or sends
 * something that is not an address.
 */
export function peerExchange(
  node: ExchangeNode,
  runtime: ExchangeRuntime,
  { dialect = meshDialect, channel: id = dialect.channel, seed = false }: ExchangeOptions = {},
): Observable<never> {
  const { clock } = runtime;
  return defer(() => {
    const { codec, messageBytesMax, addressesMax } = dialect;
    const channel = node.openChannel({
      id,
      codec,
      inbound: block(asksAtOnce),
      // A peer that does not read has no use for an old answer.
      outbound: dropNewest(asksAtOnce),
      messageBytesMax,
    });
    const blame: Blame = (peer, reason) =>
      channel.reports.next({ peer, severity: 'penalize', reason });
    const questions = new Questions(node, blame, { ...runtime, pauses: dialect });
    const answered$ = new Subject<NodeId>();

    const isVisitor = (peer: NodeId): boolean => node.peers.get(peer)?.isVisitor === true;
    const ups$ = node.peers$.pipe(filter(({ status }) => status === 'up'));

    const asks$ = ups$.pipe(
      filter(({ channels, id: peer }) => channels.includes(id) && !isVisitor(peer)),
      map(({ id: peer }) => peer),
      mergeMap((peer) => questions.to(peer).pipe(takeUntil(downOf(node, peer)))),
      pipeTo(channel, { absent: 'drop', buffer: dropOldest(questionsMax) }),
    );

    const learned$ = channel.in$.pipe(
      ofKind('answer'),
      tap(({ from, message }) => questions.answered(from, message.addresses)),
    );

    const answers$ = channel.in$.pipe(
      ofKind('ask'),
      rateLimit({
        perSecond: 1_000 / askEveryMs,
        burst: asksAtOnce,
        key: ({ from }) => from,
        clock,
        onDrop: ({ from }) => blame(from, 'it asks for addresses too often'),
      }),
      reply((_, { from }) => {
        const addresses = node.peers.advertised(from, addressesMax).map(formatNodeAddress);
        return { kind: 'answer', addresses: fitting(addresses, messageBytesMax) };
      }),
      tap(({ to }) => answered$.next(to)),
      pipeTo(channel, { absent: 'drop' }),
    );

    const guests$ = ups$.pipe(
      map(({ id: peer }) => peer),
      filter((peer) => seed || isVisitor(peer)),
    );
    const hangUps$ = guests$.pipe(
      mergeMap((peer) => {
        const patienceMs = isVisitor(peer) ? visitMs : questionMs;
        return stayOf(peer, patienceMs, answered$, clock).pipe(
          filter(() => isVisitor(peer) || node.peers.get(peer)?.isChosen !== true),
          tap(() => node.peers.disconnect(peer)),
          takeUntil(downOf(node, peer)),
        );
      }),
    );

    return merge(asks$, learned$, answers$, hangUps$).pipe(
      ignoreElements(),
      finalize(() => channel.close()),
    );
  });
}

/** Emits when a guest has had time to read its answer, or has not asked for `patienceMs`. */
function stayOf(
  peer: NodeId,
  patienceMs: number,
  answered$: Observable<NodeId>,
  clock: Clock,
): Observable<void> {
  const answer$ = answered$.pipe(filter((answered) => answered === peer));
  const read$ = answer$.pipe(switchMap(() => after(clock, hangUpMs)));
  return merge(read$, after(clock, patienceMs));
}

function downOf({ peers$ }: ExchangeNode, peer: NodeId): Observable<unknown> {
  return peers$.pipe(filter(({ id, status }) => id === peer && status === 'down'));
}
