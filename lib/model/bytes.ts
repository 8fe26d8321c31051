/**
 * `value` as bytes of this realm, if it is bytes: a `Uint8Array`, also one of an iframe, of a `vm`
 * context or of jsdom, for which `instanceof` is false. Nothing is copied.
 */
export function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (!ArrayBuffer.isView(value) || kindOf(value) !== 'Uint8Array') return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * Whether `array` has elements of one byte, whatever realm it is of: a question for each message,
 * for which `instanceof` takes as long as a twentieth of sending it.
 */
export function isOfBytes(array: Uint8Array | undefined): boolean {
  return array?.BYTES_PER_ELEMENT === 1;
}

/**
 * `bytes` for keeping: a view of a much larger buffer would keep all of it alive, such as a few
 * bytes of what a socket has read, and is copied.
 */
export function toKeep(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length ? new Uint8Array(bytes) : bytes;
}

/** Whether `value` is an `ArrayBuffer`, of whichever realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return kindOf(value) === 'ArrayBuffer';
}

/** What the platform calls an object, whatever realm it is of: `Uint8Array`, `Promise`, `Date`. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
