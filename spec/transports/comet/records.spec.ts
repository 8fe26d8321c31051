import { describe, expect, it } from '@jest/globals';
import { aeadRecords } from '../../../lib/secure/records.ts';
import { type FrameCipher, OpenRecords, RecordReader } from '../../../transports/comet/records.ts';
import { sodiumRecords } from '../../../transports/comet/sodium.node.ts';

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

const sodium = (): FrameCipher => {
  const cipher = sodiumRecords(keys);
  if (cipher === undefined) throw new Error('sodium-native does not work here');
  return cipher;
};

describe.each([
  ['Node', cipherOf],
  ['sodium-native', sodium],
])('what is read with the cipher of %s', (_, of) => {
  const before = Uint8Array.of(201, 202, 203, 204, 205);
  const lengths = [1, 3, 1_024, 4, 2, 1_023];

  /** Records of these lengths, and what they carry. */
  function short() {
    const [records, cipher] = [new OpenRecords(), of()];
    const carried = lengths.map((length, nth) => new Uint8Array(length).fill(nth + 1));
    const sealed = carried.map((bytes) => {
      records.write(bytes, 0, bytes.length);
      return records.seal(cipher);
    });
    return { sealed: Buffer.concat(sealed), carried: Buffer.concat(carried) };
  }

  it.each([0, 1, 3, 4, 5])('continues %d bytes that wait', (waiting) => {
    const { sealed, carried } = short();
    const waits = before.subarray(0, waiting);
    const read = new RecordReader(of()).read(sealed, waits);
    expect(Buffer.compare(read, Buffer.concat([waits, carried]))).toBe(0);
    expect([...before]).toEqual([201, 202, 203, 204, 205]);
  });

  it('ends at a record that was changed, and what waits stays as it is', () => {
    const { sealed } = short();
    sealed[2 * 1_044] = (sealed[2 * 1_044] ?? 0) ^ 1;
    const invalid = expect.objectContaining({ code: 'RXMESH_RECORD_INVALID' }) as unknown as Error;
    expect(() => new RecordReader(of()).read(sealed, before)).toThrow(invalid);
    expect([...before]).toEqual([201, 202, 203, 204, 205]);
  });

  it('is the same whatever pieces it arrives in', () => {
    for (const size of [1, 700, 1_044, 1_500, 3_000]) {
      const { sealed, carried } = short();
      const reader = new RecordReader(of());
      let read: Uint8Array = new Uint8Array(0);
      for (let at = 0; at < sealed.length; at += size) {
        read = reader.read(sealed.subarray(at, at + size), read);
      }
      expect(Buffer.compare(read, carried)).toBe(0);
    }
  });
});

describe('the cipher of sodium-native', () => {
  it('seals the same bytes as Node, record by record, and each opens those of the other', () => {
    const stream = new Uint8Array(3_000).map((_, at) => at % 249);
    const pairs = [
      [sodium(), cipherOf()],
      [cipherOf(), sodium()],
    ] as const;
    const sealed = pairs.map(([sealer, opener]) => {
      const [records, reader] = [new OpenRecords(), new RecordReader(opener)];
      const pieces: Uint8Array[] = [];
      for (let nth = 0; nth < 3; nth += 1) {
        records.write(stream, 0, stream.length);
        const piece = records.seal(sealer);
        expect(Buffer.compare(reader.read(piece), stream)).toBe(0);
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    });
    expect(sealed[0]).toHaveLength(9 * 1_044);
    expect(Buffer.compare(sealed[0] ?? Buffer.alloc(0), sealed[1] ?? Buffer.alloc(0))).toBe(0);
  });

  it('refuses a record that was changed, or comes out of its order', () => {
    const [sealer, frame] = [sodium(), new Uint8Array(1_028).fill(7)];
    const [first, second] = [sealer.seal(frame), sealer.seal(frame.subarray(0, 4), frame)];
    const invalid = expect.objectContaining({ code: 'RXMESH_RECORD_INVALID' }) as unknown as Error;
    expect(() => sodium().open(second)).toThrow(invalid);
    expect(() => sodium().open(new Uint8Array(15))).toThrow(invalid);
    first[1_043] = (first[1_043] ?? 0) ^ 1;
    expect(() => sodium().open(first)).toThrow(invalid);
  });
});
