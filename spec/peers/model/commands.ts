import fc from 'fast-check';
import type { Direction } from '../../../lib/model/direction.ts';
import type { PeerOptions } from '../../../lib/peers/options.ts';
import { Machine, type Step } from './machine.ts';

const digits = ['1', '2', '3', '4', '5', '6', '7', '8'] as const;
/** Named as persistent, if at all: no more than fit. */
const persistentDigits = ['1', '2'] as const;

class StepCommand implements fc.Command<object, Machine> {
  readonly #step: Step;

  constructor(step: Step) {
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  run(_: object, machine: Machine): void {
    const step = this.#step;
    // A dial ends that was begun.
    if (step.does === 'dialed' || step.does === 'dial failed') {
      if (machine.model.find(step.digit)?.dialing === undefined) return;
    }
    machine.do(step);
  }

  toString(): string {
    return JSON.stringify(this.#step);
  }
}

const digit = fc.constantFrom(...digits);
const direction = fc.constantFrom<Direction>('inbound', 'outbound');
const host = fc.constantFrom('x', 'y', 'z');

/** Some are named twice, so that they come more often. */
const steps: readonly fc.Arbitrary<Step>[] = [
  fc.record({
    does: fc.constant('add' as const),
    digit,
    host,
    from: fc.constantFrom('application' as const, 'peer' as const),
  }),
  // Hosts of their own, so that many can be dialed.
  digit.chain((one) =>
    fc.record({
      does: fc.constant('add' as const),
      digit: fc.constant(one),
      host: fc.constant(`host-${one}`),
      from: fc.constantFrom('application' as const, 'peer' as const),
    }),
  ),
  fc.record({
    does: fc.constant('add' as const),
    digit: fc.constantFrom(...persistentDigits),
    host,
    from: fc.constant('options' as const),
  }),
  fc.constant({ does: 'next dial' }),
  fc.constant({ does: 'next dial' }),
  fc.record({ does: fc.constantFrom('dialed', 'dial failed'), digit }),
  fc.record({ does: fc.constantFrom('dialed', 'dial failed'), digit }),
  fc.record({ does: fc.constant('accepted' as const), digit }),
  fc.record({ does: fc.constant('accepted' as const), digit }),
  fc.record({ does: fc.constant('ready' as const), digit, direction }),
  fc.record({ does: fc.constant('ready' as const), digit, direction }),
  fc.record({ does: fc.constant('disconnected' as const), digit, direction }),
  fc.record({
    does: fc.constant('report' as const),
    digit,
    what: fc.constantFrom('good', 'good', 'note', 'penalize', 'disconnect', 'ban'),
  }),
  fc.constant({ does: 'next eviction' }),
  fc.record({ does: fc.constant('advance' as const), ms: fc.nat(700) }),
];

/** Small limits of every kind, so that each of them is met often. */
const options: fc.Arbitrary<PeerOptions> = fc
  .record({
    maxConnected: fc.integer({ min: 2, max: 4 }),
    inbound: fc.nat(2),
    outbound: fc.nat(2),
    kept: fc.nat(4),
    maxUpgrading: fc.nat(2),
    maxDialing: fc.integer({ min: 1, max: 3 }),
    room: fc.nat(3),
    scoreHalfLifeMs: fc.constantFrom(0, 5_003),
  })
  .map(({ maxConnected, inbound, outbound, kept, room, maxUpgrading, ...rest }) => ({
    ...rest,
    maxConnected,
    maxInbound: Math.max(1, maxConnected - inbound),
    maxOutbound: Math.max(1, maxConnected - outbound),
    reserved: Math.min(kept, maxConnected),
    maxUpgrading,
    maxPeers: maxConnected + maxUpgrading + room,
    retryMinMs: 100,
    retryMaxMs: 800,
    retryMaxPersistentMs: 400,
    disconnectCooldownMs: 200,
    banMs: 1_500,
    disconnectScore: -12,
    banScore: -25,
  }));

/** Runs so many sequences of commands against the model. */
export function checkSequences(numRuns: number, maxCommands: number): void {
  const commands = fc.commands(
    steps.map((one) => one.map((step) => new StepCommand(step))),
    { maxCommands, size: 'max' },
  );
  fc.assert(
    fc.property(options, commands, (limits, sequence) => {
      fc.modelRun(() => ({ model: {}, real: new Machine(limits) }), sequence);
    }),
    { numRuns },
  );
}
