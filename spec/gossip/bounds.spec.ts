import { describe, expect, it } from '@jest/globals';
import { Frame, idBytes, kinds } from '../../lib/gossip/frame.ts';
import { Recall } from '../../lib/gossip/recall.ts';
import { digestOf } from '../../lib/gossip/signing.ts';
import { Tally } from '../../lib/gossip/tally.ts';
import { Attack, messageOf, text } from './attack.ts';

describe('what is counted of a neighbour', () => {
  it('is forgotten for the ID to which it happened longest ago, above 4,096', () => {
    const tally = new Tally();
    for (let n = 0; n < 4_096; n += 1) tally.up(`${n}`);
    expect([tally.up('0'), tally.up('new'), tally.up('0'), tally.up('1')]).toEqual([2, 1, 3, 1]);
  });
});

describe('a digest that is asked for anew', () => {
  it('is asked for 64 times in all', () => {
    const recall = new Recall();
    const asked: unknown[] = [];
    for (let digest = 1; digest <= 70; digest += 1) {
      recall.begin(digest);
      recall.ask(0);
      const question = recall.takeQuestion();
      if (question !== undefined) asked.push(question.seq);
    }
    expect(asked).toEqual(Array.from({ length: 64 }, (_, n) => n + 1));
  });
});

describe('what arrives before a greeting', () => {
  it('is ignored if it is an announcement, or a question for a message', () => {
    const attack = new Attack({ catchUpMs: 0 }, 2, false);
    const message = messageOf(attack.origin, text('hi'), { dateMs: attack.dateMs });
    attack.send(message);
    attack.received.length = 0;
    const announced = { ids: new Uint8Array(idBytes), hops: Uint8Array.of(0), isPull: true };
    const ids = Uint8Array.from(Buffer.from(digestOf(message, 9).id, 'latin1'));
    attack.send(Object.assign(new Frame(kinds.have), announced));
    attack.send(Object.assign(new Frame(kinds.ask), { ids }));
    attack.stage.net.advance(1_000);
    expect([attack.received, attack.reports]).toEqual([[], []]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 0 });
    // After a greeting, the same question is answered.
    attack.greet();
    attack.received.length = 0;
    attack.send(Object.assign(new Frame(kinds.ask), { ids }));
    expect(attack.received.map(({ kind }) => kind)).toEqual([kinds.message]);
    attack.stage.net.stop();
  });

  it('is taken if it is a message, without a prune for one that comes again', () => {
    const attack = new Attack({ catchUpMs: 0 }, 2, false);
    const message = messageOf(attack.origin, text('hi'), { dateMs: attack.dateMs });
    attack.received.length = 0;
    attack.send(message, message);
    expect(attack.stage.texts(1)).toEqual(['hi']);
    expect([attack.received, attack.reports]).toEqual([[], []]);
    attack.greet();
    attack.send(message);
    expect(attack.received.map(({ kind }) => kind)).toEqual([kinds.prune]);
    attack.stage.net.stop();
  });
});
