import { describe, expect, it } from '@jest/globals';
import { type Flow, flowFrom, json, type NodeId } from 'rxmesh';
import {
  type Answers,
  CallError,
  calls,
  type Candidate,
  type HandlerMiddleware,
  leastPending,
  lowestRoundTrip,
} from 'rxmesh/calls';
import { simulate, type SimulatedNodeOptions, type SimulationOptions } from 'rxmesh/testing';
import { map, NEVER, tap, throwError } from 'rxjs';
import { consume } from '../support/consume.ts';
import { codecs, listening } from './stage.ts';

describe('a service with several methods', () => {
  it('has codecs and a handler for each', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const methods = {
      price: { request: json<string>(), response: json<number>() },
      search: { request: json<string>(), response: json<{ name: string }>() },
    };
    const asking = calls(net.node(0).router, { id: 7, methods });
    const serving = calls(net.node(1).router, { id: 7, methods });
    net.start();
    const to = net.node(1).id;
    const { heard, observer } = listening(net);
    const served = serving.serve({
      price: ({ request, method }) => request.length + method.length,
      search: ({ request }) => flowFrom([{ name: request }]),
    });
    asking.methods.price.call(to, 'tea').subscribe(observer);
    asking.methods.search
      .call(to, 'tea')
      .pipe(map(({ name }) => name))
      .subscribe(observer);
    net.advance(20);
    served.unsubscribe();
    asking.methods.price.call(to, 'tea').subscribe(observer);
    net.advance(20);
    expect(heard).toEqual(['10: 8', '10: |', '10: tea', '10: |', '30: RXMESH_METHOD_UNKNOWN']);
    expect(() => serving.serve({ price: () => 1, cost: () => 2 } as object)).toThrow(
      'serve: there is no method cost',
    );
    net.stop();
  });
});

