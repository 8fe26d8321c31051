import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { deliveries, DeliveryError } from 'rxmesh/deliveries';
import { simulate } from 'rxmesh/testing';

/** Two nodes with a service, and what peers are reported for. */
function numbers() {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const open = (node: number) =>
    deliveries(net.node(node).router, { id: 7, codec: json<number>() });
  const [here, there] = [open(0), open(1)];
  const reports = (): unknown[] =>
    net.log.filter(({ event }) => event.type === 'peer-reported').map(({ event }) => event);
  net.start();
  return { net, open, here, there, to: net.node(1).id, reports };
}

const ignored = { error: () => undefined };

describe('deliveries that are closed and opened again', () => {
  it('go on, to a peer that has done so in one turn', () => {
    const { net, open, here, there, to } = numbers();
    const handled: number[] = [];
    there.handle(({ message }) => void handled.push(message));
    here.deliver({ to, message: 1 }).subscribe();
    net.advance(100);
    there.close();
    open(1).handle(({ message }) => void handled.push(message));
    net.advance(100);
    here.deliver({ to, message: 2 }).subscribe();
    net.advance(100);
    expect(handled).toEqual([1, 2]);
    net.stop();
  });

  it('do not take a failure of before for one of theirs', () => {
    const { net, open, here, there, to, reports } = numbers();
    const handled: number[] = [];
    there.handle(({ message }) => {
      if (message === 1) throw new DeliveryError('odd', 'no');
      handled.push(message);
    });
    here.deliver({ to, message: 1 }).subscribe(ignored);
    // The failure is on its way.
    net.advance(17);
    here.close();
    open(0).deliver({ to, message: 2 }).subscribe();
    net.advance(100);
    expect([handled, reports()]).toEqual([[2], []]);
    net.stop();
  });
});
