import { type Profiler, Session } from 'node:inspector';

/** What ran between two readings, as V8 counts it: by script and function. */
export type Reading = readonly Profiler.ScriptCoverage[];

/** The code whose blocks count: this project's own, without its tests and scripts. */
const isOwn = (url: string): boolean => /^file:.*\/(?:lib|operators|transports)\//.test(url);

/**
 * Knows which blocks of the project's code have run, with the counters of V8 that the inspector
 * offers. A reading takes about 10 ms, however little has run: take one for many inputs.
 */
export class Coverage {
  /** How many stretches of code were new when they ran for the first time. */
  blocks = 0;
  readonly #isCounted: (url: string) => boolean;
  readonly #session = new Session();
  /** For each function, which of its characters have run. */
  readonly #seen = new Map<string, Uint8Array>();

  constructor(isCounted: (url: string) => boolean = isOwn) {
    this.#isCounted = isCounted;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What has run since the last reading. */
  read(): Reading {
    let reading: Reading = [];
    // With a session of the own thread, the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      reading = result.filter(({ url }) => this.#isCounted(url));
    });
    return reading;
  }

  /** Whether something ran that is not among what `add` has been given. */
  isNew(reading: Reading): boolean {
    return reading.some(({ url, functions }) =>
      functions.some((each) => {
        const ran = ranIn(each);
        const seen = this.#seen.get(nameOf(url, each));
        return ran.some((byte, at) => byte > (seen?.[at] ?? 0));
      }),
    );
  }

  /** Notes what ran. */
  add(reading: Reading): void {
    for (const { url, functions } of reading) {
      for (const each of functions) this.#add(nameOf(url, each), ranIn(each));
    }
  }

  #add(name: string, ran: Uint8Array): void {
    const seen = this.#seen.get(name) ?? new Uint8Array(ran.length);
    this.#seen.set(name, seen);
    let isWithin = false;
    for (let at = 0; at < ran.length; at += 1) {
      const isNew = ran[at] === 1 && seen[at] === 0;
      if (isNew && !isWithin) this.blocks += 1;
      isWithin = isNew;
      if (isNew) seen[at] = 1;
    }
  }

  stop(): void {
    this.#session.disconnect();
  }
}

function nameOf(url: string, { ranges: [whole] }: Profiler.FunctionCoverage): string {
  return `${url}:${whole?.startOffset}-${whole?.endOffset}`;
}

/** Which characters of a function have run: an inner range overrides the one around it. */
function ranIn({ ranges }: Profiler.FunctionCoverage): Uint8Array {
  const { startOffset: start = 0, endOffset: end = 0 } = ranges[0] ?? {};
  const ran = new Uint8Array(end - start);
  for (const { startOffset, endOffset, count } of ranges) {
    ran.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start);
  }
  return ran;
}
