import { describe, expect, it } from '@jest/globals';
import { json } from '../../lib/index.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { heard, updates } from '../support/heard.ts';
import { expectIdle } from '../support/leaks.ts';

const text = { id: 0x10, codec: json<string>() };
const ended = (net: Simulation): void => {
  net.stop();
  expectIdle(net.clock.scheduler);
};

describe('a simulated network with nodes that join and leave', () => {
  it('a node that joins later dials the nodes it knows and has the same channels', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, knows: (node, other) => other < node });
    const chat = net.openChannels(text);
    net.start();
    const late = net.add();
    expect([late.index, late.up.size, net.nodes.length]).toEqual([2, 0, 3]);
    net.settle();
    expect([...late.up]).toEqual([net.node(0).id, net.node(1).id]);
    const log = heard(net, chat(2));
    chat(0).out.next({ broadcast: true, message: 'welcome' });
    net.advance(5);
    expect(log).toEqual(['0: welcome']);
    ended(net);
  });

  it('a node added before launch starts with the rest', () => {
    const net = simulate({ nodes: 1 });
    expect(net.add().index).toBe(1);
    net.advance(1_000);
    expect(net.node(0).up.size).toBe(0);
    net.start();
    expect(net.node(0).up.has(net.node(1).id)).toBe(true);
    ended(net);
  });

  it('a crash sends no goodbye and loses unsent messages', () => {
    const net = simulate({ nodes: 2, latencyMs: 50 });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    const seen = updates(net, 1);
    chat(0).out.next({ broadcast: true, message: 'on its way' });
    net.crash(0);
    expect([net.node(0).isStopped, net.node(0).up.size]).toEqual([true, 0]);
    net.advance(1_000);
    expect([log, seen]).toEqual([[], ['down 0']]);
    const down = net.log.flatMap(({ node, event }) =>
      event.type === 'peer-down' ? [[node, event.error?.code]] : [],
    );
    expect(down).toEqual([[1, 'RXMESH_CONNECTION_FAILED']]);
    expect(() => net.crash(0)).toThrow(/node 0 .* has stopped already/);
    ended(net);
  });

  it('a restarted node keeps its key and channels and nothing else', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const chat = net.openChannels(text);
    net.start();
    const { id, router } = net.node(2);
    expect(() => net.restart(2)).toThrow(/node 2 .* is still running/);
    net.crash(2);
    net.restart(2);
    expect([net.node(2).id, net.node(2).router === router]).toEqual([id, false]);
    net.settle();
    expect(net.node(2).up.size).toBe(2);
    const log = heard(net, chat(2));
    chat(0).out.next({ to: id, message: 'again' });
    net.advance(5);
    expect(log).toEqual(['0: again']);

    net.remove(2);
    net.restart(2);
    net.settle();
    expect(net.node(0).up.has(id)).toBe(true);
    ended(net);
  });

  it('settle waits only for running nodes that know each other', () => {
    const net = simulate({ nodes: 3, knows: (node, other) => Math.abs(node - other) === 1 });
    net.start();
    net.crash(1);
    net.settle();
    net.restart(1);
    net.network.partition([net.node(0).id], [net.node(1).id]);
    expect(() => net.settle()).toThrow(/^not up after 60000 ms: node 0 .* with node 1 [^,]*$/);
    net.network.heal();
    net.settle();
    ended(net);
  });

  it('the same seed gives the same events, including crashes and restarts', () => {
    const run = (): unknown => {
      const net = simulate({ nodes: 5, latencyMs: (_from, _to, random) => 5 + random() * 20 });
      const chat = net.openChannels(text);
      net.start();
      for (const node of [3, 1, 3]) {
        chat(0).out.next({ broadcast: true, message: 'x' });
        net.advance(7);
        net.crash(node);
        net.advance(100);
        net.restart(node);
      }
      net.add();
      net.settle();
      net.stop();
      return net.log.map(({ atMs, node, event }) => [atMs, node, event.type]);
    };
    expect(run()).toEqual(run());
  });
});
