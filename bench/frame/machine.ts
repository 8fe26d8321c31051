import { readFileSync } from 'node:fs';
import { textOfRounds } from './numbers.ts';

/** The state of the machine during a measurement. */
export interface MachineState {
  /** How long each run of the yardstick took. */
  readonly yardstickMs: readonly number[];
  /**
   * The share of runnable processor time that the hypervisor gave to other guests (`steal` on
   * Linux). Undefined where the system does not report it.
   */
  readonly takenShare: number | undefined;
}

/** Reads the system's processor times; undefined where unavailable. */
export type ReadProcessorTimes = () => ProcessorTimes | undefined;

/** Totals over all processors since boot, in the system's own unit. */
export interface ProcessorTimes {
  readonly worked: number;
  readonly taken: number;
}

/** The fastest yardstick run in any of the states; undefined if there were none. */
export function bestMsOf(states: readonly MachineState[]): number | undefined {
  const all = states.flatMap(({ yardstickMs }) => yardstickMs);
  return all.length === 0 ? undefined : Math.min(...all);
}

/**
 * Describes the state of the machine.
 *
 * @param bestMs how long the yardstick takes at full speed
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

/** Records the state of the machine from construction on. */
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

  /** Runs the yardstick once. Nothing else should run at the same time. */
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

/** Reads /proc/stat; see proc_stat(5). */
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

/** Number of yardstick runs before the first that counts, so that V8 has compiled it. */
const warmUps = 100;

const turns = 250_000;

/**
 * Creates the yardstick: a fixed workload of a few milliseconds. Like JavaScript that routes
 * messages, it does lookups, memory accesses and arithmetic, but without garbage. Each call returns
 * how long it took, in milliseconds.
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
