import { describe, expect, it } from '@jest/globals';
import { aeadRecords } from '../../../lib/secure/records.ts';
import { OpenRecords, RecordReader } from '../../../transports/comet/records.ts';

const keys = { sendKey: new Uint8Array(32).fill(1), receiveKey: new Uint8Array(32).fill(1) };

/** A cipher whose own records it opens. */
const cipherOf = () => aeadRecords(keys, Number.MAX_SAFE_INTEGER, Infinity);

describe('the records of the stream', () => {
  it('are padded with zeros: buffers are shared, so anything else may be of another peer', () => {
    const [records, cipher] = [new OpenRecords(), cipherOf()];
    const secret = new Uint8Array(2_000).fill(0xee);
    records.write(secret, 0, secret.length);
    records.seal(cipher);
    const others = new OpenRecords();
    const opener = cipherOf();
    others.write(Uint8Array.of(1, 2, 3), 0, 3);
    const frame = opener.open(others.seal(cipherOf()));
    expect([...frame.subarray(0, 7)]).toEqual([3, 0, 0, 0, 1, 2, 3]);
    expect(frame.subarray(7).every((byte) => byte === 0)).toBe(true);
  });

  it('are sealed in one buffer, as many as it takes, and leave nothing behind', () => {
    const [records, cipher, reader] = [new OpenRecords(), cipherOf(), new RecordReader(cipherOf())];
    const stream = new Uint8Array(60 * 1_024).map((_, at) => at % 251);
    for (const length of [1, 1_023, 1_024, 1_025, stream.length]) {
      records.write(stream, 0, length);
      expect([records.length, records.free]).toEqual([length, 60 * 1_024 - length]);
      const sealed = records.seal(cipher);
      expect(sealed).toHaveLength(Math.ceil(length / 1_024) * 1_044);
      expect(records.length).toBe(0);
      const opened = reader.read(sealed);
      expect(Buffer.compare(opened, stream.subarray(0, length))).toBe(0);
    }
  });
});
