import { describe, expect, it } from '@jest/globals';
import { DeliveryError } from 'rxmesh/deliveries';
import fc from 'fast-check';
import { Subject } from 'rxjs';
import { anyMishaps, anyTroubles, withoutStores, withStores } from './restarts.ts';
import { Stage } from './stage.ts';

describe('with stores', () => {
  it('each message is handled exactly once and in order, whatever dies in between', () => {
    const seed = fc.nat({ max: 2 ** 31 });
    fc.assert(fc.property(fc.nat({ max: 40 }), seed, anyMishaps(8), withStores), {
      seed: 1,
      numRuns: 4,
    });
  });

  it('the sender goes on with what it had posted', () => {
    const stage = new Stage({ stores: true });
    stage.start();
    stage.crash(1);
    for (let n = 0; n < 3; n += 1) stage.deliver(n);
    stage.crash(0);
    const handled: number[] = [];
    stage.setUps.push((service, node) => {
      if (node === 1) service.handle(({ message }) => void handled.push(message));
    });
    stage.net.restart(0);
    stage.net.restart(1);
    stage.net.settle();
    expect(stage.service(0).snapshot().messages).toBe(3);
    stage.net.advance(100);
    expect(handled).toEqual([0, 1, 2]);
    expect(stage.keys(0).filter((key) => key.includes('/message/'))).toEqual([]);
    stage.net.stop();
  });
});

describe('without stores', () => {
  it('each message is handled at most once and in order, whatever the lines do', () => {
    const seed = fc.nat({ max: 2 ** 31 });
    const count = fc.nat({ max: 20 });
    fc.assert(fc.property(count, seed, anyTroubles(8), withoutStores), { seed: 1, numRuns: 20 });
  });

  // When the connection is back, the receiver says that it has not handled the message yet, so the
  // message is sent again. Meanwhile, its handler completes, or fails.
  it.each([
    ['completes', undefined, '1 is handled'],
    ['fails', new DeliveryError('odd', 'no'), '1 RXMESH_DELIVERY_FAILED "odd" no'],
  ])('a handler that %s while its message comes again is not called again', (_, failure, told) => {
    for (let workMs = 100; workMs <= 1_000; workMs += 20) {
      const stage = new Stage({ latencyMs: 50 });
      const work$ = new Subject<never>();
      let calls = 0;
      stage.start((service, node) => {
        if (node !== 1) return;
        service.handle(() => {
          calls += 1;
          return work$;
        });
      });
      stage.deliver(1);
      stage.net.advance(200);
      stage.net.sever(0, 1);
      stage.net.advance(workMs);
      if (failure === undefined) work$.complete();
      else work$.error(failure);
      stage.net.advance(1_000);
      expect([workMs, calls]).toEqual([workMs, 1]);
      expect(stage.heard).toEqual([expect.stringContaining(told)]);
      stage.net.stop();
    }
  });

  it('a sender that starts again is not mistaken for the one before', () => {
    const stage = new Stage();
    const handled: number[] = [];
    stage.start((service, node) => {
      if (node === 1) service.handle(({ message }) => void handled.push(message));
    });
    for (let n = 0; n < 5; n += 1) stage.deliver(n);
    stage.net.advance(100);
    stage.crash(0);
    stage.net.restart(0);
    stage.net.settle();
    // Its numbers begin at 1 again, and are not those of before.
    for (let n = 5; n < 8; n += 1) stage.deliver(n);
    stage.net.advance(100);
    expect(handled).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    stage.net.stop();
  });

  it('a receiver that starts again gets what was not acknowledged, and nothing else', () => {
    const stage = new Stage();
    const handled: number[] = [];
    stage.start((service, node) => {
      if (node === 1) service.handle(({ message }) => void handled.push(message));
    });
    for (let n = 0; n < 5; n += 1) stage.deliver(n);
    stage.net.advance(100);
    stage.crash(1);
    for (let n = 5; n < 8; n += 1) stage.deliver(n);
    stage.net.restart(1);
    stage.net.settle();
    stage.net.advance(100);
    expect(handled).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    stage.net.stop();
  });
});
