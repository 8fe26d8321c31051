import { describe, expect, it } from '@jest/globals';
import type { Demand, FlowConsumer } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { reportUnhandled } from '../../lib/flow/report-unhandled.ts';
import { flowConformance } from '../../lib/testing/index.ts';
import { trackLeaks } from '../support/leaks.ts';

/** How a flow misbehaves. */
interface Fault {
  /** Values emitted before anything is requested. */
  readonly early?: number;
  /** Values emitted beyond each request. */
  readonly extra?: number;
  /** A value that is skipped. */
  readonly lost?: number;
  readonly completions?: number;
  readonly errors?: number;
  /** A new request replaces the pending demand instead of adding to it. */
  readonly replaces?: boolean;
  /** Accepts any number as a request. */
  readonly lenient?: boolean;
  /** Emits recursively when `next` makes a request. */
  readonly nests?: boolean;
  /** Counts demand in 32 bits. */
  readonly narrow?: boolean;
  /** Keeps emitting after its consumer has unsubscribed. */
  readonly deaf?: boolean;
  /** Keeps its source open after its consumer has unsubscribed. */
  readonly leaks?: boolean;
  /** Lets an error thrown by the consumer reach the caller of `request`. */
  readonly throws?: boolean;
  /** Shares a single run of the values among all consumers. */
  readonly shares?: boolean;
}

/**
 * A flow that enforces the rules itself, apart from its fault: no library code guards its
 * consumers.
 */
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
        // A nesting flow overflows the stack, and reporting from this depth would overflow too.
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

/**
 * IDs of the conformance cases that a flow with this fault fails. One that is expected to fail
 * some needs no patience: it may fail more.
 */
async function failures(fault: Fault, timeoutMs = 5): Promise<string[]> {
  const open = (count: number, error?: unknown) => {
    const flow = new RawFlow(count, fault, error);
    return { flow, released: () => flow.open === 0 };
  };
  const failed = new Set<string>();
  const setup = {
    open,
    fail: open,
    timeoutMs,
    manyCount: fault.nests === true ? 20_000 : 1_000,
  };
  for (const { name, run } of flowConformance(setup)) {
    await run().catch(() => failed.add(name.split(' ')[0] ?? ''));
  }
  return [...failed];
}

describe('the flow conformance suite', () => {
  it('passes a correct flow', async () => {
    expect(await failures({}, 5_000)).toEqual([]);
  });

  it.each<[string, Fault, string[]]>([
    ['emits more than was requested', { extra: 1 }, ['RS-1.01']],
    ['emits before any request', { early: 1 }, ['RS-1.09', 'RS-3.07', 'RS-3.09']],
    ['loses a value', { lost: 2 }, ['RS-1.01', 'RS-1.02', 'RX-1', 'RX-4']],
    ['never completes', { completions: 0 }, ['RS-1.02', 'RS-1.05', 'RX-1', 'RX-4']],
    ['completes twice', { completions: 2 }, ['RS-1.05', 'RS-1.07']],
    ['never reports an error', { errors: 0 }, ['RS-1.04', 'RX-6']],
    ['reports an error twice', { errors: 2 }, ['RS-1.04']],
    ['forgets earlier requests', { replaces: true }, ['RS-3.02']],
    ['accepts any number as a request', { lenient: true }, ['RS-3.09']],
    ['calls next within next', { nests: true }, ['RS-1.03', 'RS-3.03']],
    ['counts with 32 bits', { narrow: true }, ['RS-3.17', 'RX-1']],
    [
      'keeps emitting after its consumer has unsubscribed',
      { deaf: true },
      ['RS-1.08', 'RS-3.05', 'RS-3.06'],
    ],
    ['keeps its source open', { leaks: true }, ['RS-1.07', 'RS-1.08', 'RS-3.05', 'RX-2', 'RX-5']],
    ['lets consumer errors escape', { throws: true }, ['RS-2.13']],
    ['splits its values among its consumers', { shares: true }, ['RS-1.10']],
  ])(
    'catches a flow that %s',
    async (_what, fault, expected) => {
      expect(await failures(fault)).toEqual(expect.arrayContaining(expected));
    },
    20_000,
  );
});

trackLeaks();
