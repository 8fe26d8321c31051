import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  latest,
  type LaneOptions,
} from '../../lib/flow/strategy.ts';
import { fair, fifo, priority, type Discipline } from '../../lib/session/discipline.ts';
import { expectIdle, trackLeaks } from '../support/leaks.ts';
import { LaneModel } from '../support/pump-model.ts';
import { pumpOn } from '../support/pump-on.ts';
import { runs } from '../support/runs.ts';

const lane: fc.Arbitrary<LaneOptions> = fc.oneof(
  fc.integer({ min: 1, max: 8 }).chain((n) => {
    return fc.constantFrom(block(n), dropOldest(n), dropNewest(n), fail(n), latest());
  }),
);
const weight = fc.constantFrom(1, 1, 2, 3, 255);
const which = fc.nat(3);
const size = fc.oneof(
  { weight: 4, arbitrary: fc.nat(100) },
  { weight: 2, arbitrary: fc.integer({ min: 1000, max: 70_000 }) },
  fc.constantFrom(40_000, 100_000),
);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('offer' as const),
      which,
      size,
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('credit' as const),
      which,
      messages: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('records' as const),
      records: fc.integer({ min: 1, max: 5 }),
    }),
  },
  fc.record({ type: fc.constant('cancel' as const), which, place: fc.nat(8) }),
  fc.record({ type: fc.constant('close' as const), which }),
  fc.record({ type: fc.constant('reopen' as const), which, lane, weight }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const script = fc.record({
  lanes: fc.tuple(...Array.from({ length: 4 }, () => fc.record({ lane, weight }))),
  recordBytesMax: fc.constantFrom(65_536, 20_000, 3_000, 500),
  fragmentBytesMax: fc.constantFrom(65_529, 5_000, 300),
  steps: fc.array(step, { maxLength: 60, size: 'max' }),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

/** Checks the promise of a discipline as the pump writes. */
interface Watch {
  /** A piece is about to be written; `bytes` includes its header. */
  piece(lanes: readonly LaneModel[], writes: LaneModel, bytes: number): void;
  /** A step is done. A channel in `reopened` may have a new priority. */
  stepped?(lanes: readonly LaneModel[], reopened?: LaneModel): void;
}

const headerBytes = 4;
const quantumBytes = 64 * 1024;

/** `fair`: of two lanes that stay ready, neither gets ahead by more than a quantum of each. */
class SharesAreFair implements Watch {
  readonly #bytes = new Map<LaneModel, number>();
  /** The lowest priority of each lane so far: what it sent at one still counts at another. */
  readonly #lowest = new Map<LaneModel, number>();
  /** How far each fell behind and got ahead of the other since both became ready. */
  readonly #bands = new Map<string, { low: number; high: number }>();

  piece(lanes: readonly LaneModel[], writes: LaneModel, bytes: number): void {
    this.#look(lanes);
    this.#bytes.set(writes, this.#shareOf(writes, bytes));
    this.#look(lanes);
  }

  stepped(lanes: readonly LaneModel[], reopened?: LaneModel): void {
    this.#look(lanes, reopened);
  }

  #shareOf(lane: LaneModel, bytes = 0): number {
    return (this.#bytes.get(lane) ?? 0) + bytes / lane.outbox.priority;
  }

  #turnOf(lane: LaneModel): number {
    const priority = Math.min(this.#lowest.get(lane) ?? Infinity, lane.outbox.priority);
    this.#lowest.set(lane, priority);
    return (quantumBytes + headerBytes) / priority;
  }

  #look(lanes: readonly LaneModel[], reopened?: LaneModel): void {
    lanes.forEach((one, i) => {
      lanes.slice(i + 1).forEach((other) => {
        const key = `${one.outbox.channel} ${other.outbox.channel}`;
        const ahead = this.#shareOf(one) - this.#shareOf(other);
        const bound = this.#turnOf(one) + this.#turnOf(other);
        const band = this.#bands.get(key);
        const both = one.outbox.ready && other.outbox.ready;
        if (!both || band === undefined || one === reopened || other === reopened) {
          this.#bands.set(key, { low: ahead, high: ahead });
          return;
        }
        band.low = Math.min(band.low, ahead);
        band.high = Math.max(band.high, ahead);
        if (band.high - band.low > bound + 0.001) {
          throw new Error(`channels ${key}: ${band.low} to ${band.high}, more than ${bound}`);
        }
      });
    });
  }
}

const highestFirst: Watch = {
  piece(lanes, writes) {
    for (const { outbox } of lanes) {
      if (outbox.ready && outbox.priority > writes.outbox.priority) {
        throw new Error(`${writes.outbox.channel} in front of ${outbox.channel}`);
      }
    }
  },
};

const inOrder: Watch = {
  piece(lanes, writes) {
    const seq = writes.head?.seq ?? NaN;
    for (const lane of lanes) {
      const other = lane.outbox.ready ? (lane.head?.seq ?? NaN) : Infinity;
      if (lane !== writes && !(seq < other)) throw new Error(`${seq} in front of ${other}`);
    }
  },
};

class Play {
  readonly #watch: Watch;
  readonly #on: ReturnType<typeof pumpOn>;
  readonly #lanes: readonly LaneModel[];
  #records = 0;
  #sent = 0;

  constructor(script: Script, discipline: () => Discipline, watch: Watch) {
    const { recordBytesMax } = script;
    const fragmentBytesMax = Math.min(script.fragmentBytesMax, recordBytesMax - 7);
    this.#watch = watch;
    this.#on = pumpOn({ recordBytesMax, fragmentBytesMax }, discipline);
    this.#lanes = script.lanes.map((each, channel) => {
      const outbox = this.#on.outbox(channel, each.weight, each.lane);
      outbox.credit = 0;
      return new LaneModel(outbox, each.lane);
    });
    this.#observe();
  }

  /** Performs the script, then writes everything that is left. */
  run(steps: readonly Step[]): void {
    for (const step of steps) {
      const lane = 'which' in step ? this.#lanes[step.which] : undefined;
      if (step.type === 'records') this.#write(step.records);
      else if (lane !== undefined) this.#act(step, lane);
      for (const each of this.#lanes) each.check();
    }
    for (const lane of this.#lanes) this.#credit(lane, 10_000);
    this.#write(1_000_000);
    for (const lane of this.#lanes) {
      lane.check();
      if (!lane.outbox.idle) throw new Error('something is left');
    }
    expectIdle(this.#on.clock.scheduler);
  }

  #act(step: Exclude<Step, { type: 'records' }>, lane: LaneModel): void {
    const { pump } = this.#on;
    if (step.type === 'credit') this.#credit(lane, step.messages);
    else if (step.type === 'cancel') lane.cancel(step.place);
    else if (step.type === 'close') lane.close('channel-not-open');
    else if (step.type === 'reopen') {
      lane.reopen(step.lane, step.weight);
      pump.rerank(lane.outbox);
    } else {
      for (let time = 0; time < step.times; time += 1) {
        lane.offer({ seq: (this.#sent += 1), size: step.size });
      }
      pump.wake(lane.outbox);
    }
    this.#watch.stepped?.(this.#lanes, step.type === 'reopen' ? lane : undefined);
  }

  #credit(lane: LaneModel, messages: number): void {
    lane.outbox.credit += messages;
    this.#on.pump.wake(lane.outbox);
  }

  /** How many records the link accepts. */
  #write(records: number): void {
    const { link, clock } = this.#on;
    this.#records = records;
    link.writable = true;
    clock.advance(0);
    link.writable = false;
    link.records.length = 0;
  }

  #observe(): void {
    const { link } = this.#on;
    const write = link.data.bind(link);
    link.data = (channel, bytes, start, end, last) => {
      const writes = this.#lanes[channel];
      if (writes === undefined) throw new Error('a channel that is not there');
      this.#watch.piece(this.#lanes, writes, end - start + headerBytes);
      write(channel, bytes, start, end, last);
      writes.write({ bytes: bytes.subarray(start, end), last });
    };
    link.onFlush = () => {
      this.#records -= 1;
      if (this.#records <= 0) link.writable = false;
    };
    link.writable = false;
  }
}

const anything: Watch = { piece: () => undefined };

/** Arbitrary ranks: what holds for every discipline holds for this one. */
const wild = (): Discipline => {
  let state = 1;
  return {
    perMessage: true,
    rank: () => (state = (state * 16_807) % 2_147_483_647),
  };
};

describe('a pump, for any offers, grants, cancellations, closings and reopenings', () => {
  it.each<[string, () => Discipline, () => Watch]>([
    ['B-27 shares bytes by the priorities', fair, () => new SharesAreFair()],
    [
      'B-26 writes nothing while something of a higher priority is ready',
      priority,
      () => highestFirst,
    ],
    ['B-25 writes in the order of sending', fifo, () => inOrder],
    ['keeps correct books under any discipline', wild, () => anything],
  ])('%s; nothing is lost or duplicated, and every byte is counted', (_, discipline, watch) => {
    fc.assert(
      fc.property(script, (given) => new Play(given, discipline, watch()).run(given.steps)),
      { numRuns: runs(80) },
    );
  });
});

trackLeaks();
