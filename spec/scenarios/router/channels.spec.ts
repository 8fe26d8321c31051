import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { json, parseNodeId, type Channel } from '../../../lib/index.ts';
import type { Simulation } from '../../../lib/testing/index.ts';
import { simulate } from '../../support/maker.ts';
import { drops, heard } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';

const open = (net: Simulation, id: number): Channel<string> =>
  net.node(0).router.openChannel({ id, codec: json<string>() });

describe('channels of a node without peers', () => {
  let net: Simulation;
  beforeEach(() => {
    net = simulate({ nodes: 1 });
    net.start();
  });
  afterEach(() => {
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('R-04 a channel opens', () => {
    expect(open(net, 7).id).toBe(7);
    expect(net.node(0).router.snapshot().channels).toEqual([7]);
  });

  it('R-05 rejects an id that is already open', () => {
    open(net, 7);
    expect(() => open(net, 7)).toThrow(
      expect.objectContaining({ code: 'RXMESH_CHANNEL_OPEN', channel: 7 }),
    );
  });

  it('R-06 opens a channel with another id', () => {
    open(net, 7);
    open(net, 8);
    expect(net.node(0).router.snapshot().channels).toEqual([7, 8]);
  });

  it('R-07 a closed id can be reopened immediately', () => {
    const first = open(net, 7);
    let completed = 0;
    first.in$.subscribe({ complete: () => (completed += 1) });
    first.closed$.subscribe({ complete: () => (completed += 1) });
    first.close();
    expect(completed).toBe(2);
    const second = open(net, 7);
    first.close();
    expect(net.node(0).router.snapshot().channels).toEqual([7]);
    expect(() => open(net, 7)).toThrow();
    second.close();
    expect(net.node(0).router.snapshot().channels).toEqual([]);
  });

  it('R-08 accepts a message to an unknown peer and drops it', () => {
    const unknown = parseNodeId('ab'.repeat(20));
    const channel = open(net, 7);
    const reports: unknown[] = [];
    channel
      .send({ to: unknown, message: 'x' })
      .subscribe({ next: (report) => reports.push(report), complete: () => reports.push('end') });
    channel.out.next({ to: unknown, message: 'x' });
    expect(reports).toEqual([{ accepted: 0, dropped: 1 }, 'end']);
    net.advance(0);
    const { event } = net.log[0] ?? {};
    expect(event).toMatchObject({ reason: 'unknown-peer', peer: unknown, channel: 7, count: 2 });
    expect(net.log).toHaveLength(1);
  });

  it('R-09 drops a message to the node itself without delivering it', () => {
    const channel = open(net, 7);
    const texts = heard(net, channel);
    channel.out.next({ to: net.node(0).id, message: 'x' });
    net.advance(1_000);
    expect(texts).toEqual([]);
    expect(drops(net)).toEqual(['0 outbound 7 to-self']);
  });
});
