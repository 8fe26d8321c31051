import type { NodeAddress } from '../../../lib/model/address.ts';
import type { Direction } from '../../../lib/model/direction.ts';
import { RxmeshError } from '../../../lib/model/error.ts';
import type { Severity } from '../../../lib/model/peer-report.ts';
import type { PeerCounts } from '../../../lib/peers/limits.ts';
import { checkPeerOptions, type PeerOptions } from '../../../lib/peers/options.ts';
import type { PeerRecord } from '../../../lib/peers/peer-record.ts';
import { PeerTable } from '../../../lib/peers/peer-table.ts';
import { at, failure, id, self } from '../fixture.ts';
import { hold, Invariants } from './invariants.ts';
import { RefTable } from './reference-table.ts';
import type { RefPeer } from './reference.ts';

/** An event, or a question. */
export type Step =
  | { readonly does: 'add'; readonly digit: string; readonly host: string; readonly from: Source }
  | {
      readonly does: 'learn';
      readonly digit: string;
      readonly host: string;
      readonly teller: string;
    }
  | { readonly does: 'announced'; readonly digit: string; readonly hosts: readonly string[] }
  | { readonly does: 'next dial' }
  | { readonly does: 'dialed' | 'dial failed'; readonly digit: string }
  | { readonly does: 'accepted'; readonly digit: string }
  | {
      readonly does: 'ready' | 'disconnected';
      readonly digit: string;
      readonly direction: Direction;
    }
  | { readonly does: 'report'; readonly digit: string; readonly what: Severity | 'good' }
  | { readonly does: 'disconnect' | 'remove'; readonly digit: string }
  | { readonly does: 'set persistent'; readonly digit: string; readonly isPersistent: boolean }
  | { readonly does: 'set limits'; readonly counts: PeerCounts }
  | { readonly does: 'next eviction' }
  | { readonly does: 'advance'; readonly ms: number };

export type Source = 'options' | 'application' | 'peer';

/** The peer that outranks the others in every world, and the one without limits. */
const highDigit = '7';
const unconditionalDigit = '8';

const rankOf = (digit: string): number => Number(digit === highDigit);

const anError = failure();

/** Created once, since exploring a world uses them a million times. */
const addresses = new Map<string, NodeAddress>();

function addressOf(digit: string, host: string): NodeAddress {
  const key = `${digit}@${host}`;
  const made = addresses.get(key) ?? at(digit, host);
  addresses.set(key, made);
  return made;
}

/** The peers and their model side by side. */
export class Machine {
  readonly model: RefTable;
  /** The limits at the start. */
  readonly first: PeerCounts;
  readonly #table: PeerTable;
  readonly #invariants: Invariants;
  nowMs = 0;

  constructor(options: PeerOptions, maxVisitors = 0) {
    const checked = checkPeerOptions(
      self,
      {
        retryJitterMs: 0,
        addressExpiryMs: 0,
        unconditional: [id(unconditionalDigit)],
        rank: ({ id: peer }) => rankOf(peer.slice(0, 1)),
        ...options,
      },
      [],
    );
    const rules = { ...checked, maxVisitors };
    this.#table = new PeerTable(self, rules, () => 0);
    const unconditional = unconditionalDigit;
    this.model = new RefTable({ limits: rules, maxVisitors, unconditional, rankOf });
    this.#invariants = new Invariants(rules);
    this.first = rules;
  }

  /** Performs it on both, and compares the full visible state. */
  do(step: Step): void {
    this.act(step);
    const records = this.#table.peers(this.nowMs);
    this.#compareTold();
    this.#compareRecords(records);
    this.#invariants.check(records, this.model, this.nowMs);
  }

