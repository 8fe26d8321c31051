/**
 * Input checks shared by both implementations of `PlatformCrypto`, so that they accept and reject
 * the same bytes, whatever the underlying libraries would do.
 */

/** @throws {RangeError} if `bytes` does not have exactly `length` bytes */
export function requireLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return;
  throw new RangeError(`${name} must have ${length} bytes, not ${bytes.length}`);
}

/**
 * Checks the limits of HKDF-SHA256: at most 255 blocks of output (RFC 5869 §2.3), and 1,024 bytes
 * of info, which is Node's limit.
 * @throws {RangeError} if either is exceeded
 */
export function requireHkdfBounds(info: Uint8Array, length: number): void {
  if (info.length > 1024) {
    throw new RangeError(`info must have at most 1024 bytes, not ${info.length}`);
  }
  if (!Number.isInteger(length) || length < 1 || length > 255 * 32) {
    throw new RangeError(`length must be an integer from 1 to 8160, not ${length}`);
  }
}

/** The field prime of ed25519 and X25519, 2^255 - 19 (RFC 7748 §4.1). */
export const FIELD_PRIME: bigint = (1n << 255n) - 19n;

/**
 * The y coordinates of the eight points whose order divides 8: those of order 4, 1 and 2, and the
 * two of order 8 (x and -x share a y).
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_PRIME - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** Reads bytes as an unsigned little-endian number. */
export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

/**
 * Whether 64 bytes can be an honest ed25519 signature: its R must not be a point of small order.
 * Versions of OpenSSL disagree on those, and signing by RFC 8032 §5.1.6 never produces one.
 */
export function isPlausibleSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && isPlausiblePublicKey(signature.subarray(0, 32));
}

/**
 * Whether 32 bytes can be an honest ed25519 public key, as far as that can be checked without curve
 * arithmetic: y must be below the field prime (RFC 8032 §5.1.3), and the point must not have small
 * order. With a key of small order, anyone could forge a signature that fits every message.
 */
export function isPlausiblePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = BigInt.asUintN(255, littleEndian(publicKey));
  return y < FIELD_PRIME && !SMALL_ORDER_Y.has(y);
}
