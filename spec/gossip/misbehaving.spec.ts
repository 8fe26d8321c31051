import { describe, expect, it } from '@jest/globals';
import { Identity } from 'rxmesh';
import type { GossipOptions } from 'rxmesh/gossip';
import { NEVER, of, throwError } from 'rxjs';
import { Frame, kinds } from '../../lib/gossip/frame.ts';
import { bytesOf, digestOf } from '../../lib/gossip/signing.ts';
import { Attack, messageOf, text } from './attack.ts';

describe('a neighbour that misbehaves', () => {
  it('is disconnected for a forged signature, and the message is not marked as seen', () => {
    const attack = new Attack();
    const { origin, dateMs } = attack;
    const forged = messageOf(origin, text('pay me'), { dateMs });
    forged.signature = Uint8Array.from(forged.signature, (byte, i) => (i === 9 ? byte ^ 1 : byte));
    attack.send(forged);
    expect(attack.stage.texts(1)).toEqual([]);
    expect(attack.reports).toEqual([expect.stringMatching(/^disconnect: .*forged signature/)]);
    expect(attack.isConnected).toBe(false);
    attack.stage.net.settle();
    attack.send(messageOf(origin, text('pay me'), { dateMs }));
    expect(attack.stage.heard[1]).toMatchObject([{ message: 'pay me', origin: origin.id }]);
    attack.stage.net.stop();
  });

  it.each<[string, (frame: Frame) => void]>([
    ['another payload', (frame) => (frame.payload = text('pay you'))],
    ['another topic', (frame) => (frame.topic = 'else')],
    ['another date', (frame) => (frame.dateMs += 1)],
    ['another number', (frame) => (frame.seq += 1)],
    ['the key of another node', (frame) => (frame.key = new Uint8Array(32).fill(3))],
    ['no key', (frame) => (frame.key = new Uint8Array(0))],
    ['no signature', (frame) => (frame.signature = new Uint8Array(0))],
    ['a claim instead of a key', (frame) => (frame.origin = 'ab'.repeat(20))],
  ])('is disconnected for a message with %s', (_, forge) => {
    const attack = new Attack();
    const frame = messageOf(attack.origin, text('pay me'), { dateMs: attack.dateMs });
    forge(frame);
    attack.send(frame);
    expect(attack.reports).toEqual([expect.stringMatching(/^disconnect: /)]);
    expect([attack.stage.texts(1), attack.isConnected]).toEqual([[], false]);
    attack.stage.net.stop();
  });

  it.each<[string, Frame]>([
    ['announcements without IDs', new Frame(kinds.have)],
    ['half an ID', Object.assign(new Frame(kinds.ask), { ids: new Uint8Array(10) })],
    ['half an ID again', Object.assign(new Frame(kinds.gone), { ids: new Uint8Array(10) })],
    ['too many IDs', Object.assign(new Frame(kinds.gone), { ids: new Uint8Array(20 * 1_025) })],
    [
      'more hops than IDs',
      Object.assign(new Frame(kinds.have), { ids: new Uint8Array(20), hops: new Uint8Array(2) }),
    ],
    ['a long topic', new Frame(kinds.prune, 'x'.repeat(129))],
    [
      'a greeting with a topic that is too long',
      Object.assign(new Frame(kinds.hello), { version: 1, topics: ['x'.repeat(129)] }),
    ],
  ])('is disconnected for %s', (_, frame) => {
    const attack = new Attack();
    attack.send(frame);
    expect(attack.reports).toEqual([expect.stringMatching(/^disconnect: .*sends/)]);
    attack.stage.net.stop();
  });

  it('gets nothing if it speaks another version', () => {
    const attack = new Attack();
    const before = attack.received.length;
    attack.send(Object.assign(new Frame(kinds.hello), { version: 2, isAll: true }));
    expect(attack.reports).toEqual([expect.stringMatching(/^note: .*version 2/)]);
    attack.stage.publish(1, 'secret', 100);
    expect(attack.received.slice(before)).toEqual([]);
    attack.stage.net.stop();
  });

  it('is reported once a second for another version, whichever it is', () => {
    const attack = new Attack();
    for (let version = 2; version < 12; version += 1) {
      attack.send(Object.assign(new Frame(kinds.hello), { version }));
    }
    expect(attack.reports).toEqual([expect.stringMatching(/^note: .*version 2/)]);
    attack.stage.net.stop();
  });

  it('greets again and again: it hears once a second what it has missed, and is reported', () => {
    const attack = new Attack();
    for (let n = 0; n < 300; n += 1) attack.stage.gossip(1).publish(`text ${n}`);
    attack.stage.net.advance(2_000);
    const before = attack.received.length;
    const hello = (fields: Partial<Frame>): Frame =>
      Object.assign(new Frame(kinds.hello), { version: 1, ...fields });
    const again = Array.from({ length: 200 }, () => [hello({}), hello({ isAll: true })]).flat();
    attack.send(...again);
    attack.send(...again);
    const told = (): number[] =>
      attack.received.slice(before).map(({ kind, ids }) => (kind === kinds.have ? ids.length : -1));
    expect(told()).toEqual([300 * 20]);
    attack.stage.net.advance(2_000);
    expect(told()).toEqual([300 * 20, 300 * 20]);
    expect(attack.reports).toEqual([expect.stringMatching(/^note: .*greets again and again/)]);
    attack.stage.net.stop();
  });

  it('brings an old message in vain, and one from the future', () => {
    const attack = new Attack({ seenMs: 1_000 });
    attack.stage.net.advance(5_000);
    const { origin, dateMs } = attack;
    attack.send(messageOf(origin, text('old'), { dateMs: dateMs - 1_500 }));
    attack.send(messageOf(origin, text('future'), { dateMs: dateMs + 1_500 }));
    attack.send(messageOf(origin, text('now'), { dateMs }));
    expect(attack.stage.texts(1)).toEqual(['now']);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ stale: 2, accepted: 1 });
    attack.stage.net.stop();
  });

  it('replays a message in vain, for as long as it is accepted by its date, and is reported', () => {
    const attack = new Attack({ seenMs: 10_000 });
    const frame = messageOf(attack.origin, text('once'), { dateMs: attack.dateMs });
    for (let n = 0; n < 100; n += 1) {
      attack.send(frame);
      attack.stage.net.advance(300);
    }
    expect(attack.stage.texts(1)).toEqual(['once']);
    expect(attack.reports.length).toBeGreaterThan(5);
    expect(attack.reports[0]).toMatch(/^note: .*the same message again and again/);
    expect(attack.received.map(({ kind }) => kind)).toContain(kinds.prune);
    attack.stage.net.stop();
  });

  it('announces messages that do not exist: bounded, and reported', () => {
    const attack = new Attack({ announcedMax: 500 });
    for (let n = 0; n < 40; n += 1) {
      const ids = Uint8Array.from({ length: 20 * 200 }, (_, i) => (i * 31 + n * 97) % 251);
      for (let at = 0; at < 200; at += 1) ids.set([n, at], at * 20);
      attack.send(Object.assign(new Frame(kinds.have), { ids, hops: new Uint8Array(200) }));
    }
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 500 });
    expect(attack.stage.gossip(1).snapshot().droppedAnnouncements).toBeGreaterThan(7_000);
    attack.stage.net.advance(140_000);
    const asks = attack.received.filter(({ kind }) => kind === kinds.ask);
    const asked = asks.reduce((sum, { ids }) => sum + ids.length / 20, 0);
    expect(Math.max(...asks.map(({ ids }) => ids.length / 20))).toBe(64);
    expect(asked).toBeGreaterThan(500);
    expect(asked).toBeLessThanOrEqual(500 * 8);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ missing: 0, lost: 500 });
    expect(attack.reports.length).toBeGreaterThan(3);
    expect(new Set(attack.reports).size).toBe(1);
    expect(attack.reports[0]).toMatch(/^note: .*does not send a message that it has announced/);
    attack.stage.net.stop();
  });

  it('gets a message three times at most, however often it asks', () => {
    const attack = new Attack();
    attack.stage.publish(1, 'mine', 100);
    const [body] = attack.received.filter(({ kind }) => kind === kinds.message);
    const { id } = digestOf(body ?? new Frame(0), 9);
    const ask = Object.assign(new Frame(kinds.ask), { ids: bytesOf([id]) });
    for (let n = 0; n < 10; n += 1) attack.send(ask);
    expect(attack.received.filter(({ kind }) => kind === kinds.message).length).toBe(1 + 3);
    expect(attack.reports).toEqual([expect.stringMatching(/^note: .*asks for the same message/)]);
    attack.stage.net.stop();
  });

  it('brings a message that has passed too many links', () => {
    const attack = new Attack({ hopsMax: 3 }, 3);
    const { origin, dateMs } = attack;
    attack.send(messageOf(origin, text('far'), { dateMs, hop: 3 }));
    attack.send(messageOf(origin, text('edge'), { dateMs, hop: 2 }));
    attack.stage.net.advance(5_000);
    expect([attack.stage.texts(1), attack.stage.texts(2)]).toEqual([['edge'], []]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ unwanted: 1, accepted: 1 });
    attack.stage.net.stop();
  });

  it('brings a message of an origin that may not publish, or that does not decode', () => {
    const banned = Identity.fromSeed(new Uint8Array(32).fill(5)).id;
    const attack = new Attack({ origins: (origin) => origin !== banned }, 3);
    const { origin, dateMs } = attack;
    attack.send(messageOf(origin, text('hello'), { dateMs }));
    const other = Identity.fromSeed(new Uint8Array(32).fill(6));
    attack.send(messageOf(other, Uint8Array.of(0x7b), { dateMs }));
    expect([attack.stage.texts(1), attack.stage.texts(2)]).toEqual([[], []]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ rejected: 2, accepted: 0 });
    expect(attack.reports).toEqual([
      expect.stringMatching(/^penalize: .*may not publish/),
      expect.stringMatching(/^penalize: .*does not decode/),
    ]);
    attack.stage.net.stop();
  });
});

