import { readFileSync } from 'node:fs';
import { textOfRounds } from './numbers.ts';

/** How the machine was while something was measured. */
export interface MachineState {
  /** How long the yardstick took, each time, in ms. */
  readonly yardstickMs: readonly number[];
  /**
   * Of the time for which processors had work, the part that they were given to somebody else
   * (`steal` of Linux). Undefined where the system does not tell.
   */
  readonly takenShare: number | undefined;
}

/** Reads the system's account of its processors' time; undefined where there is none. */
export type ReadProcessorTimes = () => ProcessorTimes | undefined;

/** Since the system started, of all processors, in units of the system's own. */
export interface ProcessorTimes {
  readonly worked: number;
  readonly taken: number;
}

/** The least that the yardstick took in any of them; undefined if it was not applied. */
export function bestMsOf(states: readonly MachineState[]): number | undefined {
  const all = states.flatMap(({ yardstickMs }) => yardstickMs);
  return all.length === 0 ? undefined : Math.min(...all);
}

/**
 * How the machine was, in words.
 *
 * @param bestMs what the yardstick takes when nothing slows the machine down
 */
export function textOfMachine(
  { yardstickMs, takenShare }: MachineState,
  bestMs: number | undefined,
): string {
  const parts: string[] = [];
  if (bestMs !== undefined && yardstickMs.length > 0) {
    parts.push(`had ${textOfRounds(yardstickMs.map((ms) => bestMs / ms))} of its best speed`);
  }
  if (takenShare !== undefined) {
    parts.push(`${Math.round(takenShare * 100)} % of its processors' time went to others`);
  }
  return parts.length === 0 ? '' : `The machine ${parts.join(', and ')}.`;
}

/** Watches the machine, from when it is made until it is asked. */
export class MachineWatch {
  readonly #yardstick: () => number;
  readonly #readTimes: ReadProcessorTimes;
  readonly #from: ProcessorTimes | undefined;
  readonly #yardstickMs: number[] = [];

  constructor(yardstick: () => number, readTimes: ReadProcessorTimes = processorTimes) {
    this.#yardstick = yardstick;
    this.#readTimes = readTimes;
    this.#from = readTimes();
  }

  /** Applies the yardstick once; nothing else should run meanwhile. */
  sample(): void {
    this.#yardstickMs.push(this.#yardstick());
  }

  state(): MachineState {
    return {
      yardstickMs: this.#yardstickMs,
      takenShare: takenShareOf(this.#from, this.#readTimes()),
    };
  }
}

function takenShareOf(
  from: ProcessorTimes | undefined,
  to: ProcessorTimes | undefined,
): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const taken = to.taken - from.taken;
  const wanted = to.worked - from.worked + taken;
  return wanted > 0 ? taken / wanted : 0;
}

/** From /proc/stat (proc_stat(5)). */
export function processorTimes(file = '/proc/stat'): ProcessorTimes | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const [all = ''] = /^cpu .*$/m.exec(text) ?? [];
  const [user, nice, system, , , irq, softirq, steal] = all
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  if (user === undefined || steal === undefined) return undefined;
  return { worked: user + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0), taken: steal };
}

/** How often the yardstick is applied before it counts, so that V8 has compiled it. */
const warmUps = 100;

const turns = 250_000;

/**
 * A fixed piece of work of a few milliseconds: look-ups, memory and arithmetic, as JavaScript that
 * routes messages has them, without garbage. Returns what measures it, in ms.
 */
export function createYardstick(now: () => number = () => performance.now()): () => number {
  const bytes = new Uint8Array(65_536).map((_, index) => index * 31);
  const places = new Map(Array.from({ length: 512 }, (_, key) => [key, key * 127]));
  let sum = 0;
  const measure = (): number => {
    const startedAt = now();
    for (let turn = 0; turn < turns; turn += 1) {
      const place = places.get(turn & 511) ?? 0;
      sum = (sum * 31 + (bytes[(place + turn * 7) & 65_535] ?? 0)) | 0;
    }
    return now() - startedAt;
  };
  for (let warmUp = 0; warmUp < warmUps; warmUp += 1) measure();
  return measure;
}
