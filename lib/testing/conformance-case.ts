import type { ConformanceCase } from './transport-conformance.ts';

/** A requirement, and what checks it: throws or rejects if it is not met. */
export type Requirement = readonly [name: string, play: () => void | Promise<void>];

/** Makes test cases of requirements; their errors say which suite they are from. */
export function casesOf(what: string, requirements: readonly Requirement[]): ConformanceCase[] {
  return requirements.map(([name, play]) => ({
    name,
    run: async () => {
      try {
        await play();
      } catch (cause) {
        const text = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${what} conformance: ${text}`, { cause });
      }
    },
  }));
}

/** Throws unless `condition` holds. `requirement` says what was expected. */
export function mustHold(condition: boolean, requirement: string): void {
  if (!condition) throw new Error(requirement);
}
