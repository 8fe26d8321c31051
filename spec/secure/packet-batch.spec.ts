import { describe, expect, it } from '@jest/globals';
import { toHex } from '../../lib/model/hex.ts';
import { PacketBatch } from '../../lib/secure/packet-batch.ts';
import {
  FRAGMENT_BYTES_MAX,
  RECORD_BYTES_FULL,
  RECORD_BYTES_MAX,
} from '../../lib/secure/packets.ts';
import { plainRecords, type RecordCipher } from '../../lib/secure/records.ts';

const copying: RecordCipher = {
  overheadBytes: 0,
  copies: true,
  seal: (...plaintext) => new Uint8Array(Buffer.concat(plaintext)),
  open: (record) => record,
};

function written(write: (batch: PacketBatch) => void): string {
  const batch = new PacketBatch();
  write(batch);
  return toHex(batch.seal(plainRecords));
}

/** Of two or three bytes. */
const varint = (value: number): number[] => [
  (value & 0x7f) | 0x80,
  ...(value < 2 ** 14 ? [value >> 7] : [((value >> 7) & 0x7f) | 0x80, value >> 14]),
];

const payload = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd);

describe('PacketBatch', () => {
  it.each<[string, (batch: PacketBatch) => void]>([
    ['000502aabb', (batch) => batch.data(5, payload, 0, 2, false)],
    ['018001' + '02bbcc', (batch) => batch.data(128, payload, 1, 3, true)],
    ['01ffff0304aabbccdd', (batch) => batch.data(0xffff, payload, 0, 4, true)],
    ['010000', (batch) => batch.data(0, payload, 4, 4, true)],
    ['02050000', (batch) => batch.credit(5, 0, 0)],
    ['020540808004', (batch) => batch.credit(5, 64, 65_536)],
    [
      '02ffff03' + 'ffffffff07'.repeat(2),
      (batch) => batch.credit(0xffff, 2 ** 31 - 1, 2 ** 31 - 1),
    ],
    ['020501' + 'ffffffff07', (batch) => batch.credit(5, 1, 2 ** 40)],
    ['0205' + 'ffffffff07' + '01', (batch) => batch.credit(5, 2 ** 40, 1)],
    ['0305', (batch) => batch.channelClosed(5)],
    ['08058008', (batch) => batch.messageLimit(5, 1_024)],
    ['08ffff03' + '8080808004', (batch) => batch.messageLimit(0xffff, 2 ** 30)],
    ['04', (batch) => batch.accept()],
    ['05', (batch) => batch.ping()],
    ['0600', (batch) => batch.pong(0)],
    ['06b960', (batch) => batch.pong(12.345)],
    ['06' + '80'.repeat(6) + '40', (batch) => batch.pong(2 ** 48)],
    ['0600', (batch) => batch.pong(-1)],
    ['070000', (batch) => batch.bye('done', '')],
    ['0701026869', (batch) => batch.bye('duplicate', 'hi')],
    ['070602c3a4', (batch) => batch.bye('violation', 'ä')],
    [
      '0402050203050605',
      (batch) => {
        batch.accept();
        batch.credit(5, 2, 3);
        batch.ping();
        batch.pong(0.005);
      },
    ],
  ])('writes %s', (hex, write) => expect(written(write)).toBe(hex));

  it('writes payloads of any length alike', () => {
    for (const length of [1, 23, 24, 25, 127, 128]) {
      const bytes = Uint8Array.from({ length: length + 2 }, (_, at) => at);
      const batch = new PacketBatch();
      batch.data(1, bytes, 1, length + 1, true);
      const header = length < 128 ? [1, 1, length] : [1, 1, 0x80, 1];
      expect([...batch.seal(plainRecords)]).toEqual([...header, ...bytes.subarray(1, length + 1)]);
    }
  });

  it.each([
    ['x'.repeat(300), 'x'.repeat(256)],
    ['x'.repeat(255) + '€', 'x'.repeat(255)],
    ['x'.repeat(252) + '😀', 'x'.repeat(252) + '😀'],
    ['x'.repeat(253) + '😀', 'x'.repeat(253)],
    ['\ud800 alone', '\ufffd alone'],
  ])('cuts the text of a bye between characters', (text, told) => {
    const batch = new PacketBatch();
    batch.bye('done', text);
    const record = Buffer.from(batch.seal(plainRecords));
    const header = Buffer.byteLength(told) < 128 ? 3 : 4;
    expect(record.subarray(header).toString()).toBe(told);
  });

  it.each([66_560, 65_536, 8_192, 8_191, 200])(
    'takes pieces of %d bytes up to a full record, and one more',
    (length) => {
      const piece = Uint8Array.from({ length }, (_, at) => at);
      const header = [1, 0xff, 0xff, 3, ...varint(length)];
      for (const cipher of [copying, plainRecords]) {
        const batch = new PacketBatch();
        batch.ping();
        const packets: number[] = [5];
        while (batch.length <= RECORD_BYTES_FULL) {
          expect(batch.room).toBe(FRAGMENT_BYTES_MAX);
          batch.data(0xffff, piece, 0, length, true);
          for (const byte of header) packets.push(byte);
          for (const byte of piece) packets.push(byte);
        }
        expect([batch.length, batch.room]).toEqual([packets.length, 0]);
        expect(batch.length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
        // A few packets of control still go on top.
        expect(batch.free).toBeGreaterThanOrEqual(0);
        expect(toHex(batch.seal(cipher))).toBe(toHex(Uint8Array.from(packets)));
        expect([batch.length, batch.room]).toEqual([0, FRAGMENT_BYTES_MAX]);
      }
    },
  );

  it('keeps packets in order around large pieces, of which it may take a part', () => {
    for (const cipher of [copying, plainRecords]) {
      const batch = new PacketBatch();
      const large = new Uint8Array(20_000).map((_, at) => at);
      batch.ping();
      batch.data(1, large, 10, 9_010, false);
      batch.pong(0.007);
      batch.data(1, large, 9_010, 18_010, false);
      batch.data(1, large, 18_010, 18_012, true);
      batch.accept();
      expect([...batch.seal(cipher)]).toEqual([
        ...[5, 0, 1, ...varint(9_000), ...large.subarray(10, 9_010)],
        ...[6, 7, 0, 1, ...varint(9_000), ...large.subarray(9_010, 18_010)],
        ...[1, 1, 2, ...large.subarray(18_010, 18_012), 4],
      ]);
    }
  });

  it('has no space for control packets that do not fit behind what it copied', () => {
    const batch = new PacketBatch();
    let written = 0;
    for (; batch.free >= 14; written += 1) batch.credit(0xffff, 2 ** 31 - 1, 2 ** 31 - 1);
    expect(batch.length).toBe(14 * written);
    expect(batch.seal(copying)).toHaveLength(14 * written);
  });

  it.each([
    ['copies', copying],
    ['does not copy', plainRecords],
  ])('never writes to a record again, with a cipher that %s', (_, cipher) => {
    for (const pieces of [1, 8]) {
      const batch = new PacketBatch();
      fill(batch, 1, pieces);
      const record = batch.seal(cipher);
      const before = toHex(record);
      for (const later of [batch, new PacketBatch()]) {
        fill(later, 2, 12);
        later.seal(cipher);
      }
      expect(toHex(record)).toBe(before);
    }
  });

  it.each([
    ['copies', copying],
    ['does not copy', plainRecords],
  ])('shares no memory with another batch, with a cipher that %s', (_, cipher) => {
    for (const pieces of [1, 8]) {
      const expected = (value: number): string => {
        const alone = new PacketBatch();
        fill(alone, value, pieces);
        return toHex(alone.seal(copying));
      };
      const wanted = [1, 2, 3].map(expected);
      const batches = [new PacketBatch(), new PacketBatch(), new PacketBatch()];
      for (const batch of batches) {
        fill(batch, 9, pieces);
        batch.seal(cipher);
      }
      batches.forEach((batch, nth) => fill(batch, nth + 1, pieces));
      expect(batches.map((batch) => toHex(batch.seal(cipher)))).toEqual(wanted);
    }
  });

  it('forgets what was written when it is cleared', () => {
    const batch = new PacketBatch();
    batch.clear();
    fill(batch, 1, 2);
    batch.data(1, new Uint8Array(9_000), 0, 9_000, true);
    batch.clear();
    expect(batch.length).toBe(0);
    batch.ping();
    expect(toHex(batch.seal(copying))).toBe('05');
  });
});

/** Adds so many pieces of 5,000 bytes, which are copied. */
function fill(batch: PacketBatch, value: number, pieces: number): void {
  for (let piece = 0; piece < pieces; piece += 1) {
    batch.data(1, new Uint8Array(5_000).fill(value), 0, 5_000, true);
  }
}
