/**
 * What a peer sends arrives in reads of up to 64 KiB. Whatever keeps a few bytes of a read must
 * copy them. Otherwise they keep all of it, and a peer takes far more memory than its lanes allow.
 */
import { describe, expect, it } from '@jest/globals';
import { block } from '../../lib/flow/strategy.ts';
import { Assembler } from '../../lib/session/assembler.ts';
import { PacketReader } from '../../transports/comet/packet-reader.ts';
import { RecordReader } from '../../transports/comet/records.ts';
import type { FakePacket } from '../support/fake-link.ts';
import { bufferBytes } from '../support/garbage.ts';
import { LinkedNode, open } from '../support/linked-node.ts';

/** Bytes at the end of a read of their own. */
const readOf = (length: number): Uint8Array => new Uint8Array(65_536).subarray(-length);

const packet = (channel: number, length: number, last: boolean): FakePacket => ({
  type: 'data',
  channel,
  bytes: readOf(length),
  last,
});

/** How many bytes of buffers `make` keeps alive for each of `count` things. */
async function keptEach(count: number, make: (nth: number) => unknown): Promise<number> {
  const kept: unknown[] = [];
  const before = await bufferBytes();
  for (let nth = 0; nth < count; nth += 1) kept.push(make(nth));
  return ((await bufferBytes()) - before) / kept.length;
}

describe('S-10 bytes that are kept', () => {
  it('of a message that waits in a lane', async () => {
    const node = new LinkedNode();
    open(node, { inbound: block(1_000) });
    const { link, session } = node.peer(1);
    const each = await keptEach(1_000, () => link.arrive(packet(7, 100, true)));
    expect(session.snapshot()).toMatchObject([{ inbound: { depth: 1_000 } }]);
    expect(each).toBeLessThan(200);
  });

  it('of a message whose end has not arrived', async () => {
    const node = new LinkedNode();
    for (let id = 0; id < 200; id += 1) open(node, { id });
    const { link, session } = node.peer(1);
    const each = await keptEach(200, (id) => link.arrive(packet(id, 100, false)));
    expect(session.snapshot()).toHaveLength(200);
    // The first buffer of a message that arrives in pieces has 32 KiB.
    expect(each).toBeLessThan(33_000);
  });

  it('of a short message in two pieces, after a long one', async () => {
    const each = await keptEach(100, () => {
      const assembler = new Assembler();
      assembler.add(new Uint8Array(1_000_000), false, 2_000_000);
      assembler.add(new Uint8Array(1), true, 2_000_000);
      assembler.add(readOf(50), false, 2_000_000);
      return assembler.add(readOf(50), true, 2_000_000);
    });
    expect(each).toBeLessThan(200);
  });

  it('of a record whose end has not arrived', async () => {
    const each = await keptEach(200, () => {
      const same = (bytes: Uint8Array): Uint8Array => bytes;
      const reader = new RecordReader({ seal: same, open: same, overheadBytes: 16, copies: true });
      expect(reader.read(readOf(10))).toHaveLength(0);
      return reader;
    });
    // The buffer of one record, which has 1,044 bytes.
    expect(each).toBeLessThan(1_100);
  });

  it('of a packet whose end has not arrived', async () => {
    const each = await keptEach(200, () => {
      const reader = new PacketReader(1_024);
      const bytes = readOf(100);
      bytes[0] = 101;
      reader.take(bytes);
      reader.read({ stopped: false, ping: fail, pong: fail, message: fail });
      expect(reader.waitingBytes).toBe(100);
      return reader;
    });
    expect(each).toBeLessThan(200);
  });
});

function fail(): never {
  throw new Error('there is no whole packet');
}
