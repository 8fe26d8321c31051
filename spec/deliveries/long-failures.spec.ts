import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { deliveries, DeliveryError } from 'rxmesh/deliveries';
import { simulate, type SimulationOptions } from 'rxmesh/testing';
import { idle, told } from './stage.ts';

/** Two nodes whose messages have at most this many bytes. */
function staged(messageBytesMax: number, options: Partial<SimulationOptions> = {}) {
  const net = simulate({ nodes: 2, latencyMs: 5, ...options });
  const service = { id: 7, codec: json<number>(), messageBytesMax };
  const here = deliveries(net.node(0).router, service);
  const there = deliveries(net.node(1).router, service);
  net.start();
  return { net, here, there };
}

describe('a failure that is longer than messageBytesMax', () => {
  it.each([
    ['without its text', 1_024, 'odd', 'odd'],
    ['without its reason', 48, 'x'.repeat(48), ''],
  ])('is sent %s', (_, messageBytesMax, given, reason) => {
    const { net, here, there } = staged(messageBytesMax);
    there.handle(() => {
      throw new DeliveryError(given, 'x'.repeat(1_024));
    });
    const heard: string[] = [];
    here.deliver({ to: net.node(1).id, message: 1 }).subscribe({
      next: () => heard.push('handled'),
      error: (error: unknown) => heard.push(told(error)),
    });
    net.advance(100);
    expect(heard).toEqual([`RXMESH_DELIVERY_FAILED "${reason}" `]);
    net.stop();
  });

  it('does not stop the messages behind it', () => {
    const { net, here, there } = staged(1_024);
    let handled = 0;
    there.handle(() => {
      handled += 1;
      throw new DeliveryError('no', 'x'.repeat(1_024));
    });
    for (let n = 0; n < 70; n += 1) {
      here.deliver({ to: net.node(1).id, message: n }).subscribe({ error: () => undefined });
    }
    net.advance(10_000);
    expect(handled).toBe(70);
    expect(here.snapshot()).toEqual(idle);
    net.stop();
  });

  it('does not take back a message of the other direction', () => {
    const { net, here, there } = staged(1_024, { bytesPerSecond: 20_000 });
    there.handle(() => {
      throw new DeliveryError('no', 'x'.repeat(1_024));
    });
    here.handle(() => undefined);
    const wrong: string[] = [];
    const note = { error: (error: unknown) => wrong.push(told(error)) };
    for (let n = 0; n < 200; n += 1) {
      here.deliver({ to: net.node(1).id, message: n }).subscribe({ error: () => undefined });
      there.deliver({ to: net.node(0).id, message: 1_000 + n }).subscribe(note);
      there.deliver({ to: net.node(0).id, message: 2_000 + n }).subscribe(note);
      if (n % 4 === 0) net.advance(1);
    }
    net.advance(10_000);
    const reports = net.log.filter(({ event }) => event.type === 'peer-reported');
    expect([wrong, reports]).toEqual([[], []]);
    net.stop();
  });
});
