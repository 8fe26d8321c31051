import { Subscription } from 'rxjs';
import type { Clock, RouterEvent } from '../index.ts';
import { changesOf, isSame } from './changes.ts';
import { EventLog, eventsKeptMax, eventsPerUpdateMax } from './event-log.ts';
import { peersShownMax } from './peer-rows.ts';
import { type InspectedRouter, noTables, type Sample, Sampling } from './sample.ts';
import type { Update } from './view.ts';

/** The shortest time between two samples: ten a second. */
const sampleMs = 100;
/** The longest, however dear a sample is. */
const sampleMaxMs = 2_000;
/** Of the time, how much samples may take. */
const share = 0.03;
/** How many of the last samples say what one costs: now and then, garbage is collected in one. */
const costsKeptMax = 9;
/** An update is sent that often, even if nothing has changed. */
const quietMs = 1_000;
/** Events after which the records of peers have changed. */
const tellsOfPeers: ReadonlySet<RouterEvent['type']> = new Set([
  'peer-up',
  'peer-down',
  'peer-command',
  'peer-evicted',
  'peer-reported',
  'dial-failed',
  'connection-refused',
]);

/**
 * Samples a router while pages watch it. All pages share a sample. What a sample costs decides when
 * the next one is taken, so a large node is not slowed down.
 */
export class Sampler {
  readonly #clock: Clock;
  readonly #workMs: () => number;
  readonly #sampling: Sampling;
  readonly #log = new EventLog();
  readonly #problems = new Map<string, string>();
  readonly #running = new Subscription();
  #waiting: ((sample: Sample | undefined) => void)[] = [];
  #last: Sample | undefined;
  /** What the last samples took. */
  #costs: readonly number[] = [];
  #everyMs = sampleMs;
  #timer: Subscription | undefined;
  #isClosed = false;

  /** @param workMs the processor time of this process, which other processes do not lengthen */
  constructor(router: InspectedRouter, mayControl: boolean, clock: Clock, workMs: () => number) {
    this.#clock = clock;
    this.#workMs = workMs;
    this.#sampling = new Sampling(router, mayControl, (peer) => this.#problems.get(peer));
    this.#running.add(
      router.events$.subscribe((event) => {
        this.#log.add(clock.now(), event);
        if (tellsOfPeers.has(event.type)) this.#sampling.peersChanged();
        if (event.type === 'dial-failed') this.#failed(event.address.id, event.error.message);
      }),
    );
  }

  /** Ends all updates. */
  close(): void {
    this.#isClosed = true;
    this.#running.unsubscribe();
    this.#timer?.unsubscribe();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  /** The changes for one page, each made when the page wants it. */
  async *updates(): AsyncGenerator<Update, undefined, undefined> {
    let before: Sample | undefined;
    let seq = Math.max(0, this.#log.end - eventsKeptMax);
    let sentMs = -Infinity;
    for (;;) {
      const sample = await this.#next(before);
      if (sample === undefined) return undefined;
      const tables = tablesOf(before, sample);
      const isNew = before === undefined;
      const end = this.#log.end;
      const isQuiet = !isNew && end === seq && Object.keys(tables).length === 0;
      if (isQuiet && sample.atMs - sentMs < quietMs) continue;
      const { events, missed } = this.#log.since(seq, isNew ? eventsKeptMax : eventsPerUpdateMax);
      const node = isNew || !isSame(before?.node, sample.node) ? { node: sample.node } : {};
      seq = end;
      sentMs = sample.atMs;
      before = sample;
      yield { atMs: sample.atMs, everyMs: this.#everyMs, ...node, tables, events, missed };
    }
  }

  /** The first sample that is not `seen`; undefined once the sampler is closed. */
  #next(seen: Sample | undefined): Promise<Sample | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#timer !== undefined) return;
      const elapsedMs = this.#clock.now() - (this.#last?.atMs ?? -Infinity);
      const waitMs = seen === undefined ? 0 : Math.max(0, this.#everyMs - elapsedMs);
      this.#timer = this.#clock.schedule(() => this.#sample(), waitMs);
    });
  }

  #sample(): void {
    this.#timer = undefined;
    const atMs = this.#clock.now();
    const elapsedMs = atMs - (this.#last?.atMs ?? -Infinity);
    if (this.#last === undefined || elapsedMs >= sampleMs) {
      const beforeMs = this.#workMs();
      this.#last = this.#sampling.take(atMs);
      this.#costs = [...this.#costs, this.#workMs() - beforeMs].slice(-costsKeptMax);
      const wantedMs = Math.ceil(medianOf(this.#costs) / share);
      this.#everyMs = Math.min(sampleMaxMs, Math.max(sampleMs, wantedMs));
    }
    for (const resolve of this.#waiting.splice(0)) resolve(this.#last);
  }

  #failed(peer: string, text: string): void {
    this.#problems.delete(peer);
    this.#problems.set(peer, text);
    if (this.#problems.size <= peersShownMax) return;
    for (const oldest of this.#problems.keys()) {
      this.#problems.delete(oldest);
      return;
    }
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function tablesOf(before: Sample | undefined, now: Sample): Update['tables'] {
  const old = before?.tables ?? noTables;
  const { peers, channels, lanes, stalls, drops } = now.tables;
  const changes = {
    peers: changesOf(old.peers, peers),
    channels: changesOf(old.channels, channels),
    lanes: changesOf(old.lanes, lanes),
    stalls: changesOf(old.stalls, stalls),
    drops: changesOf(old.drops, drops),
  };
  return Object.fromEntries(Object.entries(changes).filter(([, each]) => each !== undefined));
}
