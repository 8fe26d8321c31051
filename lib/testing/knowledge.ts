/**
 * Which nodes know the address of which others, by number: as a function that is asked for each
 * pair, or as a list of those that each node knows.
 */
export type Knows = ((node: number, other: number) => boolean) | readonly Iterable<number>[];

/** Answers questions about who knows whom. With lists, that takes no longer in larger networks. */
export class Knowledge {
  readonly #knows: (node: number, other: number) => boolean;
  readonly #known: readonly (readonly number[])[] | undefined;
  /** For each node, those that know it. */
  readonly #knowers = new Map<number, number[]>();

  constructor(knows: Knows) {
    if (typeof knows === 'function') {
      this.#knows = knows;
      return;
    }
    const sets = Array.from(knows, (others) => new Set(others));
    this.#knows = (node, other) => sets[node]?.has(other) === true;
    this.#known = sets.map((others) => [...others].toSorted((one, other) => one - other));
    this.#known.forEach((others, node) => {
      for (const other of others) {
        const knowers = this.#knowers.get(other);
        if (knowers === undefined) this.#knowers.set(other, [node]);
        else knowers.push(node);
      }
    });
  }

  /** Those of the first `count` nodes that a node knows, in order. */
  knownTo(node: number, count: number): readonly number[] {
    if (this.#known === undefined) {
      return numbers(count).filter((other) => other !== node && this.#knows(node, other));
    }
    return (this.#known[node] ?? []).filter((other) => other !== node && other < count);
  }

  /** Those of the first `count` nodes that know a node, or that it knows, in order. */
  acquaintedWith(node: number, count: number): readonly number[] {
    if (this.#known === undefined) {
      return numbers(count).filter(
        (other) => other !== node && (this.#knows(node, other) || this.#knows(other, node)),
      );
    }
    const both = new Set([...(this.#known[node] ?? []), ...(this.#knowers.get(node) ?? [])]);
    return [...both]
      .filter((other) => other !== node && other < count)
      .toSorted((one, other) => one - other);
  }
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}
