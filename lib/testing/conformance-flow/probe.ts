import type { Demand, FlowConsumer } from '../../flow/demand.ts';
import type { Flow } from '../../flow/flow.ts';
import { check } from './check.ts';

/**
 * A consumer that records what it receives and checks the rules that every flow must always obey.
 */
export class Probe implements FlowConsumer<number> {
  readonly values: number[] = [];
  readonly errors: unknown[] = [];
  completions = 0;
  /** Called with each value. */
  onNext: (value: number) => void = () => undefined;

  readonly #faults = new Set<string>();
  #demand: Demand | undefined;
  #requested = 0;
  #depth = 0;
  #cancelled = false;
  #cancelledWithin = false;

  /** Starts consuming. */
  consume(flow: Flow<number>): this {
    this.#demand = flow.consume(this);
    return this;
  }

  get ended(): boolean {
    return this.completions + this.errors.length > 0;
  }

  /** Requests `count` more values. */
  request(count: number): void {
    if (count > 0 && !this.#cancelled) this.#requested += count;
    this.#demand?.request(count);
  }

  unsubscribe(): void {
    // Values requested earlier may still arrive (2.8), unless this is called within next.
    this.#cancelled = true;
    this.#cancelledWithin ||= this.#depth > 0;
    this.#demand?.unsubscribe();
  }

  next(value: number): void {
    this.#expect(this.#depth === 0, 'RS-1.03: next is not to be called within next');
    this.#expect(!this.ended, 'RS-1.07: no value is to come after the end');
    this.#expect(!this.#cancelledWithin, 'RS-3.05: no value is to come after unsubscribe');
    this.#expect(value === this.values.length, 'the values are to come in their order, each once');
    this.values.push(value);
    this.#expect(
      this.values.length <= this.#requested,
      'RS-1.01: no more values are to come than were requested',
    );
    this.#depth += 1;
    try {
      this.onNext(value);
    } finally {
      this.#depth -= 1;
    }
  }

  error(error: unknown): void {
    this.#end();
    this.errors.push(error);
  }

  complete(): void {
    this.#end();
    this.completions += 1;
  }

  /** Throws if the flow has broken a rule. */
  checkFaults(): void {
    for (const fault of this.#faults) check(false, fault);
  }

  /** Throws if the flow has failed. */
  checkNoError(): void {
    const [error] = this.errors;
    if (this.errors.length > 0) {
      throw new Error('flow conformance: the flow should not fail', { cause: error });
    }
  }

  #end(): void {
    this.#expect(!this.ended, 'RS-1.07: a flow is to end once');
    this.#expect(this.#depth === 0, 'RS-1.03: the end is not to come within next');
    this.#expect(!this.#cancelledWithin, 'RS-3.05: no end is to come after unsubscribe');
  }

  #expect(condition: boolean, requirement: string): void {
    if (!condition) this.#faults.add(requirement);
  }
}
