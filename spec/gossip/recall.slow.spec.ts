import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { gossip } from 'rxmesh/gossip';
import { Frame, frameIdsMax, idBytes, kinds } from '../../lib/gossip/frame.ts';
import { digestIdsMax } from '../../lib/gossip/recall.ts';
import { Attack } from './attack.ts';
import { Stage } from './stage.ts';
import { size } from '../support/runs.ts';

/** A question for a part of a digest. */
const recall = (place = 0, dateMs = 0, seq = 0): Frame =>
  Object.assign(new Frame(kinds.recall), { place, dateMs, seq });

/** An announcement of messages that do not exist, those of `seed`, in the victim's first digest. */
function phantoms(count: number, seed: number, place = 0, topic = '', seq = 1): Frame {
  const ids = new Uint8Array(count * idBytes);
  new Uint32Array(ids.buffer).forEach((_, n, words) => (words[n] = seed * 1e6 + n));
  const hops = new Uint8Array(count);
  return Object.assign(new Frame(kinds.have, topic), { ids, hops, isPull: true, place, seq });
}

const ofKind = (frames: readonly Frame[], kind: number): readonly Frame[] =>
  frames.filter((frame) => frame.kind === kind);

const listed = (frames: readonly Frame[]): number =>
  ofKind(frames, kinds.have).reduce((sum, { ids }) => sum + ids.length / idBytes, 0);

describe('a neighbour that asks for a digest', () => {
  it('gets it part by part, from any node, and no more of it than it asks for', () => {
    const attack = new Attack({ catchUpMs: 0 });
    for (let n = 0; n < digestIdsMax + 10; n += 1) attack.stage.gossip(1).publish(`${n}`);
    attack.stage.net.advance(1_000);
    attack.received.length = 0;
    attack.send(recall());
    const [first, ...others] = attack.received;
    expect([first?.kind, first?.isPull, others]).toEqual([kinds.have, true, []]);
    expect([first?.ids.length, first?.place]).toEqual([digestIdsMax * idBytes, digestIdsMax]);
    attack.send(recall(digestIdsMax));
    expect(attack.received[1]).toMatchObject({ kind: kinds.have, place: 0 });
    expect(listed(attack.received)).toBe(digestIdsMax + 10);
    attack.stage.net.stop();
  });

  it('is not answered if the question is from before the channel was opened', () => {
    const attack = new Attack({ catchUpMs: 0 });
    attack.stage.publish(1, 'text', 100);
    attack.received.length = 0;
    attack.send(recall(digestIdsMax, 0, 1));
    expect([attack.received, attack.reports]).toEqual([[], []]);
    attack.send(recall(0, 0, 2));
    expect([listed(attack.received), attack.reports]).toEqual([1, []]);
    attack.stage.net.stop();
  });

  it('begins another digest by another number, at most 64 of them', () => {
    const attack = new Attack({ catchUpMs: 0 });
    for (let n = 0; n < digestIdsMax + 10; n += 1) attack.stage.gossip(1).publish(`${n}`);
    attack.stage.net.advance(1_000);
    attack.received.length = 0;
    for (let digest = 1; digest <= 64; digest += 1) attack.send(recall(0, 0, digest));
    expect(listed(attack.received)).toBe(64 * digestIdsMax);
    expect(attack.received.map(({ seq }) => seq)).toEqual([...Array(64).keys()].map((n) => n + 1));
    attack.send(recall(digestIdsMax, 0, 64));
    expect(listed(attack.received)).toBe(64 * digestIdsMax + 10);
    expect(attack.reports).toEqual([]);
    attack.send(recall(0, 0, 65));
    expect(attack.reports).toEqual([expect.stringMatching(/^disconnect: .*it was not offered/)]);
    attack.stage.net.stop();
  });

  it('gets what was published since the date that it names', () => {
    const attack = new Attack({ catchUpMs: 0 });
    attack.stage.publish(1, 'old', 2_000);
    const { dateMs } = attack;
    attack.stage.publish(1, 'new', 100);
    attack.received.length = 0;
    attack.send(recall(0, dateMs));
    expect([listed(attack.received), attack.reports]).toEqual([1, []]);
    attack.stage.net.stop();
  });

  it.each<[string, readonly Frame[]]>([
    ['twice', [recall(), recall()]],
    ['for a part that it was not offered', [recall(), recall(digestIdsMax - 1)]],
    ['for the same part twice', [recall(), recall(digestIdsMax), recall(digestIdsMax)]],
  ])('%s is disconnected', (_, frames) => {
    const parts = size(3, 2.1);
    const attack = new Attack({ catchUpMs: 0 });
    for (let n = 0; n < parts * digestIdsMax; n += 1) attack.stage.gossip(1).publish(`${n}`);
    attack.stage.net.advance(1_000);
    attack.received.length = 0;
    for (const frame of frames) attack.send(frame);
    expect(attack.reports).toEqual([expect.stringMatching(/^disconnect: .*it was not offered/)]);
    expect(listed(attack.received)).toBe((frames.length - 1) * digestIdsMax);
    attack.stage.net.stop();
  });
});

