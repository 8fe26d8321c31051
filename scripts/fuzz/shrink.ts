/** Limits on attempts and time, because the failure may be that an input is slow. */
const triesMax = 3_000;
const shrinkMs = 10_000;

/**
 * Finds a shorter input that still fails: removes halves, then quarters, down to single bytes, then
 * sets the remaining bytes to zero where the input still fails.
 */
export async function shrink(
  input: Uint8Array,
  fails: (input: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  const endsAtMs = performance.now() + shrinkMs;
  let tries = 0;
  const isTimeLeft = (): boolean => tries < triesMax && performance.now() < endsAtMs;
  const stillFails = (candidate: Uint8Array): Promise<boolean> => {
    tries += 1;
    return fails(candidate);
  };
  let shortest = input;
  for (let size = Math.ceil(input.length / 2); size >= 1;) {
    const before = shortest.length;
    for (let at = 0; at < shortest.length && isTimeLeft();) {
      const candidate = without(shortest, at, size);
      if (await stillFails(candidate)) shortest = candidate;
      else at += size;
    }
    // Repeat with single bytes until none can be removed.
    if (size > 1) size = Math.floor(size / 2);
    else if (shortest.length === before) break;
  }
  for (let at = 0; at < shortest.length && isTimeLeft(); at += 1) {
    const candidate = shortest.slice();
    candidate[at] = 0;
    if (shortest[at] !== 0 && (await stillFails(candidate))) shortest = candidate;
  }
  return shortest;
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  const rest = new Uint8Array(Math.max(at, bytes.length - count));
  rest.set(bytes.subarray(0, at));
  rest.set(bytes.subarray(at + count), at);
  return rest;
}
