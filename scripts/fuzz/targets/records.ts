import { openSslAead } from '../../../lib/platform/openssl-aead.node.ts';
import { aeadRecords, type EncryptedRecords } from '../../../lib/secure/records.ts';
import { joined, varint } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import { attempt, expectThat, type Target } from '../target.ts';

const keys = {
  sendKey: new Uint8Array(32).fill(0x11),
  receiveKey: new Uint8Array(32).fill(0x22),
};
const peerKeys = { sendKey: keys.receiveKey, receiveKey: keys.sendKey };

/** Lengths of plaintexts, for WebAssembly, OpenSSL's ChaCha20 and AES. */
const lengths = [0, 1, 2, 16, 63, 300, 700, 2_000, 5_000] as const;

/** Records of a connection on which both sides have offered AES. */
function recordsOf(own: typeof keys): EncryptedRecords {
  const records = aeadRecords(own);
  records.useAes((key) => openSslAead('aes-256-gcm', key));
  return records;
}

/** The plaintext of a record, filled with its number plus one. */
function plaintextOf(number: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(number + 1);
}

/**
 * Sealed records that are changed, truncated, repeated or reordered. Anything but the exact next
 * record must fail with one code. An input is the record's number, the length of its plaintext, the
 * position at which it is opened, and the sealed bytes.
 */
export const records: Target = {
  name: 'records',
  share: 8,
  generate(random) {
    const [number, length, place] = [random.below(3), random.pick(lengths), random.below(3)];
    const cipher = recordsOf(keys);
    let sealed = new Uint8Array(0);
    for (let at = 0; at <= number; at += 1) sealed = cipher.seal(plaintextOf(at, length)).slice();
    const other = cipher.seal(plaintextOf(number, length));
    const head = [number, ...varint(length), random.once(3) ? place : number];
    return joined([head, mutate(sealed, random, other)]);
  },
  check(input) {
    const { number, length, place, sealed } = parsed(input);
    const sender = recordsOf(keys);
    const receiver = recordsOf(peerKeys);
    for (let at = 0; at < place; at += 1) receiver.open(sender.seal(plaintextOf(at, 3)));
    const right = sender.seal(plaintextOf(number, length));
    const opened = attempt(() => receiver.open(sealed), ['RXMESH_RECORD_INVALID']);
    const isRight = Buffer.from(right).equals(sealed);
    expectThat('value' in opened === isRight, 'a record that was changed opens, or the right not');
    if ('code' in opened) return opened.code;
    const isSame = Buffer.from(opened.value).equals(plaintextOf(number, length));
    expectThat(isSame, 'another plaintext');
    return 'value';
  },
};

function parsed(input: Uint8Array): {
  number: number;
  length: number;
  place: number;
  sealed: Uint8Array;
} {
  const [number = 0, low = 0, high = 0] = input;
  const isLong = low >= 0x80;
  const at = isLong ? 3 : 2;
  return {
    number: number % 3,
    length: isLong ? (low & 0x7f) + (high & 0x7f) * 0x80 : low,
    place: (input[at] ?? 0) % 3,
    sealed: input.slice(at + 1),
  };
}
