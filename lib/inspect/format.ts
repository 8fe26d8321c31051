/** A number that fits into a marble or a cell: `1.2k`. */
export function short(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  if (value < 1_000_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)}k`;
  return `${(value / 1_000_000).toFixed(value < 10_000_000 ? 1 : 0)}M`;
}

// Kept: `toLocaleString` makes one for each number.
const numbers = new Intl.NumberFormat('en');

/** A whole number for people: `12,345`. */
export function whole(value: number): string {
  return numbers.format(Math.round(value));
}

/** An amount of bytes: `1.2 KiB`. */
export function bytes(value: number): string {
  if (value < 1_024) return `${Math.round(value)} B`;
  if (value < 1_024 ** 2) return `${(value / 1_024).toFixed(1)} KiB`;
  return `${(value / 1_024 ** 2).toFixed(1)} MiB`;
}

/** A length of time: `0.4 s`, `12 s`, `3 min`, `2 h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

/** A round trip. */
export function roundTrip(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** A channel, as programs write it: `16 (0x10)`. */
export function channelName(channel: number): string {
  return `${channel} (0x${channel.toString(16)})`;
}

/** An address without the ID in it, for a place that names the ID anyway. */
export function withoutId(address: string): string {
  return address.replace(/^(\w+:\/\/).*@/, '$1');
}
