/** Sizes of encoded messages. */
export const sizes: readonly number[] = [64, 1024, 65_536, 524_288];

/** Formats a size, such as `64 B` or `1 KiB`. */
export function textOfBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${bytes / 1024} KiB` : `${bytes / 2 ** 20} MiB`;
}
