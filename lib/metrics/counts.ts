import type { MetricAttributes } from './meter.ts';

/** Counts by label. */
export class Counts {
  readonly #counts = new Map<string, { readonly attributes: MetricAttributes; count: number }>();

  /** Adds to the count with these labels, which are given in the same order each time. */
  add(attributes: MetricAttributes, count = 1): void {
    const key = JSON.stringify(attributes);
    const found = this.#counts.get(key);
    if (found === undefined) this.#counts.set(key, { attributes, count });
    else found.count += count;
  }

  /** Calls `each` with every count. */
  forEach(each: (count: number, attributes: MetricAttributes) => void): void {
    for (const { count, attributes } of this.#counts.values()) each(count, attributes);
  }
}
