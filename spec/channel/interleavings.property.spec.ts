import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { take, type Subscription } from 'rxjs';
import type { Channel } from '../../lib/channel/channel.ts';
import { raw } from '../../lib/codec/raw.ts';
import {
  block,
  dropNewest,
  dropOldest,
  latest,
  type LaneBounds,
  type LaneOptions,
} from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { expectIdle } from '../support/leaks.ts';
import { NodePair, type LinkedNode } from '../support/linked-node.ts';
import { runs } from '../support/runs.ts';

type Side = 'a' | 'b';

/** The possible next steps; `side` and `channel` say where. */
interface Step {
  readonly side: Side;
  readonly channel: number;
  readonly what:
    | { readonly type: 'send' | 'out'; readonly bytes: number }
    | { readonly type: 'take'; readonly count: number }
    | { readonly type: 'open'; readonly inbound: LaneOptions; readonly outbound: LaneOptions }
    | { readonly type: 'listen' | 'leave' | 'close' | 'deliver' | 'turn' | 'cancel' | 'stall' };
}

/** b accepts shorter messages than a sends. */
const messageBytesMax = { a: 420, b: 300 };
const sides: readonly Side[] = ['a', 'b'];
const channelIds: readonly number[] = [7, 8];
const otherOf = (side: Side): Side => (side === 'a' ? 'b' : 'a');

/** Messages have 4 to 420 bytes, for windows that one fills, that many fill and that none fills. */
const bounds = fc.oneof(
  fc.constant({}),
  fc.record({ bytes: fc.constantFrom(1, 10, 100, 300, 1000) }),
);
const made = (
  make: (capacity: number, bounds: LaneBounds) => LaneOptions,
  capacityMax: number,
): fc.Arbitrary<LaneOptions> =>
  fc.tuple(fc.integer({ min: 1, max: capacityMax }), bounds).map((each) => make(...each));

const blocking = made(block, 6);
const lane = fc.oneof(
  { weight: 4, arbitrary: blocking },
  made(dropOldest, 3),
  made(dropNewest, 3),
  fc.constant(latest()),
);

const step = (lanes: fc.Arbitrary<LaneOptions>): fc.Arbitrary<Step> => {
  const only = (
    type: 'listen' | 'leave' | 'close' | 'deliver' | 'turn' | 'cancel' | 'stall',
    weight = 1,
  ): { weight: number; arbitrary: fc.Arbitrary<Step['what']> } => ({
    weight,
    arbitrary: fc.constant({ type }),
  });
  return fc.record({
    side: fc.constantFrom(...sides),
    channel: fc.constantFrom(...channelIds),
    what: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          type: fc.constantFrom('send' as const, 'out' as const),
          bytes: fc.oneof(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 4, max: 420 })),
        }),
      },
      only('deliver', 8),
      only('turn', 4),
      only('listen'),
      only('leave'),
      only('stall'),
      only('cancel'),
      only('close'),
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant('open' as const),
          inbound: lanes,
          outbound: lanes,
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant('take' as const),
          count: fc.integer({ min: 1, max: 3 }),
        }),
      },
    ),
  });
};

/** One direction of one channel: everything sent there, and its fate. */
class Way {
  /** How many messages a lane accepted, or an event reported: their fate is known in the end. */
  answered = 0;
  sent = 0;
  /** Sends that have not ended, by number. */
  readonly waiting = new Map<number, Subscription>();
  readonly endings: number[] = [];
  readonly arrived: number[] = [];
  /** How many of the messages that arrived are known to be in order. */
  checked = 0;
}

/** Performs steps on a pair of nodes and keeps the books. */
class Play {
  readonly pair: NodePair = new NodePair({ recordBytesMax: 120 });
  readonly ways = new Map<string, Way>();
  readonly channels = new Map<string, Channel<Uint8Array>>();
  readonly consumers = new Map<string, Subscription>();
  lostUnderWay = 0;

  constructor() {
    for (const side of sides) {
      for (const channel of channelIds) this.ways.set(`${side}${channel}`, new Way());
    }
  }

  node(side: Side): LinkedNode {
    return this.pair[side];
  }

  way(side: Side, channel: number): Way {
    return this.ways.get(`${side}${channel}`) ?? new Way();
  }

