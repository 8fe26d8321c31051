import { describe, expect, it } from '@jest/globals';
import { line, randomGraph, Stage } from './stage.ts';

const nodes = 40;

/** What half a minute of messages costs, ten a second from any node, after as long a start. */
function measure(stage: Stage): { readonly bodies: number; readonly p99Ms: number } {
  let next = 0;
  const publishFor = (seconds: number): void => {
    for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
      next = (next + 17) % nodes;
      stage.gossip(next).publish(`${stage.net.now()}`);
      stage.net.advance(100);
    }
    stage.net.advance(3_000);
  };
  publishFor(30);
  const before = stage.counts;
  const past = stage.heard.map(({ length }) => length);
  publishFor(30);
  const tookMs = stage.heard.flatMap((heard, node) =>
    heard
      .slice(past[node])
      .map(
        ({ message }, at) => (stage.heardMs[node]?.[(past[node] ?? 0) + at] ?? 0) - Number(message),
      ),
  );
  expect(tookMs.length).toBe(300 * (nodes - 1));
  const p99Ms = tookMs.sort((one, other) => one - other)[Math.floor(tookMs.length * 0.99)] ?? 0;
  return { bodies: stage.bodies(before), p99Ms };
}

describe('gossip of many publishers', () => {
  it('has a tree that none of them tears', () => {
    const options = { nodes, links: randomGraph(nodes, 6), latencyMs: 60 };
    const { bodies, p99Ms } = measure(new Stage(options).start());
    expect(bodies).toBeLessThan(1.7);
    expect(p99Ms).toBeLessThanOrEqual(480);
  });
});

describe('a burst', () => {
  it('is pushed along the tree: nobody has to ask for it', () => {
    const stage = new Stage({ nodes: 3, links: line(3) }).start();
    stage.publish(0, 'warm');
    const startMs = stage.net.now();
    for (let n = 0; n < 1_000; n += 1) stage.gossip(0).publish(`${n}`);
    stage.net.advance(1_000);
    expect(stage.texts(2).slice(1)).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n}`));
    expect((stage.heardMs[2]?.at(-1) ?? 0) - startMs).toBeLessThanOrEqual(150);
    stage.net.stop();
  });
});