describe('many peers', () => {
  function three(
    serve: (node: number) => (call: { request: number }) => Answers<number>,
    options: Partial<SimulationOptions> = {},
  ) {
    const net = simulate({ nodes: 4, latencyMs: 5, ...options });
    const all = net.nodes.map(({ router }) => calls(router, { id: 7, ...codecs }));
    net.start();
    for (const node of [1, 2, 3]) all[node]?.serve(serve(node));
    const asking = all[0] ?? calls(net.node(0).router, { id: 8, ...codecs });
    const numberOf = (id: NodeId): number => net.nodes.findIndex((node) => node.id === id);
    return { net, asking, numberOf, ...listening(net) };
  }

  it('are called in turn by callAny', () => {
    const { net, asking } = three((node) => () => node);
    const answers: number[] = [];
    for (let n = 0; n < 6; n += 1) asking.callAny(0).subscribe((node) => answers.push(node));
    net.advance(20);
    expect([...answers].sort()).toEqual([1, 1, 2, 2, 3, 3]);
    net.stop();
  });

  it('are called where the fewest calls are pending, or as an own function says', () => {
    const { net, asking, numberOf } = three((node) => () => (node === 1 ? NEVER : node));
    const pick = leastPending();
    const idOf = (node: number): NodeId => net.node(node).id;
    const stuck = asking.call(idOf(1), 0).subscribe();
    const answers: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      asking.callAny(0, { pick }).subscribe((node) => answers.push(node));
      net.advance(20);
    }
    expect([...answers].sort()).toEqual([2, 2, 2, 3, 3, 3]);
    const own = (candidates: readonly Candidate[]): NodeId => {
      expect(candidates.map(({ id, pending }) => [numberOf(id), pending]).sort()).toEqual([
        [1, 1],
        [2, 0],
        [3, 0],
      ]);
      return idOf(3);
    };
    asking.callAny(0, { pick: own }).subscribe((node) => answers.push(node));
    net.advance(20);
    expect(answers.at(-1)).toBe(3);
    stuck.unsubscribe();
    net.stop();
  });

  it('are called where the round trip is lowest, once it is known', () => {
    const options = (): SimulatedNodeOptions => ({ keepAlive: { intervalMs: 10_000 } });
    const { net, asking } = three((node) => () => node, { options });
    net.latencyMs = (from, to) => (from + to === 2 ? 5 : 20);
    const pick = lowestRoundTrip();
    const answers: number[] = [];
    const ask = (): void => {
      for (let n = 0; n < 3; n += 1) {
        asking.callAny(0, { pick }).subscribe((node) => answers.push(node));
      }
      net.advance(50);
    };
    ask();
    // No ping has been answered yet, so the calls go round.
    expect([...answers].sort()).toEqual([1, 2, 3]);
    net.advance(11_000);
    ask();
    expect(answers.slice(3)).toEqual([2, 2, 2]);
    net.latencyMs = (from, to) => (from + to === 2 ? 40 : 20);
    net.advance(11_000);
    ask();
    expect([...answers.slice(6)].sort()).not.toContain(2);
    expect(answers.length).toBe(9);
    net.stop();
  });

  it('answer callAll, each for itself', () => {
    const { net, asking, numberOf, note, told } = three((node) => () => {
      if (node === 2) throw new CallError('no', 'not today');
      return node === 3 ? flowFrom([31, 32]) : node;
    });
    const heard: unknown[] = [];
    asking.callAll(0).subscribe({
      next: ({ from, response, error }) =>
        heard.push([numberOf(from), error === undefined ? response : told(error)]),
      complete: () => heard.push('|'),
      error: note,
    });
    net.advance(20);
    expect(heard.slice(0, 4).sort()).toEqual([
      [1, 1],
      [2, 'RXMESH_CALL_FAILED "no" not today'],
      [3, 31],
      [3, 32],
    ]);
    expect(heard.slice(4)).toEqual(['|']);
    const pulled = consume(asking.callAll(0));
    pulled.demand.request(2);
    net.advance(50);
    expect(pulled.heard.length).toBe(2);
    pulled.demand.request(5);
    net.advance(50);
    expect(pulled.heard.at(-1)).toBe('|');
    expect(pulled.heard.length).toBe(5);
    net.stop();
  });

  it('that are not there fail callAny, and complete callAll', () => {
    const net = simulate({ nodes: 1 });
    const asking = calls(net.node(0).router, { id: 7, ...codecs });
    const { heard, observer } = listening(net);
    net.start();
    asking.callAny(0).subscribe(observer);
    asking.callAll(0).subscribe({ complete: observer.complete });
    expect(heard).toEqual(['0: RXMESH_PEER_DOWN', '0: |']);
    net.stop();
  });

  it('cannot be called after the service was closed', () => {
    const net = simulate({ nodes: 1 });
    const asking = calls(net.node(0).router, { id: 7, ...codecs });
    const { heard, observer } = listening(net);
    net.start();
    asking.close();
    asking.callAll(0).subscribe({ error: observer.error, complete: observer.complete });
    asking.callAny(0).subscribe(observer);
    expect(heard).toEqual(['0: RXMESH_CHANNEL_CLOSED', '0: RXMESH_CHANNEL_CLOSED']);
    const pulled = consume(asking.callAll(0));
    pulled.demand.request(1);
    expect(pulled.heard).toEqual(['RXMESH_CHANNEL_CLOSED']);
    net.stop();
  });
});

describe('middleware', () => {
  it('stands around calls and handlers, the first one outermost', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const { heard, observer, note } = listening(net);
    const marked =
      (mark: string) =>
      (answers: Flow<number>, { request }: { request: number | undefined }) => {
        note(`${mark} ${String(request)}`);
        return answers.pipe(tap({ next: (n) => note(`${mark} gets ${n}`) }));
      };
    const denied: HandlerMiddleware<number, number> = (answers, { request }) =>
      request === 0 ? throwError(() => new CallError('denied', 'not for you')) : answers;
    const asking = calls(net.node(0).router, {
      ...{ id: 7, ...codecs },
      aroundCalls: [marked('outer'), marked('inner')],
    });
    const serving = calls(net.node(1).router, {
      ...{ id: 7, ...codecs },
      aroundHandler: [denied, marked('handler')],
    });
    net.start();
    heard.length = 0;
    serving.serve(({ request }) => request + 1);
    asking.call(net.node(1).id, 4).subscribe(observer);
    asking.call(net.node(1).id, 0).subscribe(observer);
    net.advance(20);
    expect(heard.map((line) => line.replace(/^\d+: /, ''))).toEqual([
      'inner 4',
      'outer 4',
      'inner 0',
      'outer 0',
      'handler 4',
      'handler gets 5',
      'handler 0',
      'inner gets 5',
      'outer gets 5',
      '5',
      '|',
      'RXMESH_CALL_FAILED "denied" not for you',
    ]);
    net.stop();
  });
});
