import { expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { gossip } from 'rxmesh/gossip';
import { simulate, type Simulation } from 'rxmesh/testing';
import { Frame, kinds } from '../../lib/gossip/frame.ts';
import { frameCodec } from '../../lib/gossip/frame-codec.ts';

const open = (net: Simulation, node: number) =>
  gossip(net.node(node).router, {
    id: 9,
    codec: json<number>(),
    signed: false,
    antiEntropyMs: 60_000,
  });

it('gossip that is closed and opened again in one turn keeps its neighbours', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const there = open(net, 1);
  const here = open(net, 0);
  net.start();
  there.publish(1);
  net.advance(1_000);
  here.close();
  const heard: number[] = [];
  open(net, 0).in$.subscribe(({ message }) => heard.push(message));
  net.advance(1_000);
  there.publish(2);
  net.advance(1_000);
  expect(heard).toEqual([1, 2]);
  expect(net.log.filter(({ event }) => event.type === 'peer-reported')).toEqual([]);
  net.stop();
});

// With a latency of 50 ms: a question for a digest is on its way in the first 100 ms, and answers
// to the further ones are from 400 ms on.
it.each([
  [30, 0],
  [30, 3],
  [80, 20],
  [420, 0],
  [420, 40],
  [480, 0],
  [540, 0],
])('gossip closed in the middle of a digest, at %i ms, opens %i ms later', (atMs, pauseMs) => {
  const net = simulate({ nodes: 2, latencyMs: 50 });
  const there = open(net, 1);
  net.start();
  for (let n = 0; n < 2_000; n += 1) there.publish(n);
  net.advance(1_000);
  const here = open(net, 0);
  net.advance(atMs);
  here.close();
  net.advance(pauseMs);
  const heard = new Set<number>();
  open(net, 0).in$.subscribe(({ message }) => heard.add(message));
  net.advance(5_000);
  expect(heard.size).toBe(2_000);
  expect(net.log.filter(({ event }) => event.type === 'peer-reported')).toEqual([]);
  net.stop();
});

it('messages of gossip that was opened again are numbered on', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const seqs: number[] = [];
  const plain = net.node(1).router.openChannel({ id: 9, codec: frameCodec });
  plain.in$.subscribe(({ message: { kind, seq } }) => kind === kinds.message && seqs.push(seq));
  const hello = Object.assign(new Frame(kinds.hello), { version: 1, isAll: true });
  for (let opening = 0; opening < 2; opening += 1) {
    const here = open(net, 0);
    if (opening === 0) net.start();
    net.advance(100);
    plain.out.next({ broadcast: true, message: hello });
    net.advance(100);
    here.publish(0);
    net.advance(100);
    here.close();
    net.advance(100);
  }
  expect(seqs).toHaveLength(2);
  expect(seqs[1]).toBeGreaterThan(seqs[0] ?? Infinity);
  net.stop();
});
