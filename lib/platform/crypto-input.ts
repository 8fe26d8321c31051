/**
 * What both implementations of `PlatformCrypto` demand of their input, so that they take and refuse
 * the same bytes whatever the libraries underneath would do with them.
 */

/** @throws {RangeError} `bytes` has not exactly `length` bytes */
export function requireLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return;
  throw new RangeError(`${name} must have ${length} bytes, not ${bytes.length}`);
}

/**
 * The bounds of HKDF-SHA256: at most 255 blocks of output (RFC 5869 §2.3), and 1,024 bytes of info,
 * which is where Node stops.
 * @throws {RangeError} one of them is passed
 */
export function requireHkdfBounds(info: Uint8Array, length: number): void {
  if (info.length > 1024) {
    throw new RangeError(`info must have at most 1024 bytes, not ${info.length}`);
  }
  if (!Number.isInteger(length) || length < 1 || length > 255 * 32) {
    throw new RangeError(`length must be an integer from 1 to 8160, not ${length}`);
  }
}

/** The prime of the field, 2^255 - 19, of ed25519 and X25519 (RFC 7748 §4.1). */
export const FIELD_PRIME: bigint = (1n << 255n) - 19n;

/**
 * The y coordinates of the eight points whose order divides 8: order 4, 1, 2, and the two of order
 * 8 (x and -x share a y).
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_PRIME - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** Bytes as an unsigned number, the least significant byte first. */
export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

/**
 * Whether 64 bytes can be an honest ed25519 signature: its R is no point of small order. Versions of
 * OpenSSL differ about those, and nobody who signs by RFC 8032 §5.1.6 ever makes one.
 */
export function isPlausibleSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && isPlausiblePublicKey(signature.subarray(0, 32));
}

/**
 * Whether 32 bytes can be an honest ed25519 public key, as far as that shows without arithmetic on
 * the curve: y is below the field's prime (RFC 8032 §5.1.3), and the point is not one of small
 * order, under which a signature that fits every message can be made without any private key.
 */
export function isPlausiblePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = BigInt.asUintN(255, littleEndian(publicKey));
  return y < FIELD_PRIME && !SMALL_ORDER_Y.has(y);
}
