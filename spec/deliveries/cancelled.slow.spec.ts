import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { deliveries } from 'rxmesh/deliveries';
import { simulate } from 'rxmesh/testing';
import { Observable, type Subscription } from 'rxjs';
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { runs, size } from '../support/runs.ts';
import { idle, Stage } from './stage.ts';

describe('deliveries that are cancelled at random points', () => {
  it.each([1, 2, 3].slice(0, runs(3)))(
    'leave nothing, over a line that is cut (seed %i)',
    (seed) => {
      const count = size(1_000, 300);
      const random = seededRandom(seed);
      const peers = { retryMinMs: 10, retryMaxMs: 20, retryJitterMs: 0, disconnectCooldownMs: 10 };
      const net = simulate({
        nodes: 2,
        seed,
        latencyMs: (_from, _to, any) => any() * 10,
        options: () => ({ peers }),
      });
      let running = 0;
      const handled: number[][] = [[], []];
      const services = net.nodes.map(({ router }, node) => {
        const service = deliveries(router, {
          id: 7,
          codec: json<number>(),
          retryMinMs: 1,
          window: 8,
        });
        service.handle(({ message }) => {
          if (random() < 0.1) throw new Error('not now');
          if (random() < 0.5) {
            handled[node]?.push(message);
            return undefined;
          }
          return new Observable((subscriber) => {
            running += 1;
            subscriber.add(() => (running -= 1));
            return net.clock.schedule(() => {
              handled[node]?.push(message);
              subscriber.complete();
            }, random() * 5);
          });
        });
        return service;
      });
      net.start();
      const done: number[][] = [[], []];
      const kept: Subscription[] = [];
      for (let number = 1; number <= count; number += 1) {
        const from = number % 2;
        const timeoutMs = random() < 0.3 ? random() * 40 + 1 : undefined;
        const subscription = services[from]
          ?.deliver({ to: net.node(1 - from).id, message: number, timeoutMs })
          .subscribe({ next: () => done[1 - from]?.push(number), error: () => undefined });
        if (subscription === undefined) throw new RangeError('there is no service');
        kept.push(subscription);
        if (random() < 0.4) net.clock.schedule(() => subscription.unsubscribe(), random() * 60);
        if (random() < 0.5) net.advance(random() * 3);
        if (random() < 0.02) net.sever(0, 1);
      }
      net.settle();
      net.advance(60_000);
      for (const node of [0, 1]) {
        const all = handled[node] ?? [];
        // Once, in order, and everything of which the sender has heard.
        expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
        expect((done[node] ?? []).filter((number) => !all.includes(number))).toEqual([]);
        expect(all.length).toBeGreaterThan(count / 10);
        expect(services[node]?.snapshot()).toMatchObject({ messages: 0, bytes: 0, handling: 0 });
      }
      expect(running).toBe(0);
      expect(kept.filter(({ closed }) => !closed)).toEqual([]);
      // Throws if a timer is left.
      net.stop();
    },
  );
});

describe('many deliveries that are withdrawn in one turn', () => {
  it('leave nothing in the outbox', () => {
    const many = size(10_000, 1_000);
    const stage = new Stage({ stores: true });
    stage.start();
    stage.crash(1);
    for (let n = 0; n < many; n += 1) stage.deliver(n).unsubscribe();
    expect(stage.service(0).snapshot()).toEqual(idle);
    expect(stage.keys(0)).toEqual([]);
    stage.net.restart(1);
    stage.net.settle();
    stage.service(1).handle(() => undefined);
    for (let n = 0; n < many; n += 1) stage.deliver(n).unsubscribe();
    stage.deliver(7);
    stage.net.advance(1_000);
    expect(stage.heard).toEqual([expect.stringContaining('7 is handled')]);
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });
});
