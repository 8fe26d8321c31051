import { expect } from '@jest/globals';
import { of } from 'rxjs';
import type { MockNode } from './mock-node.ts';

/** The callbacks of a node that it has reported as failed. */
export const failedAt = ({ events }: MockNode): string[] =>
  events.flatMap((event) => (event.type === 'callback-failed' ? [event.callback] : []));

/** Expects a node to work: a peer comes up and goes down. */
export function expectAlive(node: MockNode): void {
  const link = node.link('inbound');
  node.arrive(of(link));
  expect(node.updates.at(-1)).toBe(`up ${node.peer.id}`);
  link.close('done');
  expect(node.updates.at(-1)).toBe(`down ${node.peer.id}`);
  expect(node.events.some(({ type }) => type === 'fatal')).toBe(false);
}