  play({ side, channel, what }: Step): void {
    const key = `${side}${channel}`;
    const open = this.channels.get(key);
    switch (what.type) {
      case 'send':
        if (open) this.send(open, side, channel, what.bytes);
        break;
      case 'out':
        if (open) {
          const way = this.way(side, channel);
          way.answered += 1;
          open.out.next({
            to: this.node(otherOf(side)).id,
            message: numbered((way.sent += 1), what.bytes),
          });
        }
        break;
      case 'cancel': {
        const [number, subscription] = [...this.way(side, channel).waiting][0] ?? [];
        subscription?.unsubscribe();
        if (number !== undefined) this.way(side, channel).waiting.delete(number);
        break;
      }
      case 'listen':
        if (open && !this.consumers.has(key)) this.listen(open, side, channel);
        break;
      case 'leave':
        this.consumers.get(key)?.unsubscribe();
        this.consumers.delete(key);
        break;
      case 'take':
        if (open) this.listen(open, side, channel, what.count);
        break;
      case 'close':
        open?.close();
        this.channels.delete(key);
        this.consumers.delete(key);
        break;
      case 'open':
        if (!open) this.open(side, channel, what.inbound, what.outbound);
        break;
      case 'deliver':
        this.pair.links.deliver(side);
        break;
      case 'stall':
        this.pair.links[side].writable = false;
        break;
      case 'turn':
        this.pair.clock.advance(1);
        break;
    }
  }

  open(side: Side, channel: number, inbound: LaneOptions, outbound: LaneOptions): void {
    const options = { id: channel, codec: raw(), inbound, outbound };
    const limits = { messageBytesMax: messageBytesMax[side] };
    this.channels.set(
      `${side}${channel}`,
      this.node(side).channels.open({ ...options, ...limits }),
    );
  }

  send(open: Channel<Uint8Array>, side: Side, channel: number, bytes: number): void {
    const way = this.way(side, channel);
    const number = (way.sent += 1);
    const to = this.node(otherOf(side)).id;
    const subscription = open.send({ to, message: numbered(number, bytes) }).subscribe({
      next: () => (way.answered += 1),
      error: (error: unknown) => {
        way.endings.push(number);
        way.waiting.delete(number);
        way.answered += 1;
        hold(error instanceof RxmeshError, 'a send failed with something else');
      },
      complete: () => {
        way.endings.push(number);
        way.waiting.delete(number);
      },
    });
    if (!subscription.closed) way.waiting.set(number, subscription);
  }

  listen(open: Channel<Uint8Array>, side: Side, channel: number, count = Infinity): void {
    const { arrived } = this.way(otherOf(side), channel);
    const in$ = count === Infinity ? open.in$ : open.in$.pipe(take(count));
    // Two consumers at a time would receive the same message twice.
    this.consumers.get(`${side}${channel}`)?.unsubscribe();
    const consumer = in$.subscribe(({ message }) => arrived.push(numberIn(message)));
    this.consumers.set(`${side}${channel}`, consumer);
  }

  /**
   * The connection breaks. What is in transit is lost, and nobody reports what was fully written.
   */
  reconnect(): void {
    const { links } = this.pair;
    for (const side of sides) {
      for (const packet of links.inFlight(side)) {
        if (packet.type === 'data' && packet.last) this.lostUnderWay += 1;
      }
    }
    this.pair.reconnect();
  }

  /** Checks what must always hold. Without `expect`, which would take most of the time. */
  check(): void {
    for (const side of sides) {
      const link = this.pair.links[side];
      hold(link.faults.length === 0, 'a receiver threw');
      hold(link.closedFor === undefined, 'a peer that keeps to the protocol was disconnected');
      for (const { outbound, inbound } of this.pair.sessions[side].snapshot()) {
        hold(outbound.depth <= outbound.capacity, 'an outbound lane holds too much');
        hold(inbound.depth <= inbound.capacity, 'an inbound lane holds too much');
        for (const each of [outbound, inbound]) {
          // The message that exceeds the bound starts below it.
          const most = each.capacityBytes - 1 + messageBytesMax.a;
          hold(each.depthBytes <= most, 'a lane holds too many bytes');
        }
        hold(outbound.credit >= 0 && inbound.granted >= 0, 'more was sent than granted');
        const least = Math.min(outbound.creditBytes, inbound.grantedBytes);
        hold(least > -messageBytesMax.a, 'more bytes were sent than granted');
      }
    }
    for (const way of this.ways.values()) {
      const { arrived, endings } = way;
      for (; way.checked < arrived.length; way.checked += 1) {
        const [before, now] = [arrived[way.checked - 1] ?? 0, arrived[way.checked] ?? 0];
        hold(before < now, `${now} arrived after ${before}`);
      }
      hold(endings.length === new Set(endings).size, 'a send ended twice');
    }
  }

