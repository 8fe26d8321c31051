/** What a dialect may add to the text of an address, and to a message, in bytes. */
const overheadBytes = 16;

/** As many of these addresses, from the first, as fit a message of `bytesMax` bytes. */
export function fitting(addresses: readonly string[], bytesMax: number): readonly string[] {
  let bytes = overheadBytes;
  const end = addresses.findIndex((text) => {
    // An address is ASCII: anything else is escaped.
    bytes += text.length + overheadBytes;
    return bytes > bytesMax;
  });
  return end < 0 ? addresses : addresses.slice(0, end);
}
