import { describe, expect, it } from '@jest/globals';
import type { Demand, FlowConsumer } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { reportUnhandled } from '../../lib/flow/report-unhandled.ts';
import { flowConformance } from '../../lib/testing/index.ts';
import { trackLeaks } from '../support/leaks.ts';

/** What a flow does wrong. */
interface Fault {
  /** Values that come before anything was requested. */
  readonly early?: number;
  /** Values that come beyond what each request asks for. */
  readonly extra?: number;
  /** A value that is left out. */
  readonly lost?: number;
  readonly completions?: number;
  readonly errors?: number;
  /** A request takes the place of the one before. */
  readonly replaces?: boolean;
  /** Takes any number for a request. */
  readonly lenient?: boolean;
  /** Emits from within a request that is made from within `next`. */
  readonly nests?: boolean;
  /** Counts with 32 bits. */
  readonly narrow?: boolean;
  /** Goes on when its consumer has left. */
  readonly deaf?: boolean;
  /** Keeps its source when its consumer has left. */
  readonly leaks?: boolean;
  /** What a consumer throws falls on whoever requests. */
  readonly throws?: boolean;
  /** All consumers together get the values once. */
  readonly shares?: boolean;
}

/** Keeps the rules by itself, but for a fault: nothing stands between it and its consumers. */
class RawFlow extends Flow<number> {
  open = 0;
  readonly #count: number;
  readonly #error: unknown;
  readonly #fault: Fault;
  #last = 0;

  constructor(count: number, fault: Fault, error?: unknown) {
    super((consumer) => this.consume(consumer));
    this.#count = count;
    this.#fault = fault;
    this.#error = error;
  }

  override consume(consumer: FlowConsumer<number>): Demand {
    const fault = this.#fault;
    let next = 0;
    let owed = fault.early ?? 0;
    let isOver = false;
    let isEmitting = false;
    this.open += 1;
    const end = (): void => {
      if (!isOver && fault.leaks !== true) this.open -= 1;
      isOver = true;
    };
    const emitOne = (): void => {
      owed -= 1;
      const value = fault.shares === true ? this.#last++ : next;
      next += 1;
      if (value === fault.lost) return;
      try {
        consumer.next(value);
      } catch (thrown) {
        // One that nests runs out of stack, and so would whatever reports that from here.
        if (fault.throws === true || fault.nests === true) throw thrown;
        end();
        reportUnhandled(thrown);
      }
    };
    const emit = (): void => {
      if (isEmitting && fault.nests !== true) return;
      isEmitting = true;
      while (owed > 0 && next < this.#count && !isOver) emitOne();
      isEmitting = false;
      if (next < this.#count || isOver) return;
      end();
      if (this.#error === undefined) repeat(fault.completions ?? 1, () => consumer.complete());
      else repeat(fault.errors ?? 1, () => consumer.error(this.#error));
    };
    emit();
    return {
      request: (count) => {
        if (fault.lenient !== true && count !== Infinity && !(Number.isInteger(count) && count > 0))
          throw new RangeError('count');
        owed = (fault.replaces === true ? 0 : owed) + count + (fault.extra ?? 0);
        if (fault.narrow === true) owed |= 0;
        emit();
      },
      unsubscribe: () => {
        if (fault.deaf !== true) end();
      },
    };
  }
}

function repeat(times: number, work: () => void): void {
  for (let i = 0; i < times; i += 1) work();
}

/** Numbers of the cases that a flow with a fault does not pass. */
async function failures(fault: Fault): Promise<string[]> {
  const open = (count: number, error?: unknown) => {
    const flow = new RawFlow(count, fault, error);
    return { flow, released: () => flow.open === 0 };
  };
  const failed = new Set<string>();
  const setup = { open, fail: open, timeoutMs: 20, manyCount: 20_000 };
  for (const { name, run } of flowConformance(setup)) {
    await run().catch(() => failed.add(name.split(' ')[0] ?? ''));
  }
  return [...failed];
}

describe('the conformance suite of flows', () => {
  it('passes what is not broken', async () => {
    expect(await failures({})).toEqual([]);
  });

  it.each<[string, Fault, string[]]>([
    ['gives more than was requested', { extra: 1 }, ['RS-1.01']],
    ['begins unasked', { early: 1 }, ['RS-1.09', 'RS-3.07', 'RS-3.09']],
    ['loses a value', { lost: 2 }, ['RS-1.01', 'RS-1.02', 'RX-1', 'RX-4']],
    ['never completes', { completions: 0 }, ['RS-1.02', 'RS-1.05', 'RX-1', 'RX-4']],
    ['completes twice', { completions: 2 }, ['RS-1.05', 'RS-1.07']],
    ['never tells of an error', { errors: 0 }, ['RS-1.04', 'RX-6']],
    ['fails twice', { errors: 2 }, ['RS-1.04']],
    ['forgets the requests before', { replaces: true }, ['RS-3.02']],
    ['takes any number for a request', { lenient: true }, ['RS-3.09']],
    ['calls next within next', { nests: true }, ['RS-1.03', 'RS-3.03']],
    ['counts with 32 bits', { narrow: true }, ['RS-3.17', 'RX-1']],
    ['goes on when its consumer has left', { deaf: true }, ['RS-1.08', 'RS-3.05', 'RS-3.06']],
    ['keeps its source', { leaks: true }, ['RS-1.07', 'RS-1.08', 'RS-3.05', 'RX-2', 'RX-5']],
    ['lets errors of a consumer escape', { throws: true }, ['RS-2.13']],
    ['divides its values among its consumers', { shares: true }, ['RS-1.10']],
  ])(
    'catches one that %s',
    async (_what, fault, expected) => {
      expect(await failures(fault)).toEqual(expect.arrayContaining(expected));
    },
    20_000,
  );
});

trackLeaks();
