import { describe, expect, it } from '@jest/globals';
import { Identity, type NodeId } from 'rxmesh';
import { type Held, MessageStore } from '../../lib/gossip/message-store.ts';
import { type Announcement, Missing } from '../../lib/gossip/missing.ts';
import { Seen } from '../../lib/gossip/seen.ts';
import { Trees } from '../../lib/gossip/tree.ts';

const idOf = (n: number): NodeId => Identity.fromSeed(new Uint8Array(32).fill(n)).id;
const [a, b, c] = [idOf(1), idOf(2), idOf(3)];

describe('the trees', () => {
  it('begin eager, and are pruned and grafted by topic', () => {
    const trees = new Trees(8);
    expect(trees.isEager('x', a)).toBe(true);
    trees.prune('x', a);
    trees.prune('x', b);
    expect([trees.isEager('x', a), trees.isEager('y', a)]).toEqual([false, true]);
    trees.graft('x', a);
    expect([trees.isEager('x', a), trees.isEager('x', b)]).toEqual([true, false]);
  });

  it('forget a neighbour that has left', () => {
    const trees = new Trees(8);
    trees.prune('x', a);
    trees.prune('y', a);
    trees.forget(a);
    expect([trees.isEager('x', a), trees.isEager('y', a)]).toEqual([true, true]);
  });

  it('are bounded for each neighbour: the link that was pruned first is eager again', () => {
    const trees = new Trees(2);
    trees.prune('x', b);
    for (const topic of ['x', 'y', 'z']) trees.prune(topic, a);
    expect(['x', 'y', 'z'].map((topic) => trees.isEager(topic, a))).toEqual([true, false, false]);
    expect(trees.isEager('x', b)).toBe(false);
  });
});

describe('the messages that were seen', () => {
  it('are remembered for at least their time, and then forgotten', () => {
    const seen = new Seen(100, 1_000);
    seen.add('one', 0);
    seen.reject('one');
    seen.add('two', 999);
    expect([seen.get('one'), seen.get('two')]).toEqual(['rejected', 'arrived']);
    seen.add('three', 1_000);
    expect([seen.get('one'), seen.get('two')]).toEqual(['rejected', 'arrived']);
    seen.add('four', 2_000);
    expect([seen.get('one'), seen.get('two'), seen.get('three')]).toEqual([
      undefined,
      undefined,
      'arrived',
    ]);
  });

  it('are all forgotten after a long pause', () => {
    const seen = new Seen(100, 1_000);
    seen.add('one', 0);
    seen.add('two', 5_000);
    expect([seen.get('one'), seen.size]).toEqual([undefined, 1]);
  });

  it('are bounded', () => {
    const seen = new Seen(10, 1_000);
    for (let n = 0; n < 1_000; n += 1) seen.add(`${n}`, 0);
    expect(seen.size).toBeLessThanOrEqual(10);
    expect(seen.get('999')).toBe('arrived');
    expect(seen.get('995')).toBe('arrived');
  });
});

const said = (by: NodeId, isPull: boolean, hops = 1): Announcement => ({ by, hops, isPull });
const rules = { graftAfterMs: 200, askMs: 1_000, asksMax: 3, perNeighbourMax: 2, keepMs: 60_000 };

