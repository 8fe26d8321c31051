import { describe, expect, it } from '@jest/globals';
import { simulate } from '../../../lib/testing/index.ts';
import { updates } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { size } from '../../support/runs.ts';

describe('stop at any millisecond', () => {
  it('during startup: leaves nothing behind and no peer up', () => {
    for (let ms = 0; ms <= 60; ms += size(1, 6)) {
      const net = simulate({ nodes: 3, latencyMs: 7, seed: ms + 1 });
      const seen = updates(net, 1);
      net.launch();
      net.advance(ms);
      net.remove(0);
      net.advance(1_000);
      expect(net.nodes.map(({ up }) => up.has(net.node(0).id))).toEqual([false, false, false]);
      expect(seen.filter((each) => each === 'up 0')).toHaveLength(
        seen.filter((each) => each === 'down 0').length,
      );
      net.settle();
      net.stop();
      expectIdle(net.clock.scheduler);
    }
  });

  it('while one peer is being accepted and another is up: no new peer comes up, and both go down', () => {
    for (let ms = 0; ms <= 60; ms += size(1, 6)) {
      const knows = (_: number, other: number): boolean => other === 0;
      const net = simulate({ nodes: 3, latencyMs: 10, knows });
      for (const node of [0, 1]) void net.node(node).router.start();
      net.advance(200);
      void net.node(2).router.start();
      net.advance(ms);
      const { router } = net.node(0);
      const told: string[] = [];
      const begin = net.log.length;
      router.peers$.subscribe(({ status }) => told.push(status));
      void router.stop();
      net.advance(5_000);
      const events = net.log.slice(begin).filter(({ node }) => node === 0);
      expect([ms, events.filter(({ event }) => event.type === 'peer-up')]).toEqual([ms, []]);
      const ups = told.filter((status) => status === 'up').length;
      expect([ms, told.length]).toEqual([ms, 2 * ups]);
      net.stop();
    }
  });
});
