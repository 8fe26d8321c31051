import { describe, expect, it } from '@jest/globals';
import type { RouterOptions } from '../../lib/index.ts';
import { simulate } from '../../lib/testing/index.ts';
import { playNetwork } from '../support/play-network.ts';
import { expectAllConnected } from './all-connected.ts';

describe('simulate', () => {
  it.each([0, 1, 20])('connects 8 nodes that all dial each other, latency %i ms', (latencyMs) => {
    expectAllConnected(8, latencyMs);
  });

  it('lets all nodes dial one node at the same time, unless its limits forbid it', () => {
    const refusals = (limits: RouterOptions['limits']): number => {
      const net = simulate({
        nodes: 80,
        latencyMs: 1,
        knows: (_, other) => other === 0,
        options: () => ({ ...(limits && { limits }) }),
      });
      net.launch();
      net.advance(5);
      const codes = net.log.flatMap(({ node, event }) =>
        node === 0 && event.type === 'connection-refused' ? [event.error.code] : [],
      );
      net.stop();
      return codes.length;
    };
    expect(refusals(undefined)).toBe(0);
    expect(refusals({ connectionsPerSecond: 70 })).toBe(9);
  });

  it('logs the same text for the same seed, byte for byte', () => {
    const log = playNetwork(7);
    expect(log.split('\n').length).toBeGreaterThan(60);
    expect(playNetwork(7)).toBe(log);
    expect(playNetwork(8)).not.toBe(log);
  });
});
