import { describe, expect, it } from '@jest/globals';
import { json, type RxmeshError } from 'rxmesh';
import { deliveries, DeliveryError } from 'rxmesh/deliveries';
import { simulate } from 'rxmesh/testing';
import { catchError, ignoreElements, map, of } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

interface Diagram {
  /** The handler's work, from the moment when it is called. */
  readonly work: string;
  /** When the sender subscribes, and unsubscribes. */
  readonly sender?: string;
  /** What the sender hears; `e` is the code of an error. */
  readonly heard: string;
  /** When the handler's work is subscribed to, and left. */
  readonly handler: string | string[];
  readonly code?: string;
  readonly timeoutMs?: number;
}

/** Plays a delivery, with a latency of 2 frames, after another one has opened the way. */
function play({ work, sender, heard, handler, code, timeoutMs }: Diagram): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
    const net = simulate({ nodes: 2, scheduler });
    const options = { id: 7, codec: json<string>(), retryMinMs: 3, maxAttempts: 2 };
    const sending = deliveries(net.node(0).router, options);
    const receiving = deliveries(net.node(1).router, options);
    const work$ = cold(work, undefined, new DeliveryError('odd', 'no'));
    receiving.handle(({ message }) => (message === 'a' ? work$.pipe(ignoreElements()) : of()));
    net.start();
    const to = net.node(1).id;
    sending.deliver({ to, message: 'first' }).subscribe();
    net.advance(0);
    net.latencyMs = 2;
    cold('---------------------(x|)').subscribe(() => net.stop());

    const delivered$ = sending.deliver({ to, message: 'a', timeoutMs }).pipe(
      map(({ message }) => message),
      catchError((error: unknown) => of((error as RxmeshError).code)),
    );
    expectObservable(delivered$, sender).toBe(heard, { a: 'a', e: code });
    expectSubscriptions(work$.subscriptions).toBe(handler);
  });
}

describe('a delivery, as a diagram', () => {
  it('completes a round trip after the handler began, if that is immediate', () =>
    play({
      work: '   |     ',
      handler: '--(^!)    ',
      heard: '  ----(a|)',
    }));

  it('completes when the handler has completed', () =>
    play({
      work: '   ---|      ',
      handler: '--^--!      ',
      heard: '  -------(a|)',
    }));

  it('fails when the handler gives up', () =>
    play({
      work: '   -#      ',
      handler: '--^!      ',
      heard: '  -----(e|)',
      code: 'RXMESH_DELIVERY_FAILED',
    }));

  it('fails when its time is over, while the handler goes on', () =>
    play({
      timeoutMs: 4,
      work: '   -----|    ',
      handler: '--^----!    ',
      heard: '  ----(e|)  ',
      code: 'RXMESH_DELIVERY_TIMEOUT',
    }));

  it('that is unsubscribed from is not heard of again', () =>
    play({
      work: '   -----|    ',
      sender: ' ^---!      ',
      handler: '--^----!    ',
      heard: '  -----------',
    }));
});
