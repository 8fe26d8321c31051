import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { block, json } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { heard, updates } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { runs } from '../../support/runs.ts';

/** A node's view of its connections: each peer's number and the connection's direction. */
const connections = (net: Simulation, node: number): string[] =>
  net
    .node(node)
    .router.snapshot()
    .peers.map(
      ({ id, direction }) => `${net.nodes.findIndex((each) => each.id === id)} ${direction}`,
    )
    .sort();

/** Each pair has exactly one connection, and both ends agree on who dialed it. */
function expectAgreement(net: Simulation): void {
  for (const { index: one } of net.nodes) {
    const expected = net.nodes
      .filter(({ index }) => index !== one)
      .map(({ index: other }) => {
        const dialed = connections(net, other).includes(`${one} inbound`);
        return `${other} ${dialed ? 'outbound' : 'inbound'}`;
      });
    expect(connections(net, one)).toEqual(expected.sort());
  }
}

/** A seed for which the given node has the lower of the two IDs. */
const seedWith = (lower: 0 | 1): number => {
  for (let seed = 1; ; seed += 1) {
    const [a = '', b = ''] = simulate({ nodes: 2, seed }).nodes.map(({ id }) => id);
    if (a < b === (lower === 0)) return seed;
  }
};

describe('a simultaneous connect', () => {
  it.each([
    { lower: 0, latencyMs: 0 },
    { lower: 1, latencyMs: 0 },
    { lower: 0, latencyMs: 10 },
    { lower: 1, latencyMs: 10 },
  ] as const)('the dial from the lower ID wins: $lower, latency $latencyMs ms', (given) => {
    const { lower, latencyMs } = given;
    const net = simulate({ nodes: 2, latencyMs, seed: seedWith(lower) });
    const seen = [updates(net, 0), updates(net, 1)];
    net.start();
    net.advance(60_000);
    expect(seen).toEqual([['up 1'], ['up 0']]);
    if (latencyMs > 0) {
      const [low, high] = lower === 0 ? [0, 1] : [1, 0];
      expect(connections(net, low)).toEqual([`${high} outbound`]);
      expect(connections(net, high)).toEqual([`${low} inbound`]);
    }
    expectAgreement(net);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it.each([0, 10])('messages flow beyond the initial credit, latency %i ms', (latencyMs) => {
    for (const lower of [0, 1] as const) {
      const net = simulate({ nodes: 2, latencyMs, seed: seedWith(lower) });
      const chat = net.openChannels({ id: 1, codec: json<string>(), inbound: block(1) });
      const texts = heard(net, chat(1));
      net.start();
      for (let i = 0; i < 20; i += 1) chat(0).out.next({ to: net.node(1).id, message: `${i}` });
      net.advance(1_000);
      expect(texts).toHaveLength(20);
      net.stop();
    }
  });

  it('takes at most one round trip longer than a dial from one side only', () => {
    const upAfter = (knows: (node: number) => boolean): number => {
      const net = simulate({ nodes: 2, latencyMs: 10, knows });
      net.start();
      const ms = net.now();
      net.stop();
      return ms;
    };
    expect(upAfter(() => true)).toBeLessThanOrEqual(upAfter((node) => node === 0) + 20);
  });

  it('settles on one connection that both sides agree on, for any latencies and start times', () => {
    const scenario = fc.record({
      seed: fc.nat(),
      nodes: fc.integer({ min: 2, max: 4 }),
      latenciesMs: fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 12 }),
      startsMs: fc.tuple(...Array.from({ length: 4 }, () => fc.nat({ max: 80 }))),
    });
    fc.assert(
      fc.property(scenario, ({ seed, nodes, latenciesMs, startsMs }) => {
        let frames = 0;
        const latencyMs = (): number => latenciesMs[(frames += 1) % latenciesMs.length] ?? 0;
        const net = simulate({ nodes, latencyMs, seed });
        const chat = net.openChannels({ id: 1, codec: json<string>() });
        const seen = net.nodes.map(({ index }) => updates(net, index));
        const texts = net.nodes.map(({ index }) => heard(net, chat(index)));
        net.nodes.forEach(({ index, router }) => {
          net.clock.schedule(() => void router.start(), startsMs[index] ?? 0);
        });
        net.settle();
        net.advance(60_000);
        for (const [index, each] of seen.entries()) {
          const others = net.nodes.filter((node) => node.index !== index);
          expect(each.sort()).toEqual(others.map((other) => `up ${other.index}`));
        }
        expectAgreement(net);
        for (const { index } of net.nodes) chat(index).out.next({ broadcast: true, message: 'x' });
        net.advance(1_000);
        for (const each of texts) expect(each).toHaveLength(nodes - 1);
        net.stop();
        expectIdle(net.clock.scheduler);
      }),
      { seed: 11, numRuns: runs(60) },
    );
  });

  it('recovers from cuts at any time: no peer is up twice, and all come up again', () => {
    const scenario = fc.record({
      seed: fc.nat(),
      latencyMs: fc.nat({ max: 30 }),
      cutsMs: fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 6 }),
    });
    fc.assert(
      fc.property(scenario, ({ seed, latencyMs, cutsMs }) => {
        const jittered = (_from: number, _to: number, random: () => number): number =>
          latencyMs * (0.5 + random());
        const net = simulate({ nodes: 2, latencyMs: jittered, seed });
        const [a, b] = [net.node(0).id, net.node(1).id];
        const seen = [updates(net, 0), updates(net, 1)];
        for (const ms of cutsMs) {
          net.clock.schedule(() => net.network.sever(a, b), ms);
        }
        net.launch();
        net.advance(3_000);
        net.settle();
        net.advance(60_000);
        for (const each of seen) {
          each.forEach((text, at) => expect(text).toMatch(at % 2 === 0 ? /^up/ : /^down/));
          expect(each.length % 2).toBe(1);
        }
        expectAgreement(net);
        net.stop();
        expectIdle(net.clock.scheduler);
      }),
      { seed: 12, numRuns: runs(40) },
    );
  });
});
