import { describe, expect, it } from '@jest/globals';
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import type { PlatformCrypto } from '../../lib/platform/crypto.ts';
import { platformCrypto as node } from '../../lib/platform/crypto.node.ts';
import { platformCrypto as web } from '../../lib/platform/crypto.web.ts';
import { runs } from '../support/runs.ts';
import { le32, order8, prime, smallOrder } from '../support/small-order.ts';

const platforms: readonly (readonly [string, PlatformCrypto])[] = [
  ['node', node],
  ['web', web],
];

const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text.replace(/\s/g, ''));
  if (bytes === undefined) throw new TypeError(`not hex: ${text}`);
  return bytes;
};
const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const outcome = (work: () => Uint8Array): string => {
  try {
    return toHex(work());
  } catch {
    return 'throws';
  }
};

const le = (value: bigint, length: number) =>
  Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
const number = (bytes: Uint8Array) =>
  bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);

/** RFC 8439 §2.5 and §2.8 for a ciphertext without associated data. */
function tagOf(oneTimeKey: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(ciphertext.length / 16) * 16 + 16);
  padded.set(ciphertext);
  padded.set(le(BigInt(ciphertext.length), 8), padded.length - 8);
  const r = number(oneTimeKey.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let i = 0; i < padded.length; i += 16) {
    sum = ((sum + number(padded.subarray(i, i + 16)) + (1n << 128n)) * r) % ((1n << 130n) - 5n);
  }
  return le(sum + number(oneTimeKey.subarray(16)), 16);
}

/** RFC 8032 §7.1: tests 1, 2, 3 and SHA(abc). */
const ed25519Vectors = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    publicKey: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
].map(({ seed, publicKey, message, signature }) => ({
  seed: hex(seed),
  publicKey: hex(publicKey),
  message: hex(message),
  signature: hex(signature),
}));

