import { map } from 'rxjs';
import { type Clock, systemClock } from '../../flow/clock.ts';
import { Flow } from '../../flow/flow.ts';
import { check, checkCount } from './check.ts';
import { Probe } from './probe.ts';
import type { FlowSetup, FlowUnderTest } from './setup.ts';

/** Turns that the promises of a flow get before time passes. */
const turnsAtOnce = 10;

/**
 * What a case stands on: flows of numbers, consumers that note what comes, and a way to wait that
 * gives up.
 */
export interface FlowStage {
  readonly endsUnasked: boolean;
  readonly manyCount: number;
  /** A new flow of `count` numbers. */
  open(count: number): Promise<FlowUnderTest<number>>;
  /** A new flow that fails behind `count` numbers. */
  fail(count: number, error: unknown): Promise<FlowUnderTest<number>>;
  /** Consumes with demand, and has requested nothing yet. */
  probe(flow: Flow<number>): Probe;
  /** Requests, and waits until the flow has ended. */
  finish(probe: Probe, count: number): Promise<void>;
  /** Waits until as many values have come, and sees that no more do. */
  receives(probe: Probe, count: number): Promise<void>;
  /** Waits until nobody holds on to the flow's source, where that can be seen. */
  releases(opened: FlowUnderTest<number>, when: string): Promise<void>;
  until(condition: () => boolean, requirement: string): Promise<void>;
  /** Lets what is under way happen. */
  settle(): Promise<void>;
}

/** The stage of one case. */
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

  /** Releases everything, and checks what the consumers saw. */
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
