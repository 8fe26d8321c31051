/**
 * Measures what peer management costs as the number of known peers grows: choosing a dial that then
 * fails, a peer connecting and leaving, and a report.
 *
 *     npm run bench:peers
 *
 * Prints microseconds per operation, the median of nine rounds, and the ratio to the smallest
 * number of peers. Exits with code 1 if a ratio is above `--most`; scanning all peers would exceed
 * the default many times over.
 */
import { parseArgs } from 'node:util';
import { Subscription } from 'rxjs';
import {
  type Clock,
  type NodeAddress,
  type NodeId,
  parseNodeId,
  PeerManager,
  RxmeshError,
} from 'rxmesh';
import { table } from './frame/markdown.ts';
import { nowUs } from './sides/now.ts';

const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '100,1000,20000' },
    most: { type: 'string', default: '30' },
  },
});
const counts = values.counts.split(',').map(Number);
const rounds = 9;
const roundUs = 40_000;

/** A clock that is set by hand and never runs scheduled work. */
let nowMs = 0;
const clock: Clock = {
  now: () => nowMs,
  schedule: () => new Subscription(),
  afterTurn: () => new Subscription(),
};

const idOf = (n: number): NodeId => parseNodeId(n.toString(16).padStart(40, '0'));

function managerOf(count: number): PeerManager {
  const manager = new PeerManager({
    self: parseNodeId('f'.repeat(40)),
    clock,
    random: Math.random,
    maxPeers: count + 100,
    retryMinMs: 1,
    retryMaxMs: 1,
    retryJitterMs: 0,
    disconnectCooldownMs: 1,
    addressExpiryMs: 0,
  });
  for (let n = 0; n < count; n += 1) manager.add(`ws://${idOf(n)}@host-${n}:1000`);
  return manager;
}

/** One function per operation, each of which can run repeatedly. */
function worksOn(manager: PeerManager, count: number): Readonly<Record<string, () => void>> {
  const error = new RxmeshError('RXMESH_DIAL_FAILED', 'as the bench wants it');
  let dialed: NodeAddress | undefined;
  const demand = manager.dials$.consume({
    next: (address) => (dialed = address),
    error: (thrown) => {
      throw thrown;
    },
    complete: () => undefined,
  });
  const oneOf = (): NodeId => idOf(Math.floor(Math.random() * count));
  return {
    'a dial, chosen and failed': () => {
      nowMs += 1;
      demand.request(1);
      if (dialed === undefined) throw new Error('nobody is dialed');
      manager.dialFailed(dialed, error);
      dialed = undefined;
    },
    'a peer that comes and goes': () => {
      const id = oneOf();
      nowMs += 1;
      manager.accepted(id);
      manager.ready(id, 'inbound');
      manager.disconnected(id, 'inbound');
    },
    'a report': () => {
      manager.report({ peer: oneOf(), severity: 'note', reason: error });
    },
  };
}

/** Microseconds per call after warming up, as the median of the rounds. */
function timed(work: () => void): number {
  let calls = 1;
  const once = (): number => {
    const startedAtUs = nowUs();
    for (let i = 0; i < calls; i += 1) work();
    return nowUs() - startedAtUs;
  };
  while (once() < roundUs) calls *= 2;
  const all = Array.from({ length: rounds }, () => once() / calls);
  return all.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? NaN;
}

const costs = new Map<string, number[]>();
for (const count of counts) {
  for (const [name, work] of Object.entries(worksOn(managerOf(count), count))) {
    costs.set(name, [...(costs.get(name) ?? []), timed(work)]);
  }
}

const rows = [...costs].map(([name, all]) => [
  name,
  ...all.map((us) => `${us.toFixed(1)} µs (x ${(us / (all[0] ?? NaN)).toFixed(1)})`),
]);
console.log(table([['', ...counts.map((count) => `${count} known`)], ...rows]));

const worst = Math.max(
  ...[...costs.values()].flatMap((all) => all.map((us) => us / (all[0] ?? NaN))),
);
if (worst > Number(values.most)) {
  console.error(`the number of peers costs x ${worst.toFixed(1)}, more than x ${values.most}`);
  process.exitCode = 1;
}
