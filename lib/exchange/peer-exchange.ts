import {
  defer,
  EMPTY,
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
import { addressesMax, exchangeCodec, messageBytesMax } from './messages.ts';
import type { Blame, ExchangeNode } from './node.ts';
import type { ExchangeOptions } from './options.ts';
import { Questions } from './questions.ts';

/** The times and chances of a node. */
export interface ExchangeRuntime {
  readonly clock: Clock;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
}

/** How many questions a peer may ask at once, and the time after which it may ask another. */
const asksAtOnce = 4;
const askEveryMs = 5_000;
/** How long a seed lets an answer travel before it hangs up, in milliseconds. */
const hangUpMs = 1_000;
/** How long a seed waits for a question, in milliseconds. */
const questionMs = 60_000;
/** How many questions may wait for the lanes to take them. */
const questionsMax = 1_024;

/**
 * Peer exchange, a reactor: asks every connected peer for addresses of other nodes, learns them, and
 * answers such questions. With it, knowing one address is enough. It runs as long as it is
 * subscribed, and never emits.
 *
 *     peer is up  ─▶ ask ─▶ pause ─▶ ask ─▶ longer pause ─▶ …      until the peer is down
 *     ask from a peer ─▶ rate limit ─▶ answer
 *     answer from a peer ─▶ was it asked? ─▶ learn each address
 *
 * A peer is reported if it asks too often, answers without being asked, does not answer, or sends
 * something that is no address.
 */
export function peerExchange(
  node: ExchangeNode,
  { clock, random }: ExchangeRuntime,
  { channel: id = 0, seed = false }: ExchangeOptions = {},
): Observable<never> {
  return defer(() => {
    const channel = node.openChannel({
      id,
      codec: exchangeCodec,
      inbound: block(asksAtOnce),
      // A peer that does not read has no use for an old answer.
      outbound: dropNewest(asksAtOnce),
      messageBytesMax,
    });
    const blame: Blame = (peer, reason) =>
      channel.reports.next({ peer, severity: 'penalize', reason });
    const questions = new Questions(node, blame, clock, random);
    const answered$ = new Subject<NodeId>();

    const ups$ = node.peers$.pipe(
      filter(({ status, channels }) => status === 'up' && channels.includes(id)),
      map(({ id: peer }) => peer),
    );

    const asks$ = ups$.pipe(
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
        return { kind: 'answer', addresses };
      }),
      tap(({ to }) => answered$.next(to)),
      pipeTo(channel, { absent: 'drop' }),
    );

    const hangUps$ = seed ? ups$.pipe(hangUp(node, answered$, clock)) : EMPTY;

    return merge(asks$, learned$, answers$, hangUps$).pipe(
      ignoreElements(),
      finalize(() => channel.close()),
    );
  });
}

/** Disconnects each peer after its answer, or when it has not asked for long. */
function hangUp(node: ExchangeNode, answered$: Observable<NodeId>, clock: Clock) {
  return (ups$: Observable<NodeId>): Observable<unknown> =>
    ups$.pipe(
      mergeMap((peer) => {
        const answer$ = answered$.pipe(filter((answered) => answered === peer));
        const read$ = answer$.pipe(switchMap(() => after(clock, hangUpMs)));
        return merge(read$, after(clock, questionMs)).pipe(
          tap(() => node.peers.get(peer)?.isChosen === true || node.peers.disconnect(peer)),
          takeUntil(downOf(node, peer)),
        );
      }),
    );
}

function downOf({ peers$ }: ExchangeNode, peer: NodeId): Observable<unknown> {
  return peers$.pipe(filter(({ id, status }) => id === peer && status === 'down'));
}
