import { describe, expect, it } from '@jest/globals';
import { noop } from 'rxjs';
import { block } from 'rxmesh';
import { simulate } from 'rxmesh/testing';
import { outgoingCodec } from '../../lib/gossip/frame-codec.ts';
import type { Held } from '../../lib/gossip/message-store.ts';
import { Neighbour } from '../../lib/gossip/neighbour.ts';

/** How many messages of so many bytes a neighbour takes that is behind, with a lane for one. */
function taken(bytes: number): number {
  const net = simulate({ nodes: 2 });
  const channel = net.openChannels({ id: 1, codec: outgoingCodec, outbound: block(1) });
  net.start();
  const neighbour = new Neighbour(channel(0), net.node(1).id, noop);
  const push = (n: number): boolean => {
    const encoded = new Uint8Array(bytes);
    const own = { topic: '', hops: 0, from: undefined, atMs: 0, isLead: true, dateMs: 0, place: n };
    const held: Held = { ...own, id: `${n}`, encoded, bytes, payloadBytes: bytes };
    return neighbour.push(held);
  };
  let count = 0;
  while (count < 10_000 && push(count)) count += 1;
  neighbour.close();
  return count;
}

describe('what waits for a neighbour that is behind', () => {
  it('is at most 1,024 messages', () => {
    // One more is in the lane, and one waits for room in it.
    expect(taken(100)).toBe(1_026);
  });

  it('is at most 512 KiB of messages, and the last one', () => {
    expect(taken(16 * 1024)).toBe(34);
    expect(taken(300 * 1024)).toBe(4);
  });
});