describe('missing messages', () => {
  it('are asked for after a while, from one announcer after the other', () => {
    const missing = new Missing(rules);
    expect(missing.nextMs).toBeUndefined();
    missing.announced('m', 'x', said(a, false), 0);
    missing.announced('m', 'x', said(b, false), 100);
    expect(missing.nextMs).toBe(200);
    expect(missing.due(199).asks).toEqual([]);
    expect(missing.due(200)).toEqual({
      asks: [{ to: a, id: 'm', topic: 'x' }],
      silent: new Set(),
      lost: 0,
    });
    expect(missing.nextMs).toBe(1_200);
    expect(missing.due(1_200)).toEqual({
      asks: [{ to: b, id: 'm', topic: 'x' }],
      silent: new Set([a]),
      lost: 0,
    });
    expect(missing.nextMs).toBe(3_200);
    expect(missing.due(3_200).asks).toEqual([{ to: a, id: 'm', topic: 'x' }]);
    expect(missing.due(7_200)).toEqual({ asks: [], silent: new Set([a]), lost: 1 });
    expect(missing.size).toBe(0);
  });

  it('are asked for at once if they are not pushed', () => {
    const missing = new Missing(rules);
    missing.announced('m', 'x', said(a, false), 0);
    missing.announced('m', 'x', said(b, true), 10);
    expect(missing.due(10).asks).toEqual([{ to: a, id: 'm', topic: 'x' }]);
    expect(missing.arrived('m', 10)).toBe(true);
    missing.announced('n', 'x', said(a, false), 10);
    expect(missing.arrived('n', 10)).toBe(false);
    expect(missing.due(10_000).asks).toEqual([]);
  });

  it('are asked for from the neighbours that are near to the origin first', () => {
    const missing = new Missing(rules);
    missing.announced('m', 'x', said(a, false, 5), 0);
    missing.announced('m', 'x', said(b, false, 2), 0);
    missing.announced('m', 'x', said(c, false, 2), 0);
    const asked = [200, 1_200, 3_200].map((nowMs) => missing.due(nowMs).asks[0]?.to);
    expect(asked).toEqual([b, c, a]);
  });

  it('are asked for from another one when a neighbour has left', () => {
    const missing = new Missing(rules);
    missing.announced('m', 'x', said(a, true), 0);
    missing.announced('m', 'x', said(b, false), 0);
    missing.announced('n', 'x', said(a, false), 0);
    missing.due(0);
    missing.gone(a, 5);
    expect(missing.size).toBe(1);
    expect(missing.due(5)).toEqual({
      asks: [{ to: b, id: 'm', topic: 'x' }],
      silent: new Set(),
      lost: 0,
    });
  });

  it('are asked for from another one when the first does not keep them any more', () => {
    const missing = new Missing(rules);
    missing.announced('m', 'x', said(a, true), 0);
    missing.announced('m', 'x', said(b, true), 0);
    expect(missing.due(0).asks).toEqual([{ to: a, id: 'm', topic: 'x' }]);
    expect(missing.withdrawn('m', a, 5)).toBe(false);
    expect(missing.due(5)).toEqual({
      asks: [{ to: b, id: 'm', topic: 'x' }],
      silent: new Set(),
      lost: 0,
    });
    // Nobody else is left, and another one may say so only for itself.
    expect([missing.withdrawn('m', c, 9), missing.withdrawn('n', b, 9)]).toEqual([false, false]);
    expect([missing.withdrawn('m', b, 9), missing.size]).toEqual([true, 0]);
    expect([missing.countOf(a), missing.due(9_000).asks]).toEqual([0, []]);
  });

  it('make room for others when they are not kept any more', () => {
    const missing = new Missing({ ...rules, perNeighbourMax: 1_000 });
    for (let n = 0; n < 100; n += 1) missing.announced(`${n}`, 'x', said(a, true), 0);
    for (const { id } of missing.due(0).asks) missing.withdrawn(id, a, 10);
    expect(missing.due(10).asks.map(({ id }) => id)[0]).toBe('64');
    expect(missing.size).toBe(36);
  });

  it('are bounded for each neighbour', () => {
    const missing = new Missing(rules);
    expect(['m', 'n', 'o'].map((id) => missing.announced(id, 'x', said(a, false), 0))).toEqual([
      true,
      true,
      false,
    ]);
    expect(missing.announced('o', 'x', said(b, false), 0)).toBe(true);
    expect(missing.announced('m', 'x', said(c, false), 0)).toBe(true);
    missing.arrived('m', 10);
    expect(missing.announced('p', 'x', said(a, false), 0)).toBe(true);
    expect(missing.size).toBe(3);
  });

  it('are asked for a few at a time, and for more as they arrive', () => {
    const missing = new Missing({ ...rules, perNeighbourMax: 1_000 });
    const asked = (nowMs: number): readonly string[] => missing.due(nowMs).asks.map(({ id }) => id);
    for (let n = 0; n < 100; n += 1) missing.announced(`${n}`, 'x', said(a, true), 0);
    const first = asked(0);
    expect([first.length, first[0], first[63], missing.isWaiting]).toEqual([64, '0', '63', true]);
    expect([asked(10), missing.nextMs]).toEqual([[], 1_000]);
    for (const id of ['0', '1']) missing.arrived(id, 20);
    expect(asked(25)).toEqual(['64', '65']);
    missing.announced('99', 'x', said(b, true), 30);
    expect(missing.due(30).asks).toEqual([{ to: b, id: '99', topic: 'x' }]);
    missing.gone(a, 40);
    expect([missing.size, asked(40), missing.isWaiting]).toEqual([1, [], false]);
  });

  it('may take longer while those that were asked for before them arrive', () => {
    const missing = new Missing({ ...rules, perNeighbourMax: 100 });
    for (const id of ['m', 'n', 'o']) missing.announced(id, 'x', said(a, true), 0);
    expect(missing.due(0).asks.length).toBe(3);
    missing.arrived('m', 900);
    expect(missing.due(1_000)).toEqual({ asks: [], silent: new Set(), lost: 0 });
    expect(missing.nextMs).toBe(1_900);
    missing.announced('p', 'x', said(a, true), 1_000);
    expect(missing.due(1_000).asks.map(({ id }) => id)).toEqual(['p']);
    // It has skipped the others.
    missing.arrived('p', 1_800);
    expect(missing.due(1_900).silent).toEqual(new Set([a]));
  });

  it('are asked for again after those that were not asked for yet', () => {
    const missing = new Missing({ ...rules, perNeighbourMax: 1_000 });
    for (let n = 0; n < 100; n += 1) missing.announced(`${n}`, 'x', said(a, true), 0);
    missing.due(0);
    const { asks, silent } = missing.due(1_000);
    expect([asks.length, asks[0]?.id, asks[36]?.id]).toEqual([64, '64', '0']);
    expect(silent).toEqual(new Set([a]));
  });

  it('are given up when they are too old to be taken', () => {
    const missing = new Missing({ ...rules, asksMax: 64, keepMs: 5_000 });
    missing.announced('m', 'x', said(a, true), 0);
    missing.due(0);
    missing.due(1_000);
    expect(missing.due(3_000)).toMatchObject({ asks: [{ id: 'm' }], lost: 0 });
    expect(missing.due(7_000)).toMatchObject({ asks: [], lost: 1 });
    expect(missing.size).toBe(0);
  });

  it('that come and cannot be taken are asked for later, and nobody is blamed', () => {
    const missing = new Missing(rules);
    missing.announced('m', 'x', said(a, true), 0);
    missing.due(0);
    missing.postponed('m', 50);
    expect([missing.due(1_049).asks, missing.nextMs]).toEqual([[], 1_050]);
    expect(missing.due(1_050)).toMatchObject({ asks: [{ to: a, id: 'm' }], silent: new Set() });
  });
});

