/**
 * Returns undefined if it throws: what cannot be measured or traced must not change what it
 * measures.
 */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
