import { expect } from '@jest/globals';
import type { StoreOperation } from 'rxmesh';
import type { Deliveries } from 'rxmesh/deliveries';
import fc from 'fast-check';
import { Observable } from 'rxjs';
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { Stage } from './stage.ts';

/** What may happen to the nodes, between deliveries. */
export type Mishap = 'cut' | 'sender dies' | 'receiver dies' | 'pause';

/** Any of them, in any order. */
export const anyMishaps = (maxLength: number): fc.Arbitrary<Mishap[]> =>
  fc.array(fc.constantFrom<Mishap>('cut', 'sender dies', 'receiver dies', 'pause'), { maxLength });

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Delivers numbers from 0 in order, with a sender that remembers in its store which it has posted,
 * and a receiver whose handler returns what it has handled. Both die from time to time. Checks that
 * each number was handled once and in order, and that nothing is left.
 */
export function withStores(count: number, seed: number, mishaps: readonly Mishap[]): void {
  const random = seededRandom(seed);
  const stage = new Stage({ seed, stores: true, latencyMs: 3, window: 5, retryMinMs: 2 });
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
        }, random() * 10),
      );
    });
  });
  post(stage.service(0));
  for (const mishap of mishaps) {
    net.advance(random() * 30);
    switch (mishap) {
      case 'cut':
        net.sever(0, 1);
        break;
      case 'sender dies':
      case 'receiver dies': {
        const node = mishap === 'sender dies' ? 0 : 1;
        stage.crash(node);
        net.advance(random() * 30);
        net.restart(node);
        break;
      }
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
  net.stop();
}
