import { map } from 'rxjs';
import { type Clock, systemClock } from '../../flow/clock.ts';
import { Flow } from '../../flow/flow.ts';
import { check, checkCount } from './check.ts';
import { Probe } from './probe.ts';
import type { FlowSetup, FlowUnderTest } from './setup.ts';

/** How many turns a flow's promises get before time passes. */
const turnsAtOnce = 10;

/**
 * The environment of a case: flows of numbers, consumers that record what arrives, and ways to wait
 * that time out.
 */
export interface FlowStage {
  readonly endsUnasked: boolean;
  readonly manyCount: number;
  /** Creates a flow of `count` numbers. */
  open(count: number): Promise<FlowUnderTest<number>>;
  /** Creates a flow that fails after `count` numbers. */
  fail(count: number, error: unknown): Promise<FlowUnderTest<number>>;
  /** Consumes with demand, without requesting anything yet. */
  probe(flow: Flow<number>): Probe;
  /** Requests `count` values, and waits until the flow has ended. */
  finish(probe: Probe, count: number): Promise<void>;
  /** Waits until this many values have arrived, and checks that no more do. */
  receives(probe: Probe, count: number): Promise<void>;
  /** Waits until the flow's source has been released, if that can be observed. */
  releases(opened: FlowUnderTest<number>, when: string): Promise<void>;
  until(condition: () => boolean, requirement: string): Promise<void>;
  /** Waits for pending work to happen. */
  settle(): Promise<void>;
}

/** The stage of a case. */
export class SetupStage<T> implements FlowStage {
  readonly endsUnasked: boolean;
  readonly manyCount: number;
  readonly #setup: FlowSetup<T>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #settleMs: number;
  readonly #opened: FlowUnderTest<T>[] = [];
  readonly #probes: Probe[] = [];

  constructor(setup: FlowSetup<T>) {
    this.#setup = setup;
    this.endsUnasked = setup.endsUnasked ?? true;
    this.manyCount = setup.manyCount ?? 100_000;
    this.#clock = setup.clock ?? systemClock;
    this.#timeoutMs = setup.timeoutMs ?? 5_000;
    this.#settleMs = setup.settleMs ?? 1;
  }

  async open(count: number): Promise<FlowUnderTest<number>> {
    return this.#numbered(await this.#setup.open(count));
  }

  async fail(count: number, error: unknown): Promise<FlowUnderTest<number>> {
    const { fail } = this.#setup;
    check(fail !== undefined, 'a case about errors needs `fail`');
    return this.#numbered(await fail(count, error));
  }

  probe(flow: Flow<number>): Probe {
    const probe = new Probe();
    this.#probes.push(probe);
    return probe.consume(flow);
  }

  async finish(probe: Probe, count: number): Promise<void> {
    probe.request(count);
    await this.until(() => probe.ended, `the flow should end when ${count} values are requested`);
    await this.settle();
  }

  async receives(probe: Probe, count: number): Promise<void> {
    await this.until(
      () => probe.values.length >= count || probe.ended,
      `${count} values should come, but there are ${probe.values.length}`,
    );
    await this.settle();
    probe.checkNoError();
    checkCount(probe.values.length, count, 'the number of values');
  }

  async releases({ released }: FlowUnderTest<number>, when: string): Promise<void> {
    if (released === undefined) return;
    await this.until(released, `the source should be released ${when}`);
  }

  async until(condition: () => boolean, requirement: string): Promise<void> {
    const deadline = this.#clock.now() + this.#timeoutMs;
    while (!condition()) {
      check(this.#clock.now() < deadline, `${requirement} (waited ${this.#timeoutMs} ms)`);
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < turnsAtOnce; turn += 1) {
      await new Promise<void>((resolve) => this.#clock.afterTurn(resolve));
    }
    await new Promise<void>((resolve) => this.#clock.schedule(resolve, this.#settleMs));
  }

  /** Releases everything, and checks what the consumers recorded. */
  async close(): Promise<void> {
    for (const probe of this.#probes) probe.unsubscribe();
    for (const opened of this.#opened) await opened.dispose?.();
    for (const probe of this.#probes) probe.checkFaults();
  }

  #numbered(opened: FlowUnderTest<T>): FlowUnderTest<number> {
    this.#opened.push(opened);
    const { numberOf } = this.#setup;
    const flow =
      numberOf === undefined
        ? (opened.flow as Flow<never>)
        : opened.flow.pipe(map((value) => numberOf(value)));
    const { released } = opened;
    return { flow, ...(released && { released }) };
  }
}
