import { describe, expect, it } from '@jest/globals';
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { toHex } from '../../lib/model/hex.ts';
import { littleEndian as number } from '../../lib/platform/crypto-input.ts';
import { platformCrypto as node } from '../../lib/platform/crypto.node.ts';
import { platformCrypto as web } from '../../lib/platform/crypto.web.ts';
import { runs } from '../support/runs.ts';
import { le32, order8Other, smallOrder } from '../support/small-order.ts';
import { hex } from '../support/wycheproof.ts';

/** The order of the base point (RFC 8032 §5.1). */
const ORDER = Point.CURVE().n;

/** Whether both platforms take a signature; they have to agree. */
function verdict(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const inNode = node.ed25519Verify(key, message, signature);
  const onWeb = web.ed25519Verify(key, message, signature);
  expect({ key: toHex(key), signature: toHex(signature), onWeb }).toEqual({
    key: toHex(key),
    signature: toHex(signature),
    onWeb: inNode,
  });
  return inNode;
}

const challenge = (r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint =>
  number(sha512(Uint8Array.of(...r, ...key, ...message))) % ORDER;

describe('S-09 edge cases that rules differ on', () => {
  // ZIP 215 "Test vectors": all 14 encodings of small order as A and as R, S = 0, the message
  // "Zcash".
  it('keys of small order, in all forms, are refused on both, where ZIP 215 takes all 196', () => {
    const message = new TextEncoder().encode('Zcash');
    expect(smallOrder).toHaveLength(14);
    for (const key of smallOrder) {
      for (const r of smallOrder) {
        expect(verdict(key, message, Uint8Array.of(...r, ...le32(0n)))).toBe(false);
      }
    }
  });

  it('R of small order under an honest key: never, though the equation holds for the neutral one', () => {
    const secret = 987654321n;
    const key = Point.BASE.multiply(secret).toBytes();
    for (let i = 0; i < 4; i++) {
      const message = Uint8Array.of(i);
      for (const r of smallOrder) {
        const s = (challenge(r, key, message) * secret) % ORDER;
        const holds = verdict(key, message, Uint8Array.of(...r, ...le32(s)));
        // Of order 2, 4 or 8, R falls away with the cofactor alone.
        expect({ r: toHex(r), holds }).toEqual({ r: toHex(r), holds: false });
      }
    }
  });

  it('S = 0 up to and above the order: below it counts, from it on nothing does', () => {
    const secret = 123456789n;
    const key = Point.BASE.multiply(secret).toBytes();
    const message = Uint8Array.of(1, 2, 3);
    for (const [wanted, added, holds] of [
      [1n, 0n, true],
      [ORDER - 1n, 0n, true],
      [1n, ORDER, false],
      [1n, 2n * ORDER, false],
      [ORDER - 1n, 8n * ORDER, false],
      [ORDER - 1n, 14n * ORDER, false],
    ] as const) {
      // R = r*B, and S = r + k*a; r is free, so S is what one likes only up to k: add multiples of
      // the order.
      const r = Point.BASE.multiply(wanted).toBytes();
      const s = (wanted + challenge(r, key, message) * secret) % ORDER;
      expect(verdict(key, message, Uint8Array.of(...r, ...le32(s + added)))).toBe(holds);
    }
  });

  it('a key plus a point of small order, an R plus one, and both', () => {
    const [secret, fresh] = [1234567n, 7654321n];
    const torsion = Point.fromBytes(hex(order8Other));
    const seen = new Set<string>();
    for (let i = 0; i < runs(64); i++) {
      const message = Uint8Array.of(i);
      for (const [inKey, inR] of [
        [1, 0],
        [0, 1],
        [1, 1],
        [1, 7],
      ] as const) {
        const plus = (base: Point, times: number): Point =>
          Array.from({ length: times }).reduce<Point>((sum) => sum.add(torsion), base);
        const key = plus(Point.BASE.multiply(secret), inKey).toBytes();
        const r = plus(Point.BASE.multiply(fresh), inR).toBytes();
        const k = challenge(r, key, message);
        const signature = Uint8Array.of(...r, ...le32((fresh + k * secret) % ORDER));
        // Without the cofactor SB = R + kA needs the parts of small order to cancel out.
        const holds = (BigInt(inR) + k * BigInt(inKey)) % 8n === 0n;
        expect(verdict(key, message, signature)).toBe(holds);
        seen.add(`${inKey} ${inR} ${holds}`);
      }
    }
    expect([...seen].sort()).toEqual([
      '0 1 false',
      ...['1 0 false', '1 0 true', '1 1 false', '1 1 true', '1 7 false', '1 7 true'],
    ]);
  });
});
