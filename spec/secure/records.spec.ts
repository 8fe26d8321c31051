import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '#platform/crypto';
import { asciiBytes } from '../../lib/secure/bytes.ts';
import { openSslAead } from '../../lib/platform/openssl-aead.node.ts';
import { toHex } from '../../lib/model/hex.ts';
import {
  aeadRecords,
  plainRecords,
  type EncryptedRecords,
  RECORDS_PER_KEY_MAX,
} from '../../lib/secure/records.ts';

const left = new Uint8Array(32).fill(1);
const right = new Uint8Array(32).fill(2);
const plaintext = Uint8Array.of(1, 2, 3, 4);

function pair(recordsMax?: number): { sender: EncryptedRecords; receiver: EncryptedRecords } {
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

describe('aeadRecords that use AES', () => {
  const aes = (key: Uint8Array) => openSslAead('aes-256-gcm', key);
  const [short, long] = [new Uint8Array(1_023), new Uint8Array(1_024)];
  const nonceOf = (count: number) => Uint8Array.of(0, 0, 0, 0, count, count >> 8, 0, 0, 0, 0, 0, 0);
  const aesKeyOf = (key: Uint8Array) =>
    platformCrypto.hkdfSha256(key, asciiBytes('rxmesh aes key v2'), 32);

  function aesPair() {
    const { sender, receiver } = pair();
    for (const records of [sender, receiver]) records.useAes(aes);
    return { sender, receiver };
  }

  it('S-04 seal 1,024 bytes and more with it, under a key of its own; the rest as ever', () => {
    const { sender, receiver } = aesPair();
    const chacha = platformCrypto.chacha20Poly1305(left);
    const records = [long, short, long].map((bytes) => sender.seal(bytes));
    expect(records[0]).toEqual(aes(aesKeyOf(left)).seal(nonceOf(0), long));
    expect(records[1]).toEqual(chacha.seal(nonceOf(1), short));
    expect(records[2]).toEqual(aes(aesKeyOf(left)).seal(nonceOf(2), long));
    expect(records.map((record) => receiver.open(record).length)).toEqual([1_024, 1_023, 1_024]);
  });

  it('count a plaintext in parts as a whole', () => {
    const { sender, receiver } = aesPair();
    const record = sender.seal(long.subarray(0, 1_000), long.subarray(1_000));
    expect(record).toEqual(aes(aesKeyOf(left)).seal(nonceOf(0), long));
    expect(receiver.open(record)).toEqual(long);
  });

  it('have a new key for it with every new key', () => {
    const { sender, receiver } = aesPair();
    const second = platformCrypto.hkdfSha256(left, asciiBytes('rxmesh next key v2'), 32);
    for (let count = 0; count <= 1_024; count++) {
      const record = sender.seal(long);
      expect(receiver.open(record)).toHaveLength(1_024);
      if (count === 1_024) expect(record).toEqual(aes(aesKeyOf(second)).seal(nonceOf(count), long));
    }
  });

  it('refuse a long record that is changed, from ChaCha20, or out of its place', () => {
    const record = aesPair().sender.seal(long);
    for (const at of [0, 1_030]) {
      const changed = record.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => aesPair().receiver.open(changed)).toThrow(invalid);
    }
    expect(() => aesPair().receiver.open(pair().sender.seal(long))).toThrow(invalid);
    expect(() => pair().receiver.open(record)).toThrow(invalid);
    const { receiver } = aesPair();
    receiver.open(record);
    expect(() => receiver.open(record)).toThrow(invalid);
  });
});

describe('plainRecords', () => {
  it('are their plaintext', () => {
    expect(plainRecords.seal(plaintext)).toBe(plaintext);
    expect(plainRecords.open(plaintext)).toBe(plaintext);
    expect(plainRecords.overheadBytes).toBe(0);
  });
});
