import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { take, type Subscription } from 'rxjs';
import type { Channel } from '../../lib/channel/channel.ts';
import { raw } from '../../lib/codec/raw.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { FakePacket } from '../support/fake-link.ts';
import { expectIdle, trackLeaks } from '../support/leaks.ts';
import { NodePair } from '../support/linked-node.ts';
import { runs } from '../support/runs.ts';

interface Window {
  readonly messages: number;
  readonly bytes: number;
}

/** The books of one direction of a channel, based only on what is seen on the wire. */
class Ledger {
  readonly window: Window;
  /** Credit that was written, and the part that has arrived. */
  readonly granted = { messages: 0, bytes: 0 };
  readonly arrived = { messages: 0, bytes: 0 };
  /** Messages that were started, and their bytes that were written. */
  readonly sent = { messages: 0, bytes: 0 };
  readonly consumed = { messages: 0, bytes: 0 };
  #isWithin = false;

  constructor(window: Window) {
    this.window = window;
  }

  credited(packets: readonly FakePacket[], to: 'granted' | 'arrived'): void {
    for (const packet of packets) {
      if (packet.type !== 'credit') continue;
      this[to].messages += packet.messages;
      this[to].bytes += packet.bytes;
    }
    hold(
      this.granted.messages - this.consumed.messages <= this.window.messages,
      'credit for more messages than the window has',
    );
    hold(
      this.granted.bytes - this.consumed.bytes <= this.window.bytes,
      'credit for more bytes than the window has',
    );
  }

  written(packets: readonly FakePacket[]): void {
    for (const packet of packets) {
      if (packet.type !== 'data') continue;
      if (!this.#isWithin) this.#begin();
      this.#isWithin = !packet.last;
      this.sent.bytes += packet.bytes.length;
    }
  }

  #begin(): void {
    hold(this.sent.bytes < this.arrived.bytes, 'a message without a byte of credit');
    this.sent.messages += 1;
    hold(this.sent.messages <= this.arrived.messages, 'more messages than granted');
  }
}

function hold(truth: boolean, otherwise: string): void {
  if (!truth) throw new Error(otherwise);
}

/** A sender `a` and a receiver `b`, with a ledger that follows the wire. */
class Play {
  readonly pair: NodePair;
  readonly ledger: Ledger;
  readonly sender: Channel<Uint8Array>;
  readonly receiver: Channel<Uint8Array>;
  readonly sent: number[] = [];
  readonly heard: number[] = [];
  #consumer: Subscription | undefined;

  constructor(window: Window, recordBytesMax: number) {
    this.pair = new NodePair({ recordBytesMax });
    this.ledger = new Ledger(window);
    const { a, b } = this.pair.links;
    const [flyToB, flyToA, arriveAtA] = [a.onFlush, b.onFlush, a.arrive.bind(a)];
    a.onFlush = (record) => {
      this.ledger.written(record);
      flyToB?.(record);
    };
    b.onFlush = (record) => {
      this.ledger.credited(record, 'granted');
      flyToA?.(record);
    };
    a.arrive = (...record) => {
      this.ledger.credited(record, 'arrived');
      arriveAtA(...record);
    };
    const inbound = block(window.messages, { bytes: window.bytes });
    this.sender = this.pair.a.channels.open({ id: 7, codec: raw(), outbound: block(1000) });
    this.receiver = this.pair.b.channels.open({ id: 7, codec: raw(), inbound });
    this.pair.settle();
  }

  send(length: number): void {
    this.sent.push(length);
    this.sender.out.next({ broadcast: true, message: new Uint8Array(length) });
  }

  consume(count: number): void {
    // Two consumers at a time would receive the same message twice.
    this.#consumer?.unsubscribe();
    this.#consumer = this.receiver.in$.pipe(take(count)).subscribe(({ message }) => {
      this.heard.push(message.length);
      this.ledger.consumed.messages += 1;
      this.ledger.consumed.bytes += message.length;
    });
  }

  /** Checks what must always hold. */
  check(longest: number): void {
    const { a, b } = this.pair.links;
    hold(b.closedFor === undefined && a.closedFor === undefined, 'a peer was disconnected');
    const { messages, bytes } = this.ledger.window;
    const inbound = this.pair.sessions.b.snapshot()[0]?.inbound;
    hold((inbound?.depth ?? 0) <= messages, 'too many messages wait');
    hold((inbound?.depthBytes ?? 0) < bytes + longest, 'too many bytes wait');
  }
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      n: fc.oneof(fc.nat(9), fc.nat(100), fc.nat(400)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('consume' as const),
      n: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('to a' as const, 'to b' as const, 'turn' as const),
      n: fc.constant(0),
    }),
  },
);

describe('a window of messages and bytes', () => {
  it('P-1 P-3 is never overdrawn by more than one message, and never stops the flow', () => {
    const windows = fc.record({
      messages: fc.integer({ min: 1, max: 12 }),
      bytes: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 600 })),
    });
    const records = fc.constantFrom(40, 120, 1000);
    const script = fc.array(step, { maxLength: 150, size: 'max' });
    fc.assert(
      fc.property(windows, records, script, (window, recordBytesMax, steps) => {
        const play = new Play(window, recordBytesMax);
        for (const { do: what, n } of steps) {
          if (what === 'send') play.send(n);
          else if (what === 'consume') play.consume(n);
          else if (what === 'turn') play.pair.clock.advance(1);
          else play.pair.links.deliver(what === 'to a' ? 'a' : 'b');
          play.check(Math.max(0, ...play.sent));
        }
        play.consume(Infinity);
        play.pair.settle();
        play.check(Math.max(0, ...play.sent));
        expect(play.heard).toEqual(play.sent);
        expect(play.ledger.sent.bytes).toBe(play.ledger.consumed.bytes);
        expectIdle(play.pair.clock.scheduler);
      }),
      { numRuns: runs(150), seed: 20_210_226 },
    );
  });
});

trackLeaks();
