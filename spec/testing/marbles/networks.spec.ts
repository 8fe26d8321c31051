import { describe, expect, it } from '@jest/globals';
import { block, dropOldest, json } from 'rxmesh';
import { CallError, calls } from 'rxmesh/calls';
import { broadcast, sendTo } from 'rxmesh/operators';
import { simulate, type SimulatedNodeOptions } from 'rxmesh/testing';
import { delay, filter, map, type Observable, skip } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expectIdle } from '../../support/leaks.ts';

const text = { id: 0x10, codec: json<string>() };
const texts = { id: 7, request: json<string>(), response: json<string>() };

/** The failure of a test that should fail. */
function failureOf(test: () => void): string {
  try {
    test();
  } catch (thrown) {
    if (thrown instanceof Error) return thrown.message;
  }
  throw new Error('it did not fail');
}

describe('a network in marbles', () => {
  it('delivers messages after the latency, at several nodes at once', () => {
    const net = simulate({ nodes: 3, latencyMs: (from, to) => (from + to) * 2 });
    const chat = net.openChannels(text);
    net.start();
    const startMs = net.now();
    expect(startMs).toBeGreaterThan(0);
    const values = {
      a: { from: net.node(0).id, message: 'a' },
      b: { from: net.node(0).id, message: 'b' },
      c: { from: net.node(1).id, message: 'c' },
    };
    net.run(({ hot }) => {
      hot('                         -a--b-------').pipe(broadcast()).subscribe(chat(0).out);
      hot('                         --c---------')
        .pipe(sendTo(net.node(2).id))
        .subscribe(chat(1).out);
      net.expect(chat(0).in$).toBe('------------');
      net.expect(chat(1).in$).toBe('---a--b-----', values);
      net.expect(chat(2).in$).toBe('-----a--(cb)', values);
    });
    expect(net.now() - startMs).toBe(12);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('answers a request after a round trip', () => {
    const net = simulate({ nodes: 2, latencyMs: 20 });
    const asking = calls(net.node(0).router, texts);
    const serving = calls(net.node(1).router, texts);
    net.start();
    net.run(({ cold }) => {
      const answers$ = cold('                                      5ms (a|)');
      serving.serve(() => answers$);
      net.expect(asking.call(net.node(1).id, 'request')).toBe('    45ms (a|)', { a: 'a' });
      net.expectSubscriptions(answers$.subscriptions).toBe('       20ms ^ 4ms !');
    });
    net.stop();
  });

  it('cancels a call half a round trip later', () => {
    const net = simulate({ nodes: 2, latencyMs: 2 });
    const asking = calls(net.node(0).router, texts);
    const serving = calls(net.node(1).router, texts);
    net.start();
    net.run(({ cold }) => {
      const answers$ = cold('                                 -a--b--c--d');
      serving.serve(() => answers$);
      const call$ = asking.call(net.node(1).id, 'request');
      net.expect(call$, '                                   ^-----!----').toBe('-----a');
      net.expectSubscriptions(answers$.subscriptions).toBe('--^-----!--');
    });
    net.stop();
  });

  it('fails a call with the error of its handler', () => {
    const net = simulate({ nodes: 2, latencyMs: 2 });
    const asking = calls(net.node(0).router, texts);
    const serving = calls(net.node(1).router, texts);
    net.start();
    net.run(({ cold }) => {
      serving.serve(() => cold('-a-#', undefined, new CallError('odd', 'no')));
      const call = (): Observable<string> => asking.call(net.node(1).id, 'request');
      net.expect(call()).toBe('-----a-#', undefined, { code: 'RXMESH_CALL_FAILED' });
      net.expect(call()).toBe('-----a-#');
    });
    net.stop();
  });

  it('drops what finds no room in a lane, by its strategy', () => {
    const net = simulate({ nodes: 2, latencyMs: 1 });
    const news = net.openChannels({ ...text, inbound: block(1), outbound: dropOldest(2) });
    net.start();
    const values = { a: { message: 'a' }, d: { message: 'd' }, e: { message: 'e' } };
    const drops$ = net
      .node(0)
      .router.events$.pipe(filter((event) => event.type === 'message-dropped'));
    net.run(({ hot }) => {
      hot('                         abcde---').pipe(broadcast()).subscribe(news(0).out);
      net.expect(drops$).toBe('     ---xx---', { x: { reason: 'lane-full', count: 1 } });
      net.expect(news(1).in$, '     ------^-').toBe('------a-d-e', values);
    });
    net.stop();
  });

  it('tells each node who comes and goes in a partition that heals', () => {
    const exactWaits = () => ({ peers: { retryJitterMs: 0 } });
    const net = simulate({ nodes: 3, latencyMs: 1, options: exactWaits });
    net.start();
    const peers = (node: number) => net.node(node).router.peers$.pipe(skip(2));
    const status = (node: number, value: 'up' | 'down') => ({
      id: net.node(node).id,
      status: value,
    });
    const values = {
      a: status(0, 'down'),
      b: status(1, 'down'),
      c: status(2, 'down'),
      A: status(0, 'up'),
      B: status(1, 'up'),
      C: status(2, 'up'),
    };
    net.run(() => {
      net.at('                  --p 97ms h', {
        p: () => net.partition([0], [1, 2]),
        h: () => net.heal(),
      });
      net.expect(peers(0)).toBe('--(bc) 1999ms CB---', values);
      net.expect(peers(1)).toBe('--a--- 1999ms A----', values);
      net.expect(peers(2)).toBe('--a--- 1999ms -A---', values);
    });
    net.stop();
  });

  it('runs everything of RxJS in virtual time, again and again', () => {
    const net = simulate({ nodes: 2, latencyMs: 2 });
    const chat = net.openChannels(text);
    net.start();
    const late$ = chat(1).in$.pipe(
      map(({ message }) => message),
      delay(10),
    );
    for (const message of ['a', 'b']) {
      net.run(({ cold }) => {
        cold(message).pipe(broadcast()).subscribe(chat(0).out);
        net.expect(late$).toBe(`12ms ${message}`);
      });
    }
    net.stop();
  });

  it('ends with the longest diagram, though keep-alive never ends', () => {
    const options = (): SimulatedNodeOptions => ({ keepAlive: {} });
    const net = simulate({ nodes: 2, latencyMs: 2, options });
    net.start();
    const startMs = net.now();
    let last = 0;
    net.run(({ hot }) => {
      hot('60s a').subscribe(() => (last = net.now() - startMs));
      net.at('50s -', {});
    });
    expect([last, net.now() - startMs]).toEqual([60_000, 60_001]);
    net.stop();
  });

  it('is checked by whatever lets time pass', () => {
    const net = simulate({ nodes: 2, latencyMs: 2 });
    const chat = net.openChannels(text);
    net.start();
    net.expect(chat(1).in$).toBe('--a--', { a: { message: 'x' } });
    chat(0).out.next({ broadcast: true, message: 'y' });
    net.advance(4);
    expect(failureOf(() => net.advance(1))).toMatch(/^1 of 1 diagrams differs, first at 2 ms/);
  });

  it('throws what a function of `at` throws, and refuses a letter without one', () => {
    const net = simulate({ nodes: 1 });
    expect(() =>
      net.run(() =>
        net.at('-x', {
          x: () => {
            throw new Error('odd');
          },
        }),
      ),
    ).toThrow('odd');
    expect(() => net.at('-y', {})).toThrow(
      new RangeError("a diagram has 'y', but its values do not"),
    );
  });
});

describe('a network in the marbles of another TestScheduler', () => {
  const scheduler = (): TestScheduler =>
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected));

  /** A message, and the stop of the network, with its time in the expected diagram. */
  const play = (inMarbles: TestScheduler, diagram: string): void =>
    inMarbles.run(({ hot, expectObservable }) => {
      const net = simulate({ nodes: 2, latencyMs: 3, scheduler: inMarbles });
      const chat = net.openChannels(text);
      net.start();
      const startMs = net.now();
      const texts$ = chat(1).in$.pipe(map(({ message }) => message));
      hot('                      -a').pipe(broadcast()).subscribe(chat(0).out);
      net.at('                   --------x', { x: () => net.stop() });
      net.expect(texts$).toBe(diagram);
      // RxJS counts from the beginning of its run.
      expectObservable(texts$).toBe(`${startMs}ms ----a--- 4ms |`);
    });

  it('has the same diagrams', () => {
    const inMarbles = scheduler();
    play(inMarbles, '----a---');
    expectIdle(inMarbles);
  });

  it('fails with both diagrams', () => {
    expect(failureOf(() => play(scheduler(), '---a----'))).toBe(
      [
        '1 of 1 diagrams differs, first at 3 ms (seed 1)',
        '',
        '  expected     ---a-----',
        '  actual       ----a----',
        '                  ^ at 3 ms: expected a, got nothing',
        '',
      ].join('\n'),
    );
  });

  it('has no run of its own', () => {
    const net = simulate({ nodes: 1, scheduler: scheduler() });
    expect(() => net.run(() => undefined)).toThrow('run: call that of the scheduler instead');
  });
});
