import type { Discipline, ReadyLane } from '../session/discipline.ts';
import { casesOf, mustHold } from './conformance-case.ts';
import type { ConformanceCase } from './transport-conformance.ts';

/** A discipline to test. */
export interface DisciplineSetup {
  /** Makes one, as it is made for each connection. */
  readonly open: () => Discipline;
  /** Whether it may leave a lane waiting for as long as others are ready. Default false. */
  readonly starves?: boolean;
}

/** The most bytes that are reported in one call: a quantum and a header. */
const quantumBytes = 64 * 1024 + 4;
/** How many turns are compared. */
const turns = 500;
/** Longer than the lane with the lowest priority has to wait, in turns. */
const patience = 2_000;

/**
 * The requirements on every discipline, as test cases for any test framework.
 *
 *     const byId = (): Discipline => ({ rank: (lane) => lane.channel });
 *     const setup = { open: byId, starves: true };
 *     for (const { name, run } of disciplineConformance(setup)) it(name, run);
 */
export function disciplineConformance(setup: DisciplineSetup): readonly ConformanceCase[] {
  const { open, starves = false } = setup;
  const forAll = casesOf('discipline', [
    ['D-01 ranks every lane with a number', () => ranksAll(open())],
    ['D-02 goes on ranking with numbers, however much is written', () => ranksForLong(open())],
    ['D-03 changes nothing of a lane but its mark', () => leavesLanes(open())],
    ['D-04 keeps nothing that other connections share', () => sharesNothing(open)],
    ['D-05 serves in the same order again', () => repeats(open)],
  ]);
  const forFair = casesOf('discipline', [
    ['D-06 serves every lane that stays ready', () => servesAll(open())],
    ['D-07 lets a lane that was idle displace no other', () => letsNobodyCatchUp(open())],
  ]);
  return starves ? forAll : [...forAll, ...forFair];
}

/** A lane of a model of a connection, which always has something to send while it is ready. */
class Lane implements ReadyLane {
  readonly channel: number;
  readonly priority: number;
  mark = 0;
  headSeq = 0;
  rank = 0;
  /** When it was served or became ready. */
  since = 0;
  served = 0;
  /** When its messages were sent. */
  readonly #sent: number[] = [];

  constructor(channel: number, priority: number) {
    this.channel = channel;
    this.priority = priority;
  }

  send(seq: number): void {
    this.#sent.push(seq);
  }

  /** @param taken whether the first message was written */
  head(taken: boolean, isRecorded: boolean): void {
    if (taken) this.#sent.shift();
    this.headSeq = isRecorded ? (this.#sent[0] ?? 0) : 0;
  }
}

/**
 * Writes as a connection does: the lane with the lowest rank, or the one that has waited longest.
 */
class Writer {
  readonly order: number[] = [];
  readonly #discipline: Discipline;
  readonly #lanes: Lane[] = [];
  #seq = 0;

  constructor(discipline: Discipline, lanes: readonly Lane[]) {
    this.#discipline = discipline;
    for (const lane of lanes) this.add(lane);
  }

  add(lane: Lane): void {
    this.#lanes.push(lane);
    this.#send(lane);
    this.#rank(lane, false);
  }

  turn(times: number): void {
    for (let turn = 0; turn < times; turn += 1) {
      for (const lane of this.#lanes) this.#send(lane);
      const [next] = this.#lanes.toSorted(
        (one, other) => one.rank - other.rank || one.since - other.since,
      );
      if (next === undefined) return;
      this.order.push(next.channel);
      next.served += 1;
      this.#discipline.served?.(next, quantumBytes);
      this.#rank(next, true);
    }
  }

  #send(lane: Lane): void {
    this.#seq += 1;
    lane.send(this.#seq);
  }

  #rank(lane: Lane, taken: boolean): void {
    this.#seq += 1;
    lane.since = this.#seq;
    lane.head(taken, this.#discipline.perMessage === true);
    lane.rank = rankOf(this.#discipline, lane);
  }
}

const fourLanes = (): readonly Lane[] =>
  [1, 1, 2, 255].map((priority, at) => new Lane(at + 1, priority));

function rankOf(discipline: Discipline, lane: ReadyLane): number {
  const rank: unknown = discipline.rank(lane);
  if (typeof rank === 'number' && !Number.isNaN(rank)) return rank;
  const { channel, priority } = lane;
  const text = `rank must return a number, got ${String(rank)}`;
  throw new Error(`${text} for channel ${channel} with priority ${priority}`);
}

function ranksAll(discipline: Discipline): void {
  for (const channel of [0, 1, 2 ** 32 - 1]) {
    for (const priority of [1, 2, 255]) rankOf(discipline, new Lane(channel, priority));
  }
}

function ranksForLong(discipline: Discipline): void {
  new Writer(discipline, fourLanes()).turn(patience);
}

function leavesLanes(discipline: Discipline): void {
  const lanes = fourLanes();
  const fixed = (): string =>
    JSON.stringify(lanes.map(({ channel, priority, headSeq }) => [channel, priority, headSeq]));
  const before = fixed();
  for (const lane of lanes) {
    rankOf(discipline, lane);
    discipline.served?.(lane, quantumBytes);
  }
  mustHold(fixed() === before, 'only the mark of a lane may be changed');
}

function sharesNothing(open: () => Discipline): void {
  const busy = new Writer(open(), fourLanes());
  const quiet = new Writer(open(), fourLanes());
  for (let turn = 0; turn < turns; turn += 1) {
    busy.turn(3);
    quiet.turn(1);
  }
  mustHold(
    String(quiet.order) === String(orderOf(open())),
    'a discipline must not depend on what is written on another connection',
  );
}

function repeats(open: () => Discipline): void {
  mustHold(String(orderOf(open())) === String(orderOf(open())), 'the order must be the same again');
}

function orderOf(discipline: Discipline): readonly number[] {
  const writer = new Writer(discipline, fourLanes());
  writer.turn(turns);
  return writer.order;
}

function servesAll(discipline: Discipline): void {
  const lanes = fourLanes();
  const writer = new Writer(discipline, lanes);
  for (let time = 1; time <= 2; time += 1) {
    const before = lanes.map(({ served }) => served);
    writer.turn(patience);
    const starved = lanes.find(({ served }, at) => served === before[at]);
    mustHold(
      starved === undefined,
      `channel ${starved?.channel} was not served in ${patience} turns (if that is right: starves)`,
    );
  }
}

function letsNobodyCatchUp(discipline: Discipline): void {
  const [busy, idle] = [new Lane(1, 1), new Lane(2, 1)];
  const writer = new Writer(discipline, [busy]);
  writer.turn(patience);
  writer.add(idle);
  const before = busy.served;
  // As long as the lane was idle, it may not be served alone.
  writer.turn(patience - 1);
  mustHold(busy.served > before, 'a lane that was idle was served for as long as it had been idle');
}
