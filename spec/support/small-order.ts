import { fromHex } from '../../lib/model/hex.ts';
import { littleEndian } from '../../lib/platform/crypto-input.ts';

/** The prime of the field of ed25519 (RFC 8032 §5.1). */
export const prime = (1n << 255n) - 19n;

/** A number below 2^256 in 32 bytes, the lowest first. */
export const le32 = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));

/** Two of the four points of order 8; the others have their signs turned. */
export const order8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
export const order8Other = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';

/**
 * All encodings of the 8 points of ed25519 of small order, canonical or not. ZIP 215 takes each of
 * them for A and for R.
 */
export const smallOrder: readonly Uint8Array[] = [
  0n,
  1n,
  prime - 1n,
  prime,
  prime + 1n,
  ...[order8, order8Other].map((point) => littleEndian(fromHex(point) ?? new Uint8Array())),
].flatMap((y) => [le32(y), le32(y | (1n << 255n))]);
