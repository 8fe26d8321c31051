import { expect } from '@jest/globals';
import type { StoreOperation } from 'rxmesh';
import type { Deliveries } from 'rxmesh/deliveries';
import fc from 'fast-check';
import { Observable } from 'rxjs';
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { Stage } from './stage.ts';

const anyOf = <T>(random: () => number, values: readonly [T, ...T[]]): T =>
  values[Math.floor(random() * values.length)] ?? values[0];

/** What may happen to the nodes, between deliveries. */
const mishapNames = [
  'cut',
  'sender dies',
  'receiver dies',
  'sender reopens',
  'receiver reopens',
  'pause',
] as const;
export type Mishap = (typeof mishapNames)[number];

/** Any of them, in any order. */
export const anyMishaps = (maxLength: number): fc.Arbitrary<Mishap[]> =>
  fc.array(fc.constantFrom(...mishapNames), { maxLength });

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Delivers numbers from 0 in order, with a sender that remembers in its store which it has posted,
 * and a receiver whose handler returns what it has handled. Both die from time to time. Checks that
 * each number was handled once and in order, and that nothing is left.
 */
export function withStores(count: number, seed: number, mishaps: readonly Mishap[]): void {
  const random = seededRandom(seed);
  const latencyMs = anyOf(random, [3, 40, 200]);
  const handlerMs = anyOf(random, [10, 100, 400]);
  const pauseMs = anyOf(random, [30, 300]);
  const stage = new Stage({ seed, stores: true, latencyMs, window: 5, retryMinMs: 2 });
  const { net } = stage;
  let posted = 0;
  const post = (service: Deliveries<number>): void => {
    while (posted < count) {
      const message = posted;
      posted += 1;
      const next: StoreOperation = { type: 'put', key: 'next', value: bytesOf(String(posted)) };
      service.deliver({ to: stage.id(1), message, operations: [next] }).subscribe({
        // The process has died.
        error: () => undefined,
      });
    }
  };
  stage.start((service, node) => {
    if (node !== 1) return;
    let handled = 0;
    service.handle(({ message, attempt }) => {
      if (random() < 0.1 && attempt < 4) throw new Error('not now');
      handled += 1;
      const key = `handled/${String(message).padStart(6, '0')}/${stage.net.now()}/${handled}`;
      const operations: StoreOperation[] = [{ type: 'put', key, value: bytesOf('') }];
      if (random() < 0.5) return operations;
      return new Observable<readonly StoreOperation[]>((subscriber) =>
        net.clock.schedule(() => {
          subscriber.next(operations);
          subscriber.complete();
        }, random() * handlerMs),
      );
    });
  });
  post(stage.service(0));
  for (const mishap of mishaps) {
    net.advance(random() * pauseMs);
    switch (mishap) {
      case 'cut':
        net.sever(0, 1);
        break;
      case 'sender dies':
      case 'receiver dies': {
        const node = mishap === 'sender dies' ? 0 : 1;
        stage.crash(node);
        net.advance(random() * pauseMs);
        net.restart(node);
        break;
      }
      case 'sender reopens':
      case 'receiver reopens':
        stage.reopen(mishap === 'sender reopens' ? 0 : 1, anyOf(random, [0, random() * 10]));
        break;
      default:
        net.advance(random() * 100);
    }
    if (random() < 0.5) net.settle();
  }
  net.settle();
  net.advance(60_000);
  const handled = stage.keys(1).filter((key) => key.startsWith('handled/'));
  expect(handled.map((key) => Number(key.split('/')[1]))).toEqual(
    Array.from({ length: count }, (_, n) => n),
  );
  // In order: the times grow with the numbers.
  const times = handled.map((key) => Number(key.split('/')[2]));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(stage.keys(0).filter((key) => key.includes('/message/'))).toEqual([]);
  expect(stage.service(0).snapshot()).toMatchObject({ messages: 0, bytes: 0 });
  expect(stage.events('source-failed', 0)).toEqual([]);
  for (const node of [0, 1]) expect(stage.events('peer-reported', node)).toEqual([]);
  net.stop();
}

/** What may happen while both nodes stay alive. */
export type Trouble = 'cut' | 'pause' | 'withdraw';

/** Any of them, in any order. */
export const anyTroubles = (maxLength: number): fc.Arbitrary<Trouble[]> =>
  fc.array(fc.constantFrom<Trouble>('cut', 'pause', 'withdraw'), { maxLength });

/**
 * Delivers numbers from 0 in order, without a store, to a handler that takes a while. Lines break
 * and the sender withdraws messages. Checks that no message is handled twice, and that each is
 * handled in order and acknowledged, unless it was withdrawn.
 */
export function withoutStores(count: number, seed: number, troubles: readonly Trouble[]): void {
  const random = seededRandom(seed);
  const latencyMs = anyOf(random, [1, 20, 200]);
  const handlerMs = anyOf(random, [0, 10, 300]);
  const stage = new Stage({ seed, latencyMs, window: anyOf(random, [1, 2, 6]), retryMinMs: 2 });
  const { net } = stage;
  const handled: number[] = [];
  stage.start((service, node) => {
    if (node !== 1) return;
    service.handle(({ message, attempt }) => {
      if (random() < 0.1 && attempt < 4) throw new Error('not now');
      return new Observable<never>((subscriber) =>
        net.clock.schedule(() => {
          handled.push(message);
          subscriber.complete();
        }, random() * handlerMs),
      );
    });
  });
  const all = Array.from({ length: count }, (_, n) => n);
  const acknowledged: number[] = [];
  const withdrawn = new Set<number>();
  const sent = all.map((message) =>
    stage
      .service(0)
      .deliver({ to: stage.id(1), message })
      .subscribe({ complete: () => acknowledged.push(message) }),
  );
  for (const trouble of troubles) {
    net.advance(random() * 400);
    if (trouble === 'cut') net.sever(0, 1);
    if (trouble === 'pause') net.advance(random() * 1_000);
    const one = Math.floor(random() * count);
    if (trouble !== 'withdraw' || sent[one]?.closed !== false) continue;
    sent[one].unsubscribe();
    withdrawn.add(one);
  }
  net.settle();
  net.advance(120_000);
  const wanted = all.filter((message) => !withdrawn.has(message));
  expect(acknowledged).toEqual(wanted);
  // A message that is withdrawn while it is on its way may be handled.
  expect(handled.filter((message) => !withdrawn.has(message))).toEqual(wanted);
  expect(handled).toEqual([...new Set(handled)]);
  expect(stage.service(0).snapshot()).toMatchObject({ messages: 0, bytes: 0 });
  expect(stage.service(1).snapshot()).toMatchObject({ handling: 0 });
  for (const node of [0, 1]) expect(stage.events('peer-reported', node)).toEqual([]);
  net.stop();
}
