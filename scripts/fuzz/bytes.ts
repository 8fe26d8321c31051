/** Concatenates parts. */
export function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A varint (docs/wire.md), made `padding` bytes longer than necessary. */
export function varint(value: number, padding = 0): number[] {
  const bytes: number[] = [];
  let rest = Math.max(0, value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  for (let more = 0; more < padding; more += 1) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(0);
  }
  return bytes;
}

/** Encodes a text as UTF-8. A lone surrogate becomes U+FFFD. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** Decodes any bytes as UTF-8, replacing invalid sequences. 0xff becomes half a surrogate pair. */
export function textOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let from = 0; from <= bytes.length;) {
    const found = bytes.indexOf(0xff, from);
    const end = found < 0 ? bytes.length : found;
    parts.push(Buffer.from(bytes.subarray(from, end)).toString());
    from = end + 1;
  }
  return parts.join('\ud83d');
}