describe('a verdict', () => {
  it.each<[string, GossipOptions<string>['verdict'], string]>([
    ['accepts', () => 'accept', 'accepted'],
    ['accepts later', () => of('accept' as const), 'accepted'],
    ['ignores', () => 'ignore', 'ignored'],
    ['rejects', () => 'reject', 'rejected'],
    ['rejects later', () => of('reject' as const), 'rejected'],
  ])('that %s is followed', (_, verdict, outcome) => {
    const attack = new Attack({ verdict }, 3);
    attack.send(messageOf(attack.origin, text('what'), { dateMs: attack.dateMs }));
    attack.stage.net.advance(5_000);
    const isAccepted = outcome === 'accepted';
    const heard = isAccepted ? ['what'] : [];
    expect([attack.stage.texts(1), attack.stage.texts(2)]).toEqual([heard, heard]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ received: 1, [outcome]: 1 });
    const expected = outcome === 'rejected' ? [expect.stringMatching(/^penalize: .*rejects/)] : [];
    expect(attack.reports).toEqual(expected);
    attack.stage.net.stop();
  });

  it.each<[string, GossipOptions<string>['verdict'], RegExp]>([
    ['throws', () => expectNever(), /has failed, so it is ignored: no idea/],
    ['fails', () => throwError(() => new Error('odd')), /: odd/],
    ['never answers', () => NEVER, /no verdict in 5000 ms/],
    ['answers nothing', () => of(), /completes without a verdict/],
  ])('that %s counts as ignored, and is an event', (_, verdict, reason) => {
    const attack = new Attack({ verdict }, 3);
    attack.send(messageOf(attack.origin, text('what'), { dateMs: attack.dateMs }));
    attack.stage.net.advance(5_000);
    expect([attack.stage.texts(1), attack.stage.texts(2)]).toEqual([[], []]);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ ignored: 1, pending: 0 });
    expect(attack.reports).toEqual([]);
    expect(attack.stage.events('source-failed', 1)).toMatchObject([
      {
        channel: 9,
        error: {
          code: 'RXMESH_CALLBACK_FAILED',
          message: expect.stringMatching(reason),
          peer: attack.stage.net.node(0).id,
        },
      },
    ]);
    attack.stage.net.stop();
  });

  it('has company up to a bound; further messages are asked for later', () => {
    const attack = new Attack({ verdict: () => NEVER, verdictsMax: 4, verdictMs: 1_000 });
    const { origin, dateMs } = attack;
    for (let seq = 0; seq < 6; seq += 1) {
      attack.send(messageOf(origin, text(`text ${seq}`), { dateMs, seq }));
    }
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ pending: 4, missing: 2 });
    attack.stage.net.advance(1_000);
    expect(attack.stage.gossip(1).snapshot()).toMatchObject({ pending: 0, ignored: 4 });
    const asks = attack.received.filter(({ kind }) => kind === kinds.ask);
    expect(asks.reduce((sum, { ids }) => sum + ids.length / 20, 0)).toBe(2);
    attack.stage.net.stop();
  });
});

function expectNever(): never {
  throw new Error('no idea');
}