  /** Everyone listens until nothing moves any more; then nothing may be left over. */
  finish(): void {
    for (const side of sides) {
      for (const channel of channelIds) {
        if (!this.channels.has(`${side}${channel}`)) this.open(side, channel, block(4), block(4));
        const open = this.channels.get(`${side}${channel}`);
        if (open) this.listen(open, side, channel);
      }
    }
    for (const side of sides) this.pair.links[side].writable = true;
    this.pair.settle();
    this.check();
    for (const side of sides) {
      expect(this.pair.sessions[side].idle).toBe(true);
      const there = this.pair.sessions[otherOf(side)].snapshot();
      for (const { channel, outbound, inbound } of this.pair.sessions[side].snapshot()) {
        expect([inbound.depth, inbound.depthBytes]).toEqual([0, 0]);
        const { credit, creditBytes } = outbound;
        const granted = there.find((port) => port.channel === channel)?.inbound;
        expect(granted).toMatchObject({ granted: credit, grantedBytes: creditBytes });
        expect(Math.min(credit, creditBytes)).toBeGreaterThan(0);
      }
    }
    for (const { waiting } of this.ways.values()) expect(waiting.size).toBe(0);
    let [answered, arrived, told] = [0, 0, 0];
    for (const way of this.ways.values()) {
      answered += way.answered;
      arrived += way.arrived.length;
    }
    for (const side of sides) {
      for (const reasons of this.node(side).channels.drops().values()) {
        for (const count of reasons.values()) told += count;
      }
    }
    expect(arrived + told + this.lostUnderWay).toBe(answered);
    expectIdle(this.pair.clock.scheduler);
  }
}

function hold(truth: boolean, otherwise: string): void {
  if (!truth) throw new Error(otherwise);
}

function numbered(number: number, length: number): Uint8Array {
  const message = new Uint8Array(length);
  new DataView(message.buffer).setUint32(0, number);
  return message;
}

function numberIn(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset, message.length).getUint32(0);
}

const many = { numRuns: runs(100), seed: 20_210_226 };

describe('two nodes, whatever happens in whatever order', () => {
  it('P-1 P-2 P-4 nothing is unbounded, lost silently, duplicated, out of order or stuck', () => {
    fc.assert(
      fc.property(fc.array(step(lane), { maxLength: 200, size: 'max' }), (steps) => {
        const play = new Play();
        for (const each of steps) {
          play.play(each);
          play.check();
        }
        play.finish();
      }),
      many,
    );
  });

  it('P-2 the same over several connections, where only messages in transit are lost', () => {
    // Messages in one piece: half a message is not always lost with its last piece.
    const small = step(lane).map((each): Step =>
      'bytes' in each.what
        ? { ...each, what: { ...each.what, bytes: (each.what.bytes % 60) + 4 } }
        : each,
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(small, { maxLength: 60, size: 'max' }), { maxLength: 5 }),
        (lives) => {
          const play = new Play();
          for (const steps of lives) {
            for (const each of steps) {
              play.play(each);
              play.check();
            }
            play.reconnect();
          }
          play.finish();
        },
      ),
      many,
    );
  });

  it('P-3 with `block` lanes that stay open, N sent are N received, in order', () => {
    const steps = fc.array(
      step(blocking).filter(({ what }) => !['out', 'cancel', 'close'].includes(what.type)),
      { maxLength: 200, size: 'max' },
    );
    fc.assert(
      fc.property(steps, fc.array(blocking, { minLength: 8, maxLength: 8 }), (taken, lanes) => {
        const play = new Play();
        const next = lanes[Symbol.iterator]();
        for (const side of sides) {
          for (const channel of channelIds) {
            play.open(side, channel, next.next().value ?? block(1), next.next().value ?? block(1));
          }
        }
        play.pair.settle();
        for (const { side, channel, what } of taken) {
          const bytes = 'bytes' in what ? Math.min(what.bytes, 300) : 0;
          play.play({ side, channel, what: 'bytes' in what ? { ...what, bytes } : what });
          play.check();
        }
        play.finish();
        for (const { arrived, sent } of play.ways.values()) {
          expect(arrived).toEqual(Array.from({ length: sent }, (_, at) => at + 1));
        }
      }),
      many,
    );
  });
});