  /** Performs it on both, and compares only the answers. */
  act(step: Step): void {
    const { model, nowMs } = this;
    const table = this.#table;
    switch (step.does) {
      case 'add': {
        const { digit, host, from } = step;
        const [isPersistent, isChosen] = [from === 'options', from !== 'peer'];
        const isNew = table.introductions.add(addressOf(digit, host), nowMs, {
          isPersistent,
          isChosen,
        });
        same('add', isNew, model.add(digit, host, isPersistent, isChosen, nowMs));
        return;
      }
      case 'learn': {
        const { digit, host, teller } = step;
        const isNew = table.introductions.learn(addressOf(digit, host), id(teller), nowMs);
        same('learn', isNew, model.learn(digit, host, teller, nowMs));
        return;
      }
      case 'announced': {
        const { digit, hosts } = step;
        const told = hosts.map((host) => addressOf(digit, host));
        table.introductions.announced(id(digit), told, nowMs);
        model.announced(digit, hosts);
        return;
      }
      case 'next dial':
        this.#nextDial();
        return;
      case 'dialed':
      case 'dial failed': {
        const host = model.find(step.digit)?.dialing ?? '';
        const address = addressOf(step.digit, host);
        if (step.does === 'dial failed') {
          table.dialFailed(address, anError, nowMs);
          model.dialFailed(step.digit, host, nowMs);
          return;
        }
        const code = codeOf(() => table.links.dialed(address, nowMs));
        same('dialed', code, model.dialed(step.digit, host, nowMs));
        return;
      }
      case 'accepted': {
        const code = codeOf(() => table.links.accepted(id(step.digit), nowMs));
        same('accepted', code, model.accepted(step.digit, nowMs));
        return;
      }
      case 'ready':
        table.links.ready(id(step.digit), step.direction, nowMs);
        model.ready(step.digit, step.direction, nowMs);
        return;
      case 'disconnected':
        table.links.disconnected(id(step.digit), step.direction, undefined, nowMs);
        model.disconnected(step.digit, step.direction, nowMs);
        return;
      case 'report':
        this.#report(step.digit, step.what);
        return;
      case 'disconnect':
        same('disconnect', table.commands.disconnect(id(step.digit)), model.disconnect(step.digit));
        return;
      case 'remove': {
        const isDone = table.commands.remove(id(step.digit), nowMs);
        same('remove', isDone, model.remove(step.digit, nowMs));
        if (isDone) this.#invariants.removed(step.digit);
        return;
      }
      case 'set persistent': {
        const { digit, isPersistent } = step;
        const code = codeOf(() => table.commands.setPersistent(id(digit), isPersistent, nowMs));
        same('set persistent', code, model.setPersistent(digit, isPersistent, nowMs));
        if (!isPersistent) this.#invariants.removed(digit);
        return;
      }
      case 'set limits': {
        const code = codeOf(() => table.commands.setCounts(step.counts));
        same('set limits', code, model.setLimits(step.counts, nowMs));
        return;
      }
      case 'next eviction':
        same('eviction', digitOf(table.nextEviction()?.peer), model.evictions.shift());
        return;
      case 'advance':
        this.nowMs += step.ms;
    }
  }

  #nextDial(): void {
    const { model, nowMs } = this;
    const dueMs = model.hasRoomForDials() ? model.nextDueMs(nowMs) : Infinity;
    const next = this.#table.nextDial(nowMs);
    same('dial', 'address' in next ? textOf(next.address) : undefined, model.dial(nowMs));
    if (!('dueMs' in next)) return;
    hold(next.dueMs > nowMs, 'a dial is due at some time to come');
    hold(next.dueMs <= dueMs, `a dial is due at ${dueMs}, not as late as ${next.dueMs}`);
  }

  #report(digit: string, what: Severity | 'good'): void {
    const peer = id(digit);
    const reason = anError;
    if (what === 'good') {
      this.#table.report({ peer, severity: 'note', good: true, reason }, this.nowMs);
    } else {
      this.#table.report({ peer, severity: what, reason }, this.nowMs);
    }
    this.model.report(digit, what, this.nowMs);
  }

  #compareTold(): void {
    const updates: string[] = [];
    for (let told = this.#table.nextUpdate(); told; told = this.#table.nextUpdate()) {
      updates.push(`${told.id.slice(0, 1)} ${told.status}`);
    }
    const forgotten: string[] = [];
    for (let told = this.#table.nextForgotten(); told; told = this.#table.nextForgotten()) {
      forgotten.push(told.slice(0, 1));
    }
    same('updates', updates.join(), this.model.updates.splice(0).join());
    same('forgotten', forgotten.join(), this.model.forgotten.splice(0).join());
    this.#invariants.updates(updates);
  }

  /** Everything known of all peers, best first. */
  #compareRecords(records: readonly PeerRecord[]): void {
    const { model, nowMs } = this;
    const peers = [...model.peers].sort((a, b) => model.byRank(a, b, nowMs));
    const expected = peers.map((peer) => lineOf(peer, model.score(peer, nowMs)));
    same('peers', records.map(lineOfRecord).join('\n'), expected.join('\n'));
  }
}

function lineOf(peer: RefPeer, score: number): string {
  const { digit, ready, links, dialing, isPersistent, isVisitor, addresses } = peer;
  const hosts = addresses.map(({ host }) => host).join('/');
  const isDialing = dialing !== undefined;
  return `${digit} ${ready !== undefined} ${links.join('+')} ${isDialing} ${isPersistent} ${isVisitor} ${score} ${hosts}`;
}

function lineOfRecord(peer: PeerRecord): string {
  const { status, links, isDialing, isPersistent, isVisitor, score, addresses } = peer;
  const hosts = addresses.map(({ host }) => host).join('/');
  return `${digitOf(peer.id) ?? ''} ${status === 'up'} ${links.join('+')} ${isDialing} ${isPersistent} ${isVisitor} ${score} ${hosts}`;
}

const digitOf = (peer: string | undefined): string | undefined => peer?.slice(0, 1);

const textOf = ({ id: peer, host }: NodeAddress): string => `${peer.slice(0, 1)}@${host ?? ''}`;

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof RxmeshError) return error.code;
    throw error;
  }
}

function same(what: string, seen: unknown, expected: unknown): void {
  hold(seen === expected, `${what}: ${String(seen)}\nin the model: ${String(expected)}`);
}
