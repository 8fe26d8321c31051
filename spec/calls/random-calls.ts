import { expect } from '@jest/globals';
import { type Clock, flowFrom, type RouterLike } from 'rxmesh';
import { type Answers, CallError, calls, type Calls, type IncomingCall } from 'rxmesh/calls';
import { simulate } from 'rxmesh/testing';
import { NEVER, Observable } from 'rxjs';
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { codecs, pair } from './stage.ts';

/** Answers of many kinds: a request is 1,000 times its number, plus how many answers it gets. */
function answersTo(
  { request, signal }: IncomingCall<number>,
  random: () => number,
  clock: Clock,
): Answers<number> {
  const count = request % 1_000;
  const values = Array.from({ length: count }, (_, i) => request * 1_000 + i);
  switch (Math.floor(random() * 6)) {
    case 0:
      return flowFrom(values);
    case 1:
      return values.values();
    case 2:
      return NEVER;
    case 3:
      if (count === 0) throw new CallError('none', 'no answers');
      return signal.aborted ? undefined : request * 1_000;
    default:
      return new Observable((subscriber) => {
        let next = 0;
        const emit = (): void => {
          const value = values[next++];
          if (value === undefined) subscriber.complete();
          else subscriber.next(value);
          if (!subscriber.closed) timer = clock.schedule(emit, random() * 4);
        };
        let timer = clock.schedule(emit, random() * 4);
        return () => timer.unsubscribe();
      });
  }
}

/**
 * Makes many calls over a line of random latency, which both nodes make to each other and cancel at
 * random points. From time to time, cuts the line, freezes a node, or closes a service and opens it
 * again. Checks the rules of Reactive Streams for each call, and that nothing is left.
 */
export function cancelAtRandom(count: number, seed: number): void {
  const random = seededRandom(seed);
  const farMs = [1, 5, 100, 400][Math.floor(random() * 4)] ?? 1;
  const net = simulate({ nodes: 2, seed, latencyMs: (_from, _to, any) => (1 + any()) * farMs });
  let running = 0;
  const open = (router: RouterLike): Calls<number, number> => {
    const service = calls(router, { id: 7, ...codecs, maxCalls: 200 });
    service.serve((call) => {
      const answers = answersTo(call, random, net.clock);
      return answers instanceof Observable
        ? new Observable((subscriber) => {
            running += 1;
            subscriber.add(() => (running -= 1));
            answers.subscribe(subscriber);
          })
        : answers;
    });
    return service;
  };
  const services = net.nodes.map(({ router }) => open(router));
  net.start();

  let ends = 0;
  for (let number = 1; number <= count; number += 1) {
    const from = number % 2;
    const request = number * 1_000 + Math.floor(random() * 5);
    const timeoutMs = random() < 0.3 ? random() * 8 * farMs + 1 : undefined;
    let wanted = 0;
    let next = 0;
    let isOver = false;
    const end = (): void => {
      if (isOver) throw new Error('a second end');
      isOver = true;
      ends += 1;
    };
    const call = services[from]?.call(net.node(1 - from).id, request, { timeoutMs });
    const demand = call?.consume({
      next: (value) => {
        wanted -= 1;
        if (isOver || wanted < 0 || value !== request * 1_000 + next) {
          throw new Error(`call ${request}: ${value} is wrong`);
        }
        next += 1;
      },
      error: end,
      complete: end,
    });
    const ask = (): void => {
      if (isOver) return;
      const more = 1 + Math.floor(random() * 3);
      wanted += more;
      demand?.request(more);
    };
    ask();
    net.clock.schedule(ask, random() * 4 * farMs);
    net.clock.schedule(
      () => {
        if (!isOver) ends += 1;
        isOver = true;
        demand?.unsubscribe();
      },
      random() * 12 * farMs,
    );
    if (random() < 0.2) net.advance(random() * farMs);
    const one = Math.floor(random() * 2);
    if (random() < 3 / count) net.freeze(one, random() * 1_000);
    if (random() < 6 / count) {
      services[one]?.close();
      net.advance(random() < 0.5 ? 0 : random() * 2 * farMs);
      services[one] = open(net.node(one).router);
    }
    if (random() < 5 / count) net.network.sever(net.node(0).id, net.node(1).id);
  }
  net.advance(60_000);

  expect(ends).toBe(count);
  for (const service of services)
    expect(service.snapshot()).toMatchObject({ asking: 0, serving: 0 });
  expect(running).toBe(0);
  expect(net.log.filter(({ event }) => event.type === 'peer-reported')).toEqual([]);
  // Also checks that no timer is left.
  net.stop();
}

/** Checks that calls that are cancelled in one turn, before they start and after, leave nothing. */
export function cancelAtOnce(count: number): void {
  const { net, asking, serving, to } = pair();
  let left = 0;
  let begun = 0;
  serving.serve(() => {
    begun += 1;
    return new Observable(() => () => (left += 1));
  });
  const codes = new Map<unknown, number>();
  const note = (error: unknown): void => {
    const code: unknown = Reflect.get(error as object, 'code');
    codes.set(code, (codes.get(code) ?? 0) + 1);
  };
  for (let n = 0; n < count; n += 1) {
    asking.call(to, n).subscribe({ error: note }).unsubscribe();
  }
  const running = Array.from({ length: count }, (_, n) =>
    asking.call(to, n).subscribe({ error: note }),
  );
  for (const subscription of running) subscription.unsubscribe();
  net.advance(1_000);
  expect(left).toBe(begun);
  expect([asking.snapshot().asking, serving.snapshot().serving]).toEqual([0, 0]);
  expect([...codes.keys()]).toEqual(['RXMESH_TOO_MANY_CALLS']);
  net.stop();
}