describe.each(platforms)('published vectors on %s', (_, crypto) => {
  it('hashes as FIPS 180-4 says', () => {
    expect(toHex(crypto.sha256(ascii('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('derives keys as RFC 5869 says (test case 3: no salt, no info)', () => {
    const secret = new Uint8Array(22).fill(0x0b);
    expect(toHex(crypto.hkdfSha256(secret, new Uint8Array(0), 42))).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  it.each(ed25519Vectors)('signs and verifies as RFC 8032 §7.1 says', (vector) => {
    expect(crypto.ed25519PublicKey(vector.seed)).toEqual(vector.publicKey);
    expect(crypto.ed25519Signer(vector.seed)(vector.message)).toEqual(vector.signature);
    expect(crypto.ed25519Verify(vector.publicKey, vector.message, vector.signature)).toBe(true);
  });

  it('agrees on secrets as RFC 7748 §6.1 says', () => {
    const alice = hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
    const bob = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
    const alicePublic = '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a';
    const bobPublic = 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f';
    const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
    expect(toHex(crypto.x25519(alice).publicKey)).toBe(alicePublic);
    expect(toHex(crypto.x25519(bob).publicKey)).toBe(bobPublic);
    expect(toHex(crypto.x25519(alice).sharedSecret(hex(bobPublic)))).toBe(shared);
    expect(toHex(crypto.x25519(bob).sharedSecret(hex(alicePublic)))).toBe(shared);
  });

  it('multiplies points as RFC 7748 §5.2 says, ignoring the highest bit of u', () => {
    const scalar = hex('4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d');
    const u = hex('e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493');
    expect(toHex(crypto.x25519(scalar).sharedSecret(u))).toBe(
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    );
  });

  // The RFC's vector has associated data, and rxmesh has none: the ciphertext is the RFC's as it
  // is, the tag is computed from the RFC's one-time key.
  it('seals as RFC 8439 §2.8.2 says', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i);
    const nonce = hex('070000004041424344454647');
    const plaintext = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const sealed = crypto.chacha20Poly1305(key).seal(nonce, plaintext);
    expect(toHex(sealed.subarray(0, -16))).toBe(
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6' +
        '3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36' +
        '92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
        '3ff4def08e4b7a9de576d26586cec64b6116',
    );
    const oneTimeKey = hex('7bac2b252db447af09b67a55a4e955840ae1d6731075d9eb2a9375783ed553ff');
    expect(sealed.subarray(-16)).toEqual(tagOf(oneTimeKey, sealed.subarray(0, -16)));
    expect(crypto.chacha20Poly1305(key).open(nonce, sealed)).toEqual(plaintext);
  });
});

/** The order of ed25519's group, and the prime of its field. */
const ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

describe.each(platforms)('what %s refuses', (_, crypto) => {
  const [vector] = ed25519Vectors;
  if (vector === undefined) throw new TypeError('no vector');
  const { seed, publicKey, message, signature } = vector;

  it('signatures and keys of a wrong length', () => {
    for (const length of [0, 1, 31, 33, 63, 65, 128]) {
      expect(crypto.ed25519Verify(publicKey, message, new Uint8Array(length))).toBe(false);
      expect(crypto.ed25519Verify(new Uint8Array(length), message, signature)).toBe(false);
    }
    expect(crypto.ed25519Verify(publicKey, message, Uint8Array.of(...signature, 0))).toBe(false);
  });

  it('S plus the order of the group, which fits the equation as well (RFC 8032 §5.1.7)', () => {
    const s = number(signature.subarray(32));
    const malleable = Uint8Array.of(...signature.subarray(0, 32), ...le32(s + ORDER));
    expect(crypto.ed25519Verify(publicKey, message, malleable)).toBe(false);
  });

  it('keys of small order, under which anyone signs', () => {
    // S = 0 and R = the neutral element fit the equation whenever the key's order divides the
    // challenge.
    const forged = Uint8Array.of(...le32(1n), ...le32(0n));
    for (const key of smallOrder) {
      for (let i = 0; i < 32; i++) {
        expect(crypto.ed25519Verify(key, Uint8Array.of(i), forged)).toBe(false);
      }
    }
  });

  it('keys that are not points, or not in canonical form', () => {
    expect(crypto.ed25519Verify(le32(2n), message, signature)).toBe(false);
    for (let y = prime; y < 1n << 255n; y++) {
      expect(crypto.ed25519Verify(le32(y), message, signature)).toBe(false);
    }
  });

  it('points of low order in a key agreement (RFC 7748 §6.1)', () => {
    const order8 = [
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    ].map(hex);
    const others = [0n, 1n, prime - 1n, prime, prime + 1n].map(le32);
    for (const point of [...others, ...order8]) {
      expect(() => crypto.x25519(seed).sharedSecret(point)).toThrow();
      const highBit = Uint8Array.from(point, (byte, i) => (i === 31 ? byte | 128 : byte));
      expect(() => crypto.x25519(seed).sharedSecret(highBit)).toThrow();
    }
  });

  it('keys, seeds and nonces of a wrong length', () => {
    for (const length of [0, 11, 13, 31, 33, 64]) {
      const wrong = new Uint8Array(length);
      expect(() => crypto.ed25519PublicKey(wrong)).toThrow(RangeError);
      expect(() => crypto.ed25519Signer(wrong)).toThrow(RangeError);
      expect(() => crypto.x25519(wrong).publicKey).toThrow(RangeError);
      expect(() => crypto.x25519(wrong).sharedSecret(publicKey)).toThrow(RangeError);
      expect(() => crypto.x25519(seed).sharedSecret(wrong)).toThrow(RangeError);
      expect(() => crypto.chacha20Poly1305(wrong)).toThrow(RangeError);
      expect(() => crypto.chacha20Poly1305(seed).seal(wrong, message)).toThrow(RangeError);
      expect(() => crypto.chacha20Poly1305(seed).open(wrong, signature)).toThrow(RangeError);
    }
  });

  it('lengths that HKDF cannot give', () => {
    for (const length of [0, -1, 1.5, NaN, 8161]) {
      expect(() => crypto.hkdfSha256(seed, message, length)).toThrow(RangeError);
    }
    expect(() => crypto.hkdfSha256(seed, new Uint8Array(1025), 32)).toThrow(RangeError);
    expect(crypto.hkdfSha256(seed, new Uint8Array(1024), 8160)).toHaveLength(8160);
  });

  it.each([4, 600])('a sealed message of %i bytes with one bit changed, or cut', (length) => {
    const aead = crypto.chacha20Poly1305(seed);
    const nonce = new Uint8Array(12);
    const sealed = aead.seal(nonce, new Uint8Array(length).fill(9));
    for (let bit = 0; bit < sealed.length * 8; bit += length < 10 ? 1 : 61) {
      const changed = sealed.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => aead.open(nonce, changed)).toThrow();
    }
    for (let cut = 0; cut < sealed.length; cut += length < 10 ? 1 : 61) {
      expect(() => aead.open(nonce, sealed.subarray(0, cut))).toThrow();
    }
  });
});

describe.each(platforms)('sealing on %s', (_, crypto) => {
  it('takes a plaintext in parts, of any lengths', () => {
    const aead = crypto.chacha20Poly1305(new Uint8Array(32).fill(7));
    const nonce = new Uint8Array(12);
    const whole = Uint8Array.from({ length: 70_000 }, (_each, at) => at);
    const sealed = toHex(aead.seal(nonce, whole));
    for (const cuts of [[], [0], [70_000], [1, 63, 64, 65, 20_000, 20_000, 69_999]]) {
      const parts = [0, ...cuts].map((cut, nth) => whole.subarray(cut, cuts[nth] ?? whole.length));
      expect(toHex(aead.seal(nonce, ...parts))).toBe(sealed);
    }
    const few = whole.subarray(0, 100);
    const parts = [few.subarray(0, 0), few.subarray(0, 3), few.subarray(3, 70), few.subarray(70)];
    expect(toHex(aead.seal(nonce, ...parts))).toBe(toHex(aead.seal(nonce, few)));
    expect(toHex(aead.seal(nonce))).toBe(toHex(aead.seal(nonce, new Uint8Array())));
  });
});

describe.each(platforms)('memory on %s', (_, crypto) => {
  it('gives plain Uint8Arrays', () => {
    const key = new Uint8Array(32).fill(7);
    const aead = crypto.chacha20Poly1305(key);
    const sealed = aead.seal(new Uint8Array(12), key);
    for (const result of [
      crypto.randomBytes(8),
      crypto.sha256(key),
      crypto.hkdfSha256(key, key, 32),
      crypto.ed25519PublicKey(key),
      crypto.ed25519Signer(key)(key),
      crypto.x25519(key).publicKey,
      crypto.x25519(key).sharedSecret(crypto.x25519(key).publicKey),
      crypto.freshX25519().publicKey,
      sealed,
      aead.open(new Uint8Array(12), sealed),
    ]) {
      expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
    }
  });

  it('seals and opens into buffers of their own, and leaves the input alone', () => {
    const aead = crypto.chacha20Poly1305(new Uint8Array(32));
    const nonce = new Uint8Array(12);
    const plaintext = ascii('unchanged');
    const sealed = aead.seal(nonce, plaintext);
    const copy = sealed.slice();
    const opened = aead.open(nonce, sealed);
    opened.fill(0);
    expect(sealed).toEqual(copy);
    expect(plaintext).toEqual(ascii('unchanged'));
    expect(aead.open(nonce, sealed)).toEqual(plaintext);
  });

  it('keeps its own copy of keys', () => {
    const key = new Uint8Array(32).fill(1);
    const sign = crypto.ed25519Signer(key);
    const aead = crypto.chacha20Poly1305(key);
    const nonce = new Uint8Array(12);
    const before = [sign(nonce), aead.seal(nonce, nonce)];
    key.fill(2);
    expect([sign(nonce), aead.seal(nonce, nonce)]).toEqual(before);
  });

  it('gives random bytes that differ', () => {
    expect(crypto.randomBytes(32)).toHaveLength(32);
    expect(crypto.randomBytes(32)).not.toEqual(crypto.randomBytes(32));
  });

  it('gives fresh keys that differ, and that agree with keys that are given', () => {
    const [fresh, other] = [crypto.freshX25519(), crypto.freshX25519()];
    const given = crypto.x25519(new Uint8Array(32).fill(7));
    expect(fresh.publicKey).toHaveLength(32);
    expect(fresh.publicKey).not.toEqual(other.publicKey);
    expect(fresh.sharedSecret(given.publicKey)).toEqual(given.sharedSecret(fresh.publicKey));
  });
});

describe('both platforms agree', () => {
  it('on hashes and derived keys', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array(),
        fc.integer({ min: 1, max: 200 }),
        (a, b, n) => {
          expect(web.sha256(a)).toEqual(node.sha256(a));
          expect(web.hkdfSha256(a, b, n)).toEqual(node.hkdfSha256(a, b, n));
        },
      ),
    );
  });

  it("on keys, signatures, and each other's signatures", () => {
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), (seed, message) => {
        const publicKey = node.ed25519PublicKey(seed);
        const signature = node.ed25519Signer(seed)(message);
        expect(web.ed25519PublicKey(seed)).toEqual(publicKey);
        expect(web.ed25519Signer(seed)(message)).toEqual(signature);
        expect(web.ed25519Verify(publicKey, message, signature)).toBe(true);
        expect(node.ed25519Verify(publicKey, message, signature)).toBe(true);
      }),
      { numRuns: runs(30) },
    );
  });

  // The key is A = aB + T with T of order 8. For k = H(R, A, M) and S = r + ka, [8]SB = [8](R + kA)
  // always holds, which ZIP 215 asks for; SB = R + kA holds only when 8 divides k.
  it('on keys with a part of small order: the equation holds without the cofactor, or not', () => {
    const verdicts = new Set<boolean>();
    for (let i = 0; i < 40; i++) {
      const message = Uint8Array.of(i);
      const [a, r] = [123456789n, 987654321n + BigInt(i)];
      const key = Point.BASE.multiply(a)
        .add(Point.fromBytes(hex(order8)))
        .toBytes();
      const nonce = Point.BASE.multiply(r).toBytes();
      const k = number(sha512(Uint8Array.of(...nonce, ...key, ...message))) % ORDER;
      const signature = Uint8Array.of(...nonce, ...le32((r + k * a) % ORDER));
      const expected = k % 8n === 0n;
      expect(node.ed25519Verify(key, message, signature)).toBe(expected);
      expect(web.ed25519Verify(key, message, signature)).toBe(expected);
      verdicts.add(expected);
    }
    expect(verdicts.size).toBe(2);
  });

  it('on signatures with a bit changed', () => {
    fc.assert(
      fc.property(bytes(32), bytes(8), fc.integer({ min: 0, max: 511 }), (seed, message, bit) => {
        const publicKey = node.ed25519PublicKey(seed);
        const signature = node.ed25519Signer(seed)(message);
        const changed = signature.map((byte, i) =>
          i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
        );
        expect(node.ed25519Verify(publicKey, message, changed)).toBe(false);
        expect(web.ed25519Verify(publicKey, message, changed)).toBe(false);
      }),
      { numRuns: runs(30) },
    );
  });

  it('on key agreement with any bytes as the other key', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (key, other) => {
        expect(web.x25519(key).publicKey).toEqual(node.x25519(key).publicKey);
        expect(outcome(() => web.x25519(key).sharedSecret(other))).toBe(
          outcome(() => node.x25519(key).sharedSecret(other)),
        );
      }),
      { numRuns: runs(30) },
    );
  });

  it("on sealed messages of all lengths up to 1,100 bytes, and open each other's", () => {
    const [key, nonce] = [new Uint8Array(32).fill(3), new Uint8Array(12).fill(5)];
    const plaintext = Uint8Array.from({ length: 1100 }, (_, at) => at * 7);
    const [inNode, onWeb] = [node.chacha20Poly1305(key), web.chacha20Poly1305(key)];
    const texts = Array.from({ length: 1101 }, (_, length) => plaintext.subarray(0, length));
    const sealed = texts.map((text) => inNode.seal(nonce, text));
    expect(texts.map((text) => onWeb.seal(nonce, text))).toEqual(sealed);
    expect(sealed.map((each) => inNode.open(nonce, each))).toEqual(texts);
    expect(sealed.map((each) => onWeb.open(nonce, each))).toEqual(texts);
  });

  it("on sealed messages under any key, and open each other's", () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        fc.uint8Array({ maxLength: 300 }),
        (key, nonce, plaintext) => {
          const sealed = node.chacha20Poly1305(key).seal(nonce, plaintext);
          expect(web.chacha20Poly1305(key).seal(nonce, plaintext)).toEqual(sealed);
          expect(web.chacha20Poly1305(key).open(nonce, sealed)).toEqual(plaintext);
          expect(node.chacha20Poly1305(key).open(nonce, sealed)).toEqual(plaintext);
        },
      ),
    );
  });
});
