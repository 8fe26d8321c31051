import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { json } from '../../lib/codec/json.ts';
import { block, dropOldest, fail } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FakePacket } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode } from '../support/linked-node.ts';
import { runs } from '../support/runs.ts';

const channel = fc.constantFrom(7, 8, 9, 10, 65_535);

/** Any packets, in an order that the peer chooses. */
const packet: fc.Arbitrary<FakePacket> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('data' as const),
      channel,
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc.constant(Uint8Array.of(0x31)),
        fc.constant(new Uint8Array(0)),
      ),
      last: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('credit' as const),
      channel,
      messages: fc.oneof(fc.nat(3), fc.constant(2 ** 31 - 1)),
      bytes: fc.oneof(fc.nat(9), fc.constant(2 ** 31 - 1)),
    }),
  },
  fc.record({ type: fc.constant('closed' as const), channel }),
  fc.record({ type: fc.constantFrom('accept' as const, 'ping' as const, 'pong' as const) }),
);

/** Longer than all the packets above together, so that a message is never too large. */
const messageBytesMax = 2000;

/** What this side does meanwhile. */
const deed = fc.constantFrom('send', 'reopen', 'turn', 'nothing');

describe('a session whose peer sends anything in any order', () => {
  it('P-9 never throws, holds no more than its lanes, ends once and leaves nothing behind', () => {
    const script = fc.array(fc.tuple(packet, deed), { maxLength: 80, size: 'max' });
    fc.assert(
      fc.property(script, (steps) => {
        const node = new LinkedNode();
        let seven = node.channels.open({
          id: 7,
          codec: json<number>(),
          inbound: block(3, { bytes: 30 }),
        });
        node.channels.open({
          id: 8,
          codec: json<number>(),
          inbound: dropOldest(2, { bytes: 5 }),
          messageBytesMax: 8,
        });
        node.channels.open({ id: 9, codec: json<number>(), inbound: fail(4) }).in$.subscribe();
        const { link, session } = node.peer(1);
        let ends = 0;
        session.ended$.subscribe((error) => {
          ends += 1;
          if (error?.peer !== idOf(1)) throw new Error('an end that does not name the peer');
        });
        for (const [arriving, doing] of steps) {
          // A link that continues after the end calls a receiver that must tolerate it.
          link.ended = false;
          link.arrive(arriving);
          link.ended ||= session.over;
          if (doing === 'send') seven.out.next({ broadcast: true, message: 1 });
          if (doing === 'turn') node.turn();
          if (doing === 'reopen') {
            seven.close();
            seven = node.channels.open({
              id: 7,
              codec: json<number>(),
              inbound: block(3, { bytes: 9 }),
            });
          }
          for (const { inbound } of session.snapshot()) {
            const { depth, depthBytes, capacity, capacityBytes } = inbound;
            // One message may exceed the bound, and none is longer than this.
            const bytesMax = capacityBytes - 1 + messageBytesMax;
            if (depth > capacity || depthBytes > bytesMax) throw new Error('a lane holds too much');
          }
        }
        expect(link.faults).toEqual([]);
        link.end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'cut', { peer: idOf(1) }));
        expect(ends).toBe(1);
        node.turn();
        expectIdle(node.clock.scheduler);
        node.channels.close();
        expect(node.channels.ids).toEqual([]);
      }),
      { numRuns: runs(250), seed: 20_210_226 },
    );
  });
});
