import { describe, expect, it } from '@jest/globals';
import { PacketReader } from '../../../transports/comet/packet-reader.ts';
import { collectGarbage } from '../../support/garbage.ts';
import { Recorder } from '../../support/secure.ts';
import { messagePacket } from './support.ts';

/** A handler that records what it is handed, and takes everything. */
class Handler extends Recorder {
  message(channel: number, bytes: Uint8Array, last: boolean): boolean {
    this.data(channel, bytes, last);
    return true;
  }
}

function readAll(bytes: Uint8Array): { wrong: string | undefined; heard: readonly string[] } {
  const [reader, handler] = [new PacketReader(1_024), new Handler()];
  reader.take(bytes);
  return { wrong: reader.read(handler), heard: handler.heard };
}

describe('PacketReader', () => {
  it('bounds the bytes of a message in a packet, also where the packet would fit', () => {
    // On channel 0, and not the last: four bytes less than a full packet.
    expect(readAll(messagePacket(0, new Uint8Array(1_024), false)).wrong).toBeUndefined();
    const { wrong, heard } = readAll(messagePacket(0, new Uint8Array(1_025), false));
    expect(wrong).toBe('a packet with 1025 bytes of a message, more than 1024');
    expect(heard).toEqual([]);
  });

  it('refuses a field whose value is cut off by the end of its packet', () => {
    const mark = Uint8Array.of(5, 0x1a, 3, 0x08, 0x20, 0x10);
    expect(readAll(mark).wrong).toBe('a message packet with a malformed field');
    // The next packet must not complete it.
    expect(readAll(Uint8Array.of(...mark, 2, 0x0a, 0)).heard).toEqual([]);
  });

  it('keeps the rest of a packet without the read that it arrived in', async () => {
    const [reader, handler] = [new PacketReader(1_024), new Handler()];
    const packet = messagePacket(0, Uint8Array.of(7, 8), true);
    const read = (): WeakRef<ArrayBuffer> => {
      const bytes = new Uint8Array(65_536);
      const pings = Math.floor((bytes.length - 4) / 3);
      for (let at = 0; at < pings; at += 1) bytes.set([2, 0x0a, 0], at * 3);
      bytes.set(packet.subarray(0, 4), pings * 3);
      reader.take(bytes.subarray(0, pings * 3 + 4));
      expect(reader.read(handler)).toBeUndefined();
      return new WeakRef(bytes.buffer);
    };
    const kept = read();
    expect(reader.waitingBytes).toBe(4);
    await collectGarbage();
    expect(kept.deref()).toBeUndefined();
    reader.take(Uint8Array.of(...reader.waiting, ...packet.subarray(4)));
    reader.read(handler);
    expect(handler.heard.at(-1)).toBe('data 0 0708 last');
  });
});
