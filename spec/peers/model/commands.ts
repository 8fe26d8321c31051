import fc from 'fast-check';
import type { PeerOptions } from '../../../lib/peers/options.ts';
import { Machine, type Source, type Step } from './machine.ts';

const digits = ['1', '2', '3', '4', '5', '6', '7', '8'] as const;
/** The persistent peers to name, no more than fit. */
const persistentDigits = ['1', '2'] as const;

const host = fc.constantFrom('x', 'y', 'z');

/** Makes the steps possible in the current state; none if nothing fits. */
type Plan = (machine: Machine) => readonly Step[];

class PlanCommand implements fc.Command<object, Machine> {
  readonly #name: string;
  readonly #plan: Plan;

  constructor(name: string, plan: Plan) {
    this.#name = name;
    this.#plan = plan;
  }

  check(): boolean {
    return true;
  }

  run(_: object, machine: Machine): void {
    for (const step of this.#plan(machine)) machine.do(step);
  }

  toString(): string {
    return this.#name;
  }
}

const digit = fc.constantFrom(...digits);
const nth = fc.nat(7);

/** One of the links, up or not. */
function linkOf(machine: Machine, at: number, isUp: boolean | undefined) {
  const links = machine.model.peers.flatMap((peer) =>
    peer.links
      .filter((direction) => isUp === undefined || (peer.ready === direction) === isUp)
      .map((direction) => ({ digit: peer.digit, direction })),
  );
  return links[at % links.length];
}

function dialOf(machine: Machine, at: number): string | undefined {
  const dialing = machine.model.peers.filter((peer) => peer.dialing !== undefined);
  return dialing[at % dialing.length]?.digit;
}

const step = (one: Step): fc.Command<object, Machine> =>
  new PlanCommand(JSON.stringify(one), () => [one]);

const plan = (name: string, at: number, make: Plan): fc.Command<object, Machine> =>
  new PlanCommand(`${name} ${at}`, make);

const from = fc.constantFrom<Source>('application', 'application', 'peer');

/** Some are listed twice, so that they come up more often. */
const commands: readonly fc.Arbitrary<fc.Command<object, Machine>>[] = [
  fc.record({ does: fc.constant('add' as const), digit, host, from }).map(step),
  // A separate host each, so that many can be dialed.
  fc.record({ digit, from }).map((one) => step({ does: 'add', host: `host-${one.digit}`, ...one })),
  fc.record({ digit: fc.constantFrom(...persistentDigits), host }).map((one) =>
    plan(`persistent ${JSON.stringify(one)}`, 0, ({ model }) => {
      const isOne = model.find(one.digit)?.isPersistent === true;
      const hasRoom = model.persistent().length < model.limits.maxConnected;
      return isOne || hasRoom ? [{ does: 'add', from: 'options', ...one }] : [];
    }),
  ),
  fc.record({ digit, host, teller: digit }).map((one) => step({ does: 'learn', ...one })),
  // A peer that is up says where it can be dialed.
  ...[0, 1].map(() =>
    fc.record({ at: nth, hosts: fc.uniqueArray(host) }).map(({ at, hosts }) =>
      plan(`announced ${hosts.join('/')}`, at, (machine) => {
        const up = linkOf(machine, at, true);
        return up === undefined ? [] : [{ does: 'announced', digit: up.digit, hosts }];
      }),
    ),
  ),
  fc.constant(step({ does: 'next dial' })),
  fc.constant(step({ does: 'next dial' })),
  ...(['dialed', 'dialed', 'dial failed'] as const).map((does) =>
    nth.map((at) =>
      plan(does, at, (machine) => {
        const dialed = dialOf(machine, at);
        return dialed === undefined ? [] : [{ does, digit: dialed }];
      }),
    ),
  ),
  digit.map((one) => step({ does: 'accepted', digit: one })),
  // A peer connects and is up immediately.
  digit.map((one) =>
    plan('comes', Number(one), () => [
      { does: 'accepted', digit: one },
      { does: 'ready', digit: one, direction: 'inbound' },
    ]),
  ),
  ...[0, 1].map(() =>
    nth.map((at) =>
      plan('ready', at, (machine) => {
        const link = linkOf(machine, at, false);
        return link === undefined ? [] : [{ does: 'ready', ...link }];
      }),
    ),
  ),
  nth.map((at) =>
    plan('disconnected', at, (machine) => {
      const link = linkOf(machine, at, undefined);
      return link === undefined ? [] : [{ does: 'disconnected', ...link }];
    }),
  ),
  ...[0, 1].map(() =>
    fc
      .record({
        digit,
        what: fc.constantFrom('good', 'good', 'note', 'penalize', 'disconnect', 'ban'),
      })
      .map((one) => step({ does: 'report', ...one })),
  ),
  digit.map((one) => step({ does: 'disconnect', digit: one })),
  digit.map((one) => step({ does: 'remove', digit: one })),
  fc
    .record({ digit, isPersistent: fc.boolean() })
    .map((one) => step({ does: 'set persistent', ...one })),
  // Between 1 and the first limits.
  fc.record({ connected: nth, inbound: nth, outbound: nth, kept: nth, known: nth }).map((less) =>
    plan(`set limits ${JSON.stringify(less)}`, 0, ({ first }) => {
      const maxConnected = Math.max(1, first.maxConnected - (less.connected % 3));
      const maxPeers = first.maxPeers - (less.known % 3);
      const counts = {
        maxConnected,
        maxInboundPerHost: first.maxInboundPerHost,
        maxInbound: Math.min(maxConnected, Math.max(1, first.maxInbound - (less.inbound % 3))),
        maxOutbound: Math.min(maxConnected, Math.max(1, first.maxOutbound - (less.outbound % 3))),
        wanted: Math.min(maxConnected, less.known),
        reserved: Math.min(maxConnected, less.kept),
        maxUpgrading: first.maxUpgrading,
        maxDialing: first.maxDialing,
        maxPeers: Math.max(maxPeers, maxConnected + first.maxUpgrading),
      };
      return [{ does: 'set limits', counts }];
    }),
  ),
  fc.constant(step({ does: 'next eviction' })),
  fc.nat(700).map((ms) => step({ does: 'advance', ms })),
];

/** Small limits of every kind, so that each of them is often reached. */
const options: fc.Arbitrary<PeerOptions> = fc
  .record({
    maxConnected: fc.integer({ min: 2, max: 4 }),
    inbound: fc.nat(2),
    outbound: fc.nat(2),
    kept: fc.nat(4),
    wanted: fc.nat(4),
    maxUpgrading: fc.nat(2),
    maxDialing: fc.integer({ min: 1, max: 3 }),
    room: fc.nat(3),
    scoreHalfLifeMs: fc.constantFrom(0, 5_003),
  })
  .map(({ maxConnected, inbound, outbound, kept, wanted, room, maxUpgrading, ...rest }) => ({
    ...rest,
    maxConnected,
    maxInbound: Math.max(1, maxConnected - inbound),
    maxOutbound: Math.max(1, maxConnected - outbound),
    wanted: Math.min(wanted, maxConnected),
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

/** Runs that many sequences of commands against the model. */
export function checkSequences(numRuns: number, maxCommands: number): void {
  const sequences = fc.commands([...commands], { maxCommands, size: 'max' });
  fc.assert(
    fc.property(options, fc.nat(2), sequences, (limits, maxVisitors, sequence) => {
      fc.modelRun(() => ({ model: {}, real: new Machine(limits, maxVisitors) }), sequence);
    }),
    // A fixed seed: a run tests the change, not its luck.
    { numRuns, seed: 1 },
  );
}