describe('a neighbour that answers with a digest', () => {
  const options = { antiEntropyMs: 60_000, announcedMax: 512 };

  it.each<[string, object, readonly Frame[], RegExp]>([
    ['that nobody has asked for', {}, [phantoms(1, 1, 5, '', 0)], /not asked for/],
    ['that goes back', options, [phantoms(1, 1, 5), phantoms(1, 2, 5)], /not asked for/],
    [
      'with too much at a time',
      options,
      [phantoms(frameIdsMax + 1, 1)],
      /an announcement of 20500/,
    ],
  ])('%s is disconnected', (_, given, frames, reason) => {
    const attack = new Attack(given);
    attack.send(...frames);
    expect(attack.reports).toEqual([expect.stringMatching(/^disconnect: /)]);
    expect(attack.reports[0]).toMatch(reason);
    attack.stage.net.stop();
  });

  it('of before the channel was opened again is read, but not asked for more', () => {
    const attack = new Attack(options);
    attack.send(phantoms(1, 1, 5, '', 7));
    expect(ofKind(attack.received, kinds.recall).map(({ seq }) => seq)).toEqual([1]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 1 });
    attack.send(phantoms(1, 2, 5));
    expect(ofKind(attack.received, kinds.recall).map(({ place }) => place)).toEqual([0, 5]);
    expect(attack.reports).toEqual([]);
    attack.stage.net.stop();
  });

  it('for which there is no room is asked for again, when there is', () => {
    const attack = new Attack(options);
    const questions = (): readonly unknown[] =>
      ofKind(attack.received, kinds.recall).map(({ seq, place }) => [seq, place]);
    attack.send(phantoms(512, 1), phantoms(digestIdsMax, 2, digestIdsMax));
    // Many times, for one digest.
    for (let times = 0; times < 70; times += 1) attack.send(phantoms(1, 3));
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({
      droppedAnnouncements: digestIdsMax + 70,
    });
    expect(questions()).toEqual([[1, 0]]);
    attack.stage.net.advance(120_000);
    expect(questions()).toEqual([
      [1, 0],
      [2, 0],
    ]);
    attack.send(phantoms(1, 2, 0, '', 2));
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 1 });
    attack.stage.net.stop();
  });

  it('of messages that do not exist is asked for few at a time, waited for, and reported', () => {
    const attack = new Attack(options);
    const questions = (): readonly Frame[] => ofKind(attack.received, kinds.recall);
    for (let part = 1; part <= 20; part += 1) {
      if (questions().length < part) break;
      attack.send(phantoms(digestIdsMax, part, part));
    }
    // The third part is asked for when most of those in front of it are here, or given up.
    expect(questions().map(({ place }) => place)).toEqual([0, 1]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 512 });
    attack.stage.net.advance(10_000);
    const asks = ofKind(attack.received, kinds.ask).map(({ ids }) => ids.length / idBytes);
    expect(Math.max(...asks)).toBe(64);
    expect(asks.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(12 * 64);
    expect(questions().length).toBe(2);
    expect(attack.reports.length).toBeGreaterThan(0);
    expect(attack.reports[0]).toMatch(/^note: .*does not send a message that it has announced/);
    attack.stage.net.advance(120_000);
    expect(questions().length).toBe(3);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 0, lost: 512 });
    attack.stage.net.stop();
  });

  it('that does not end is asked for no more, and reported', () => {
    const attack = new Attack({ ...options, topics: ['wanted'] });
    const { net } = attack.stage;
    const questions = (): number => ofKind(attack.received, kinds.recall).length;
    expect(questions()).toBe(1);
    // Of a topic that the victim does not want: nothing is missing.
    for (let part = 1; part <= 1_024; part += 1) {
      attack.channel.out.next({ to: attack.victim, message: phantoms(1, part, part, 'else') });
      net.advance(25);
    }
    expect(questions()).toBe(1_024);
    expect(attack.reports).toEqual([expect.stringMatching(/^note: .*digest does not end/)]);
    attack.stage.net.stop();
  });
});

describe('antiEntropyMs', () => {
  it('is checked with the options that have to fit', () => {
    const stage = new Stage({ nodes: 1 });
    const { router } = stage.net.node(0);
    const make = (options: object) => () =>
      gossip(router, { id: 10, codec: json<string>(), ...options });
    expect(make({ antiEntropyMs: 120_000 })).toThrow(
      new RangeError(
        'gossip: antiEntropyMs must be less than seenMs, 120000, or messages are too old ' +
          'to be taken; got 120000',
      ),
    );
    expect(make({ antiEntropyMs: 5_000, seenMs: 5_000 })).toThrow(RangeError);
    expect(make({ antiEntropyMs: 1, storeMax: 513, seenMax: 1_025 })).toThrow(
      new RangeError(
        'gossip: storeMax must be at most half of seenMax, 1025, with antiEntropyMs; got 513',
      ),
    );
    expect(make({ antiEntropyMs: 1, announcedMax: 511 })).toThrow(
      new RangeError('gossip: announcedMax must be at least 512 with antiEntropyMs; got 511'),
    );
    expect(make({ storeMax: 513, seenMax: 1_025, announcedMax: 511 })).not.toThrow();
    expect(make({ id: 11, antiEntropyMs: 119_999, announcedMax: 512 })).not.toThrow();
    stage.net.start();
    stage.net.stop();
  });
});
