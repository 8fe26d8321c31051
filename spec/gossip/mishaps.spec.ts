import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { gossip, type GossipVerdict } from 'rxmesh/gossip';
import fc from 'fast-check';
import { Observable, Subject } from 'rxjs';
import { afterMishaps, anyMishaps } from './mishaps.ts';
import { Stage } from './stage.ts';

const digests = { antiEntropyMs: 90_000 };

/** Node 1 crashes, and starts again at once. */
function restart({ net }: Stage): void {
  net.crash(1);
  net.restart(1);
  net.settle();
  net.advance(1_000);
}

describe('gossip with digests', () => {
  it('brings everything to everyone once, whatever happens to the nodes', () => {
    const seed = fc.nat({ max: 2 ** 31 });
    fc.assert(fc.property(seed, anyMishaps(8), afterMishaps), { seed: 1, numRuns: 5 });
  });

  it('brings a node its own message back that was judged while the node started again', () => {
    const verdict$ = new Subject<GossipVerdict>();
    const verdict = (): Subject<GossipVerdict> => verdict$;
    const stage = new Stage({ nodes: 2, gossip: () => ({ ...digests, verdict }) }).start();
    stage.publish(1, 'own', 100);
    restart(stage);
    verdict$.next('accept');
    stage.net.advance(100);
    verdict$.next('accept');
    expect([0, 1].map((node) => stage.texts(node))).toEqual([['own'], ['own']]);
    stage.net.stop();
  });

  it('brings a node its own message back that was on its way when it opened again', () => {
    // The message is judged while the digest is asked for.
    const verdict = (): Observable<GossipVerdict> =>
      new Observable((subscriber) => stage.net.clock.schedule(() => subscriber.next('accept'), 50));
    const stage: Stage = new Stage({
      nodes: 2,
      latencyMs: 200,
      gossip: () => ({ ...digests, verdict }),
    }).start();
    stage.net.advance(1_000);
    const { router, options } = stage.net.node(1);
    // All but the first few wait for the lane, and are dropped.
    for (let n = 0; n < 300; n += 1) stage.gossip(1).publish(`${n}`);
    stage.net.advance(20);
    stage.gossip(1).close();
    const texts: string[] = [];
    const again = { id: 9, codec: json<string>(), identity: options.identity, ...digests };
    gossip(router, again).in$.subscribe(({ message }) => texts.push(message));
    stage.net.advance(5_000);
    expect(stage.texts(0).length).toBeGreaterThan(0);
    expect(texts.toSorted()).toEqual(stage.texts(0).toSorted());
    stage.net.stop();
  });

  it('brings a message to a node as often as that starts again', () => {
    const stage = new Stage({ nodes: 2, gossip: () => digests }).start();
    stage.publish(0, 'text', 100);
    for (let times = 0; times < 6; times += 1) {
      restart(stage);
      expect(stage.texts(1)).toEqual(['text']);
    }
    expect(stage.events('peer-reported', 0)).toEqual([]);
    stage.net.stop();
  });
});
