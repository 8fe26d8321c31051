import type { PeerOptions } from '../../../lib/peers/options.ts';
import { Machine, type Source, type Step } from './machine.ts';
import type { RefPeer } from './reference.ts';

/** A world small enough to explore completely. */
export interface World {
  readonly digits: readonly string[];
  readonly options: PeerOptions;
  /** What has happened before the exploration. */
  readonly start: readonly Step[];
  /** What cannot happen. */
  readonly without?: readonly Step['does'][];
}

/** Makes an address known. */
export const add = (digit: string, from: Source): Step => {
  return { does: 'add', digit, host: `host-${digit}`, from };
};

/** Longer than any wait, so that a wait is either pending or over. */
const longMs = 10_000;

const base: PeerOptions = {
  retryMinMs: 100,
  retryMaxMs: 100,
  retryMaxPersistentMs: 100,
  disconnectCooldownMs: 100,
  banMs: 100,
  scoreHalfLifeMs: 0,
};

/**
 * Visits every state that a world can reach, and performs everything that can happen in each. A
 * state is everything known, with scores and failures kept within a few points.
 *
 * @returns the number of states
 */
export function explore({ digits, options, start, without = [] }: World): number {
  const begin = (steps: readonly Step[]): Machine => {
    const machine = new Machine({ ...base, ...options });
    // That path was taken and compared before.
    for (const step of [...start, ...steps]) machine.act(step);
    return machine;
  };
  const seen = new Set<string>([stateOf(begin([]))]);
  const ways: (readonly Step[])[] = [[]];
  // Breadth first, so that paths stay short.
  for (const way of ways) {
    for (const step of stepsFrom(begin(way), digits)) {
      if (without.includes(step.does)) continue;
      const machine = begin(way);
      try {
        machine.do(step);
      } catch (error) {
        const text = [...way, step].map((one) => JSON.stringify(one)).join('\n');
        throw new Error(`after\n${text}`, { cause: error });
      }
      const state = stateOf(machine);
      if (seen.has(state)) continue;
      seen.add(state);
      ways.push([...way, step]);
    }
  }
  return seen.size;
}

/** Everything that can happen. */
function stepsFrom(machine: Machine, digits: readonly string[]): readonly Step[] {
  const { model, nowMs } = machine;
  const steps: Step[] = [{ does: 'next dial' }];
  if (model.evictions.length > 0) steps.push({ does: 'next eviction' });
  if (isSomeoneWaiting(machine)) steps.push({ does: 'advance', ms: longMs });
  for (const digit of digits) {
    const isPraised = digit === digits.at(-1);
    const peer = model.find(digit);
    steps.push({ does: 'accepted', digit });
    if (peer === undefined) continue;
    if (peer.dialing !== undefined) steps.push({ does: 'dialed', digit });
    const hasFailed = peer.addresses.some(({ failures }) => failures > 0);
    if (peer.dialing !== undefined && !hasFailed) steps.push({ does: 'dial failed', digit });
    for (const direction of peer.links) {
      if (peer.ready === undefined) steps.push({ does: 'ready', digit, direction });
      // An outbound link that was never ready is a failed dial.
      if (direction === 'inbound' || peer.ready === 'outbound' || !hasFailed) {
        steps.push({ does: 'disconnected', digit, direction });
      }
    }
    // One of them may become better than the others, and lose that again.
    if (!isPraised) continue;
    const isBetter = model.behaviour(peer, nowMs) > 0;
    steps.push({ does: 'report', digit, what: isBetter ? 'note' : 'good' });
  }
  return steps;
}

function isSomeoneWaiting({ model, nowMs }: Machine): boolean {
  return model.peers.some((peer) => {
    const times = [peer.coolUntilMs, ...peer.addresses.map(({ retryAtMs }) => retryAtMs)];
    return times.some((ms) => ms > nowMs);
  });
}

function stateOf({ model, nowMs }: Machine): string {
  const peers = [...model.peers].sort((a, b) => a.order - b.order);
  const text = (peer: RefPeer): string => {
    const { digit, dialing, outHost, links, ready, isLeaving, replaces, coolUntilMs } = peer;
    const { wasReached } = peer;
    const addresses = peer.addresses.map(({ failures, retryAtMs }) => [
      failures,
      retryAtMs > nowMs,
    ]);
    return JSON.stringify([
      [
        digit,
        dialing,
        outHost,
        [...links].sort(),
        ready,
        isLeaving,
        replaces?.digit,
        coolUntilMs > nowMs,
        wasReached,
        // Matters only where not all three peers can be known.
        model.limits.maxPeers < 3 && peer.upSinceMs !== undefined,
      ],
      [model.behaviour(peer, nowMs), addresses],
    ]);
  };
  return `${peers.map(text).join()} ${model.evictions.join()}`;
}
