import { expect } from '@jest/globals';
import { json } from 'rxmesh';
import { gossip, type Gossip } from 'rxmesh/gossip';
import { simulate } from 'rxmesh/testing';
import fc from 'fast-check';
import { Observable } from 'rxjs';
import { seededRandom } from '../../lib/testing/seeded-random.ts';

/** A lost connection comes back soon. */
const soonAgain = { retryMinMs: 10, retryMaxMs: 2_000, retryJitterMs: 0, disconnectCooldownMs: 10 };

const mishapNames = ['cut', 'reopen', 'crash', 'silent crash', 'pause', 'publish', 'many'] as const;

/** What happens to one of the nodes, or what it does. */
export type Mishap = (typeof mishapNames)[number];

/** Any of them, in any order. */
export const anyMishaps = (maxLength: number): fc.Arbitrary<Mishap[]> =>
  fc.array(fc.constantFrom(...mishapNames), { maxLength });

const anyOf = <T>(random: () => number, values: readonly [T, ...T[]]): T =>
  values[Math.floor(random() * values.length)] ?? values[0];

/**
 * Up to five nodes gossip, with digests, at any distance and with verdicts that take a while.
 * Checks that in the end each node has each message that any node has, once, and that nobody is
 * blamed.
 */
export function afterMishaps(seed: number, mishaps: readonly Mishap[]): void {
  const random = seededRandom(seed);
  const nodes = anyOf(random, [2, 3, 5]);
  const latencyMs = anyOf(random, [1, 30, 200]);
  const verdictMs = anyOf(random, [0, 50, 500]);
  const net = simulate({ nodes, seed, latencyMs, options: () => ({ peers: soonAgain }) });
  const heard: string[][] = [];
  /** What each node has published since it has opened its gossip. */
  const own: string[][] = [];
  const services: Gossip<string>[] = [];
  const opens: (() => void)[] = [];
  const judged = (): Observable<'accept'> =>
    new Observable((subscriber) =>
      net.clock.schedule(() => subscriber.next('accept'), random() * verdictMs),
    );
  net.setUp(({ router, options: { identity }, index }) => {
    const verdict = (): 'accept' | Observable<'accept'> => (verdictMs > 0 ? judged() : 'accept');
    const digests = { antiEntropyMs: 100_000, announcedMax: 512 };
    const open = (): void => {
      const service = gossip(router, {
        ...digests,
        id: 9,
        codec: json<string>(),
        identity,
        verdict,
      });
      const texts: string[] = [];
      service.in$.subscribe(({ message }) => texts.push(message));
      heard[index] = texts;
      own[index] = [];
      services[index] = service;
    };
    opens[index] = open;
    open();
  });
  net.start();

  let published = 0;
  const publish = (node: number): void => {
    published += 1;
    const text = `text ${published}`;
    services[node]?.publish(text);
    own[node]?.push(text);
  };
  for (const mishap of mishaps) {
    net.advance(random() * 600);
    const node = Math.floor(random() * nodes);
    switch (mishap) {
      case 'cut':
        net.sever(node, (node + 1) % nodes);
        break;
      case 'reopen':
        services[node]?.close();
        net.advance(anyOf(random, [0, random() * 300]));
        opens[node]?.();
        break;
      case 'crash':
      case 'silent crash':
        net.crash(node, { silently: mishap === 'silent crash' });
        net.advance(random() * 1_000);
        net.restart(node);
        break;
      case 'pause':
        net.advance(random() * 2_000);
        break;
      case 'publish':
        publish(node);
        break;
      default:
        for (let n = 0; n < 300; n += 1) publish(node);
    }
  }
  net.settle();
  net.advance(20_000);

  const all = [...new Set([...heard, ...own].flat())].toSorted();
  for (let node = 0; node < nodes; node += 1) {
    expect([...(heard[node] ?? []), ...(own[node] ?? [])].toSorted()).toEqual(all);
  }
  const blamed = net.log.filter(
    ({ event }) => event.type === 'peer-reported' && event.severity !== 'note',
  );
  expect(blamed).toEqual([]);
  net.stop();
}
