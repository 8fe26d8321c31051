import { describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { json, type NodeId } from '../../lib/index.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { heard } from '../support/heard.ts';
import { expectIdle } from '../support/leaks.ts';
import { expectAllConnected } from './all-connected.ts';

const text = { id: 0x10, codec: json<string>() };

describe('simulate', () => {
  it('runs the example of its doc comment', () => {
    const net = simulate({ nodes: 3, latencyMs: 5, seed: 1 });
    const chat = net.openChannels({ id: 0x10, codec: json<string>() });
    const texts: string[] = [];
    chat(1).in$.subscribe(({ message }) => texts.push(message));
    net.start();
    chat(0).out.next({ to: net.node(1).id, message: 'hello' });
    net.advance(4);
    expect(texts).toEqual([]);
    net.advance(1);
    expect(texts).toEqual(['hello']);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('runs a network in a marble diagram', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run(({ hot, expectObservable }) => {
      const net = simulate({ nodes: 2, scheduler });
      const chat = net.openChannels({ id: 0x10, codec: json<string>() });
      const texts$ = chat(1).in$.pipe(map(({ message }) => message));
      net.start();
      net.latencyMs = 3;

      hot('                      -a--b----').subscribe((message) => {
        chat(0).out.next({ broadcast: true, message });
      });
      hot('                      ---------x').subscribe(() => net.stop());
      expectObservable(texts$).toBe('----a--b-----|');
    });
    expectIdle(scheduler);
  });

  it('distinguishes senders in one diagram', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run(({ cold, hot, expectObservable }) => {
      const net = simulate({ nodes: 3, scheduler });
      const chat = net.openChannels({ id: 0x10, codec: json<string>() });
      net.start();
      net.latencyMs = 2;
      const from = (node: number) =>
        chat(2).in$.pipe(
          map(({ from: id, message }) => (id === net.node(node).id ? message : '.')),
        );

      cold('                     -a-b').subscribe((message) => {
        chat(0).out.next({ to: net.node(2).id, message });
      });
      cold('                     --x').subscribe((message) => {
        chat(1).out.next({ broadcast: true, message });
      });
      hot('                      -------x').subscribe(() => net.stop());
      expectObservable(from(0)).toBe('---a.b-----|');
      expectObservable(from(1)).toBe('---.x.-----|');
    });
  });

  it.each([0, 1, 20])('connects 4 nodes that all dial each other, latency %i ms', (latencyMs) => {
    expectAllConnected(4, latencyMs);
  });

  it.each(['proven', 'encrypted'] as const)('connects nodes with %s links', (protection) => {
    const net = simulate({ nodes: 3, protection });
    net.start();
    net.stop();
  });

  it('starts once, and says what to call instead', () => {
    const net = simulate({ nodes: 2 });
    net.start();
    const twice = 'the network was started already: call settle instead';
    expect(() => net.start()).toThrow(twice);
    expect(() => net.launch()).toThrow(twice);
    net.stop();
  });

  it('starts the nodes that are left, if one has been removed before', () => {
    const net = simulate({ nodes: 3 });
    net.remove(1);
    net.start();
    expect(net.node(0).router.isUp(net.node(2).id)).toBe(true);
    expect(net.node(1).router.isUp(net.node(0).id)).toBe(false);
    net.stop();
  });

  it('refuses a set-up that is not a function', () => {
    const net = simulate({ nodes: 2 });
    // @ts-expect-error -- not a function
    expect(() => net.setUp(5)).toThrow(new TypeError('work must be a function, got 5'));
    net.stop();
  });

  describe('the log', () => {
    const play = (seed: number): Simulation => {
      const latencyMs = (_from: number, _to: number, random: () => number): number => random() * 40;
      const net = simulate({ nodes: 5, latencyMs, seed });
      const chat = net.openChannels(text);
      net.nodes.forEach(({ index }) => heard(net, chat(index)));
      net.start();
      chat(0).out.next({ broadcast: true, message: 'x' });
      chat(1).reports.next({ peer: net.node(2).id, severity: 'disconnect', reason: 'a test' });
      net.network.sever(net.node(3).id, net.node(4).id);
      net.advance(10_000);
      net.remove(0);
      net.advance(60_000);
      net.stop();
      return net;
    };

    it('is the same for the same seed and differs for another seed', () => {
      const log = play(7).log;
      expect(log.length).toBeGreaterThan(50);
      const again = play(7).log;
      expect(again).toEqual(log);
      expect(again.join('\n')).toBe(log.join('\n'));
      expect(play(8).log).not.toEqual(log);
    });

    it('includes the time and the node', () => {
      const net = simulate({ nodes: 2, latencyMs: 5, knows: (node) => node === 0 });
      net.start();
      expect(net.log).toEqual([
        { atMs: 15, node: 1, event: expect.objectContaining({ type: 'peer-up' }) },
        { atMs: 20, node: 0, event: expect.objectContaining({ type: 'peer-up' }) },
      ]);
      net.stop();
    });
  });

  it('remove makes the remaining nodes see the node leave and carry on', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const chat = net.openChannels(text);
    net.start();
    net.remove(1);
    expect(net.node(1).isStopped).toBe(true);
    expect([...net.node(0).up]).toEqual([net.node(2).id]);
    const texts = heard(net, chat(0));
    chat(2).out.next({ broadcast: true, message: 'still here' });
    net.advance(5);
    expect(texts).toEqual(['2: still here']);
    expect(() => net.openChannels({ ...text, id: 0x11 })(1)).toThrow(RangeError);
    net.stop();
  });

  it('nodes that do not know each other stay apart, and start does not wait for them', () => {
    const net = simulate({ nodes: 3, knows: (node, other) => other === node + 1 });
    net.start();
    net.advance(10_000);
    expect(net.nodes.map(({ up }) => up.size)).toEqual([1, 2, 1]);
    net.stop();
  });

  it('settle waits until a partitioned network is whole again', () => {
    const net = simulate({ nodes: 4, latencyMs: 5 });
    const id = (node: number): NodeId => net.node(node).id;
    net.start();
    net.network.partition([id(0), id(1)], [id(2), id(3)]);
    net.advance(10_000);
    expect(net.nodes.map(({ up }) => up.size)).toEqual([1, 1, 1, 1]);
    net.network.heal();
    net.settle();
    expect(net.nodes.map(({ up }) => up.size)).toEqual([3, 3, 3, 3]);
    net.stop();
  });

  it('start reports which nodes are not connected', () => {
    const net = simulate({ nodes: 3, options: (node) => ({ network: node < 2 ? 'x' : 'y' }) });
    expect(() => net.start()).toThrow(
      /^not up after 60000 ms: node 0 \(.{8}\) with node 2 \(.{8}\), node 1 \(.{8}\) with node 2/,
    );
    net.stop();
  });

  it('stop reports what is still scheduled on the clock', () => {
    const net = simulate({ nodes: 1 });
    net.start();
    const forgotten = net.clock.schedule(() => undefined, 50);
    expect(() => net.stop()).toThrow('timers are still pending, due at 50 ms');
    forgotten.unsubscribe();
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('rejects an invalid node count, an unknown node and invalid options', () => {
    expect(() => simulate({ nodes: 0 })).toThrow(RangeError);
    expect(() => simulate({ nodes: 1.5 })).toThrow(RangeError);
    expect(() => simulate(undefined as never)).toThrow('simulate: options must be an object');
    expect(() => simulate({ nodes: 2, latency: 5 } as never)).toThrow(
      'simulate: there is no option latency (did you mean latencyMs?)',
    );
    expect(() => simulate({ nodes: 1 }).node(1)).toThrow(RangeError);
    expect(() => simulate({ nodes: 1 }).advance(-1)).toThrow(RangeError);
    expect(() => simulate({ nodes: 1, options: () => ({ moniker: 'ä' }) })).toThrow(/moniker/);
  });
});
