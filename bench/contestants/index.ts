import type { Contestant } from './contestant.ts';

/** How a contestant is presented. */
export interface Entry {
  /** What it is, for the report. */
  readonly about: string;
  readonly isEncrypted: boolean;
  /** Whether it encodes and decodes each message; else it carries frames that were encoded before. */
  readonly isDecoded: boolean;
  /** Whether several independent streams share a connection. */
  readonly hasChannels: boolean;
  /** In a process that runs another contestant, it is not loaded. */
  load(): Promise<Contestant>;
}

/** All who carry messages between processes, by name. */
export const entries = {
  rxmesh: {
    about: 'rxmesh over WebSocket: `pipeTo` from a generator, `in$.consume` at the receiver',
    isEncrypted: true,
    isDecoded: true,
    hasChannels: true,
    load: async () => (await import('./rxmesh.ts')).rxmesh,
  },
  'rxmesh-operators': {
    about: 'the same, with `in$.pipe(map(…), filter(…)).subscribe(…)` at the receiver',
    isEncrypted: true,
    isDecoded: true,
    hasChannels: true,
    load: async () => (await import('./rxmesh.ts')).rxmeshOperators,
  },
} satisfies Record<string, Entry>;

/** @throws {RangeError} there is none of that name */
export function contestantOf(name: string): Promise<Contestant> {
  const entry = (entries as Record<string, Entry>)[name];
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry.load();
}
