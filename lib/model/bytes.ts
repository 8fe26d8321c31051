/**
 * Returns `value` as a `Uint8Array` of this realm, or undefined if it is not one. Accepts arrays
 * from an iframe, a `vm` context or jsdom, which fail `instanceof`. Nothing is copied.
 */
export function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (!ArrayBuffer.isView(value) || kindOf(value) !== 'Uint8Array') return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * Whether `array` has one-byte elements, in any realm. This runs for every message, where
 * `instanceof` would add a twentieth to the cost of sending it.
 */
export function isOfBytes(array: Uint8Array | undefined): boolean {
  return array?.BYTES_PER_ELEMENT === 1;
}

/**
 * Returns `bytes` in a form that is safe to retain. A small view of a large buffer, such as a few
 * bytes of a socket read, would keep the whole buffer alive, so it is copied.
 */
export function toKeep(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? new Uint8Array(bytes) : bytes;
}

/** Whether `value` is an `ArrayBuffer`, in any realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return kindOf(value) === 'ArrayBuffer';
}

/** The built-in type name of a value, in any realm: `Uint8Array`, `Promise`, `Date`. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
