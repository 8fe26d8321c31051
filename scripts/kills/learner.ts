/**
 * A process that learns peers until it is killed, and says what it does. Its arguments: the
 * directory of its database, and the number of the first peer that it learns.
 */
import { randomInt } from 'node:crypto';
import { ClassicLevel } from 'classic-level';
import { lastValueFrom } from 'rxjs';
import { type NodeId, parseNodeId, PeerManager, systemClock } from 'rxmesh';
import type { Learned, Loaded } from './lives.ts';

const learnEveryMs = 5;

const [directory = '', from = ''] = process.argv.slice(2);
const idOf = (n: number): NodeId => parseNodeId(n.toString(16).padStart(40, '0'));

const database = new ClassicLevel(directory);
// On a busy disk this may take longer than a start would wait for it.
await database.open();
const manager = new PeerManager({
  self: parseNodeId('f'.repeat(40)),
  store: database,
  maxPeers: 1_000_000,
  clock: systemClock,
  random: Math.random,
});
const events: string[] = [];
manager.storeEvents$.subscribe(({ error }) => events.push(error.message));
await lastValueFrom(manager.load(), { defaultValue: undefined });

const say = (what: Loaded | Learned): void => void process.send?.(what);
const known = manager.peers().map(({ id }) => Number.parseInt(id, 16));
say({ known, events: [...events] });

let next = Number(from);
setInterval(() => {
  manager.add(`ws://${idOf(next)}@host-${next}:4000`);
  say({ learned: next, atMs: Date.now() });
  // Some records are written again and again.
  const peer = idOf(randomInt(next + 1));
  manager.report({ peer, severity: 'note', good: true, reason: 'it was there' });
  next += 1;
}, learnEveryMs);