function held(id: string, bytes: number, atMs: number, place = 1): Held {
  return {
    ...{ id, bytes, atMs, dateMs: atMs, place, topic: '', payloadBytes: bytes, hops: 1, from: a },
    isLead: true,
    encoded: new Uint8Array(bytes),
  };
}

describe('the store of messages', () => {
  it('keeps the latest ones, within its bounds', () => {
    const store = new MessageStore({ messages: 3, bytes: 100, ms: 1_000 });
    for (const id of ['a', 'b', 'c', 'd']) store.add(held(id, 10, 0));
    expect(['a', 'b', 'c', 'd'].map((id) => store.get(id, 0)?.id)).toEqual([
      undefined,
      'b',
      'c',
      'd',
    ]);
    store.add(held('e', 85, 0));
    expect([store.size, store.bytes, store.get('d', 0)?.id]).toEqual([2, 95, 'd']);
    expect(store.get('e', 1_000)?.id).toBe('e');
    expect(store.get('e', 1_001)).toBeUndefined();
    store.add(held('f', 1, 1_001));
    expect([store.size, store.bytes]).toEqual([1, 1]);
    expect(store.since(1_500, 499).length).toBe(1);
    expect(store.since(1_500, 498).length).toBe(0);
  });

  it('keeps a message that comes again after its first copy', () => {
    const store = new MessageStore({ messages: 10, bytes: 30, ms: 1_000 });
    for (const id of ['a', 'b', 'a']) store.add(held(id, 10, 0));
    expect([store.size, store.bytes]).toEqual([2, 30]);
    store.add(held('c', 10, 0));
    expect([store.get('a', 0)?.encoded?.length, store.bytes]).toEqual([10, 30]);
    expect(store.since(0, 0).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  });
});
