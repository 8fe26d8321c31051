import { expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { gossip } from 'rxmesh/gossip';
import { simulate } from 'rxmesh/testing';

it('gossip that is closed and opened again in one turn keeps its neighbours', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const open = (node: number) =>
    gossip(net.node(node).router, {
      id: 9,
      codec: json<number>(),
      signed: false,
      antiEntropyMs: 60_000,
    });
  const there = open(1);
  const here = open(0);
  net.start();
  there.publish(1);
  net.advance(1_000);
  here.close();
  const heard: number[] = [];
  open(0).in$.subscribe(({ message }) => heard.push(message));
  net.advance(1_000);
  there.publish(2);
  net.advance(1_000);
  expect(heard).toEqual([1, 2]);
  expect(net.log.filter(({ event }) => event.type === 'peer-reported')).toEqual([]);
  net.stop();
});
