import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '#platform/crypto';
import { asciiBytes } from '../../lib/secure/bytes.ts';
import { toHex } from '../../lib/model/hex.ts';
import {
  aeadRecords,
  plainRecords,
  type RecordCipher,
  RECORDS_PER_KEY_MAX,
} from '../../lib/secure/records.ts';

const left = new Uint8Array(32).fill(1);
const right = new Uint8Array(32).fill(2);
const plaintext = Uint8Array.of(1, 2, 3, 4);

function pair(recordsMax?: number): { sender: RecordCipher; receiver: RecordCipher } {
  return {
    sender: aeadRecords({ sendKey: left, receiveKey: right }, recordsMax),
    receiver: aeadRecords({ sendKey: right, receiveKey: left }, recordsMax),
  };
}

const invalid = expect.objectContaining({ code: 'RXMESH_RECORD_INVALID' });

describe('aeadRecords', () => {
  it('seals with a little-endian counter behind four zero bytes as nonce', () => {
    const { sender } = pair();
    const aead = platformCrypto.chacha20Poly1305(left);
    for (let count = 0; count <= 256; count++) {
      const nonce = Uint8Array.of(0, 0, 0, 0, count, count >> 8, 0, 0, 0, 0, 0, 0);
      expect(sender.seal(plaintext)).toEqual(aead.seal(nonce, plaintext));
    }
  });

  it('adds 16 bytes, and opens in order, both ways, down to nothing at all', () => {
    const { sender, receiver } = pair();
    for (const bytes of [plaintext, new Uint8Array(), new Uint8Array(65_536).fill(9)]) {
      const record = sender.seal(bytes);
      expect(record).toHaveLength(bytes.length + sender.overheadBytes);
      expect(toHex(receiver.open(record))).toBe(toHex(bytes));
      expect(toHex(sender.open(receiver.seal(bytes)))).toBe(toHex(bytes));
    }
  });

  it.each([0, 3, 4, 19])('refuses a record with byte %d changed', (at) => {
    const { sender, receiver } = pair();
    const record = sender.seal(plaintext);
    record[at] = (record[at] ?? 0) ^ 1;
    expect(() => receiver.open(record)).toThrow(invalid);
  });

  it('refuses a record that was cut, made longer, or made up', () => {
    const record = pair().sender.seal(plaintext);
    for (const changed of [record.slice(0, -1), Uint8Array.of(...record, 0), new Uint8Array(5)]) {
      expect(() => pair().receiver.open(changed)).toThrow(invalid);
    }
  });

  it('refuses a record twice, out of order, and on its way back', () => {
    const { sender, receiver } = pair();
    const first = sender.seal(plaintext);
    const second = sender.seal(plaintext);
    expect(() => pair().receiver.open(second)).toThrow(invalid);
    expect(() => sender.open(first)).toThrow(invalid);
    receiver.open(first);
    expect(() => receiver.open(first)).toThrow(invalid);
  });

  it('S-04 has a new key after every 1,024 records, each way by itself, and counts on', () => {
    const { sender, receiver } = pair();
    const info = asciiBytes('rxmesh next key v2');
    let key: Uint8Array = left;
    for (let count = 0; count < 3_000; count++) {
      if (count > 0 && count % 1_024 === 0) key = platformCrypto.hkdfSha256(key, info, 32);
      const nonce = Uint8Array.of(0, 0, 0, 0, count, count >> 8, 0, 0, 0, 0, 0, 0);
      const record = sender.seal(plaintext);
      if (count % 1_024 === 0 || count % 1_024 === 1_023) {
        expect(record).toEqual(platformCrypto.chacha20Poly1305(key).seal(nonce, plaintext));
      }
      expect(receiver.open(record)).toEqual(plaintext);
    }
    // The way back has its first key still.
    expect(sender.open(receiver.seal(plaintext))).toEqual(plaintext);
    expect(RECORDS_PER_KEY_MAX).toBe(1_024);
  });

  it('refuses to go on when no nonce is left', () => {
    const { sender, receiver } = pair(2);
    const records = [sender.seal(plaintext), sender.seal(plaintext)];
    expect(() => sender.seal(plaintext)).toThrow(invalid);
    for (const record of records) receiver.open(record);
    expect(() => receiver.open(new Uint8Array(20))).toThrow(/no nonce is left after 2 records/);
  });
});

describe('plainRecords', () => {
  it('are their plaintext', () => {
    expect(plainRecords.seal(plaintext)).toBe(plaintext);
    expect(plainRecords.open(plaintext)).toBe(plaintext);
    expect(plainRecords.overheadBytes).toBe(0);
  });
});
