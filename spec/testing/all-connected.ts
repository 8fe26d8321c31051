import { expect } from '@jest/globals';
import { simulate } from '../../lib/testing/index.ts';
import { expectIdle } from '../support/leaks.ts';

/** All nodes dial each other at the same moment, and each is soon connected to all others. */
export function expectAllConnected(nodes: number, latencyMs: number): void {
  const net = simulate({ nodes, latencyMs });
  net.start();
  for (const { id, up } of net.nodes) {
    const others = net.nodes.map((node) => node.id).filter((other) => other !== id);
    expect([...up].sort()).toEqual(others.sort());
  }
  expect(net.now()).toBeLessThanOrEqual(latencyMs * 6);
  net.stop();
  expectIdle(net.clock.scheduler);
}
