import { describe, expect, it } from '@jest/globals';
import { boundedMergeMap } from 'rxmesh/operators';
import { flowFrom } from 'rxmesh';
import { Observable } from 'rxjs';
import { idle, Stage } from './stage.ts';

describe('demand', () => {
  it('of a slow handler holds the source back, through the window and boundedMergeMap', () => {
    const stage = new Stage({ window: 4 });
    stage.start();
    let running = 0;
    stage.service(1).handle(
      () =>
        new Observable((subscriber) => {
          running += 1;
          expect(running).toBe(1);
          return stage.net.clock.schedule(() => {
            running -= 1;
            subscriber.complete();
          }, 100);
        }),
    );
    let pulled = 0;
    function* numbers(): Generator<number> {
      for (;;) yield pulled++;
    }
    let delivered = 0;
    const subscription = flowFrom(numbers())
      .pipe(
        boundedMergeMap((message) => stage.service(0).deliver({ to: stage.id(1), message }), {
          concurrency: 10,
        }),
      )
      .subscribe(() => (delivered += 1));
    stage.net.advance(1_050);
    expect(delivered).toBe(10);
    expect(pulled).toBe(20);
    expect(stage.service(0).snapshot().messages).toBe(10);
    subscription.unsubscribe();
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.advance(10_000);
    stage.net.stop();
  });

  it('does not wait for a round trip every few messages: a long line is full', () => {
    const stage = new Stage({ latencyMs: 50 });
    stage.start();
    let handled = 0;
    stage.service(1).handle(() => {
      handled += 1;
    });
    stage.net.advance(1_000);
    for (let n = 0; n < 1_000; n += 1) stage.deliver(n);
    // A round trip to begin, and two for the messages: at first, little is sent on an unknown line.
    stage.net.advance(301);
    expect(handled).toBe(1_000);
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });

  it('lets handlers run for several peers at a time, as many as concurrency allows', () => {
    const stage = new Stage({ nodes: 4, concurrency: 2 });
    stage.start();
    let running = 0;
    let most = 0;
    const handled: number[] = [];
    stage.service(0).handle(
      ({ message }) =>
        new Observable((subscriber) => {
          running += 1;
          most = Math.max(most, running);
          return stage.net.clock.schedule(() => {
            running -= 1;
            handled.push(message);
            subscriber.complete();
          }, 10);
        }),
    );
    for (let node = 1; node <= 3; node += 1) {
      for (let n = 0; n < 5; n += 1) {
        const message = 10 * node + n;
        stage
          .service(node)
          .deliver({ to: stage.id(0), message })
          .subscribe();
      }
    }
    stage.net.advance(60);
    // Each peer has had its turn.
    expect(new Set(handled.map((n) => Math.floor(n / 10)))).toEqual(new Set([1, 2, 3]));
    stage.net.advance(1_000);
    expect(most).toBe(2);
    expect(handled.length).toBe(15);
    for (let node = 1; node <= 3; node += 1) {
      const own = handled.filter((n) => Math.floor(n / 10) === node);
      expect(own).toEqual([0, 1, 2, 3, 4].map((n) => 10 * node + n));
    }
    stage.net.stop();
  });
});
