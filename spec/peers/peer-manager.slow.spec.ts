import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NodeAddress } from '../../lib/model/address.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { RxmeshError, type ErrorCode } from '../../lib/model/error.ts';
import type { Severity } from '../../lib/model/peer-report.ts';
import type { PeerRecord } from '../../lib/peers/peer-record.ts';
import { at, Bench, failure, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';
import { runs } from '../support/runs.ts';

const digits = ['1', '2', '3', '4', '5', '6', '7', '8'];
const persistentDigit = '1';

type Step =
  | { readonly does: 'add'; readonly address: NodeAddress }
  | { readonly does: 'dialed' | 'dialFailed'; readonly nth: number; readonly code: ErrorCode }
  | { readonly does: 'accepted'; readonly digit: string }
  | {
      readonly does: 'ready' | 'disconnected';
      readonly digit: string;
      readonly direction: Direction;
    }
  | { readonly does: 'errored'; readonly digit: string; readonly severity: Severity }
  | { readonly does: 'advance'; readonly ms: number }
  | { readonly does: 'toggleDials' };

const digit = fc.constantFrom(...digits);
const code = fc.constantFrom<ErrorCode>('RXMESH_DIAL_FAILED', 'RXMESH_INCOMPATIBLE');
const direction = fc.constantFrom<Direction>('inbound', 'outbound');
const severity = fc.constantFrom<Severity>('note', 'penalize', 'disconnect', 'ban');

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    does: fc.constant('add' as const),
    address: fc.tuple(digit, fc.constantFrom('x', 'y', 'z')).map(([of, host]) => at(of, host)),
  }),
  fc.record({ does: fc.constantFrom('dialed', 'dialFailed'), nth: fc.nat(7), code }),
  fc.record({ does: fc.constant('accepted' as const), digit }),
  fc.record({ does: fc.constantFrom('ready', 'disconnected'), digit, direction }),
  fc.record({ does: fc.constant('errored' as const), digit, severity }),
  fc.record({ does: fc.constant('advance' as const), ms: fc.nat(3000) }),
  fc.record({ does: fc.constant('toggleDials' as const) }),
);

const limits = { maxConnected: 3, maxUpgrading: 1, maxDialing: 2, maxPeers: 5 };

/** The codes with which a claim may be refused. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RXMESH_PEERS_FULL',
  'RXMESH_DUPLICATE_CONNECTION',
  'RXMESH_PEER_BANNED',
  'RXMESH_PEER_EVICTED',
]);

/** Drives a manager as a router might, and checks after each step what must always hold. */
class Run {
  readonly bench: Bench = new Bench({
    ...limits,
    persistent: [at(persistentDigit)],
    retryMinMs: 100,
    retryMaxMs: 2000,
    retryMaxPersistentMs: 1000,
    disconnectCooldownMs: 500,
    banMs: 5000,
  });
  /** Addresses that were handed out, with no outcome reported yet. */
  readonly #pending: NodeAddress[] = [];
  readonly #isUp = new Map<string, boolean>();
  #isDialing = false;

  do(action: Step): void {
    try {
      this.#act(action);
    } catch (error) {
      if (!(error instanceof RxmeshError && refusals.has(error.code))) throw error;
    }
    this.#check();
  }

  /** Ends everything in progress, so that slots are free. */
  settle(): void {
    while (this.#pending.length > 0)
      this.do({ does: 'dialFailed', nth: 0, code: 'RXMESH_DIAL_FAILED' });
  }

  disconnectAll(): void {
    for (const of of digits) {
      for (const way of ['inbound', 'outbound'] as const) {
        this.do({ does: 'disconnected', digit: of, direction: way });
      }
    }
  }

  #act(action: Step): void {
    const { manager, time } = this.bench;
    switch (action.does) {
      case 'add':
        manager.add(action.address);
        break;
      case 'dialed':
      case 'dialFailed': {
        const [address] = this.#pending.splice(action.nth % Math.max(1, this.#pending.length), 1);
        if (address === undefined) break;
        if (action.does === 'dialed') manager.dialed(address);
        else manager.dialFailed(address, failure(action.code));
        break;
      }
      case 'accepted':
        manager.accepted(id(action.digit));
        break;
      case 'ready':
        manager.ready(id(action.digit), action.direction);
        break;
      case 'disconnected':
        manager.disconnected(id(action.digit), action.direction);
        break;
      case 'errored':
        manager.report({ peer: id(action.digit), severity: action.severity, reason: failure() });
        break;
      case 'advance':
        time.advance(action.ms);
        break;
      case 'toggleDials':
        if (this.#isDialing) this.bench.stopDialing();
        else this.bench.dial();
        this.#isDialing = !this.#isDialing;
    }
  }

  #check(): void {
    const peers = this.bench.manager.peers();
    this.#checkDials(peers);
    this.#checkUpdates(peers);
    const connected = peers.filter(({ links }) => links.length > 0).length;
    const dialing = peers.filter(({ isDialing }) => isDialing).length;
    const connectedMax = limits.maxConnected + limits.maxUpgrading;
    hold(connected <= connectedMax, `${connected} are connected`);
    hold(dialing <= limits.maxDialing, `${dialing} are being dialed`);
    const busy = peers.filter(({ links, isDialing }) => links.length > 0 || isDialing).length;
    hold(peers.length <= Math.max(limits.maxPeers, busy + 1), `${peers.length} are known`);
    const isKnown = peers.some((peer) => peer.id === id(persistentDigit) && peer.isPersistent);
    hold(isKnown, 'the persistent peer is known');
    const { timers } = this.bench.time;
    hold(timers <= (this.#isDialing ? 1 : 0), `${timers} timers run`);
  }

  /** There are never two dials to one peer, nor one to a connected peer. */
  #checkDials(peers: readonly PeerRecord[]): void {
    for (const address of this.bench.dials.splice(0)) {
      hold(!this.#pending.some((one) => one.id === address.id), 'it is dialed once at a time');
      hold(this.#isUp.get(address.id) !== true, 'it is not dialed while it is up');
      this.#pending.push(address);
    }
    const dialing = peers.filter(({ isDialing }) => isDialing).map((peer) => peer.id);
    const pending = this.#pending.map((one) => one.id);
    hold(dialing.sort().join() === pending.sort().join(), 'a dial lasts until it is reported');
  }

  /** Ups and downs alternate, and end with the current `status`. */
  #checkUpdates(peers: readonly PeerRecord[]): void {
    for (const { id: peer, status } of this.bench.updates.splice(0)) {
      hold((this.#isUp.get(peer) ?? false) === (status === 'down'), `${peer} is ${status} twice`);
      this.#isUp.set(peer, status === 'up');
    }
    for (const { id: peer, status } of peers) {
      hold((status === 'up') === (this.#isUp.get(peer) ?? false), `${peer} is ${status} unsaid`);
    }
  }
}

/** Used instead of `expect`, which is too slow for a million calls. */
function hold(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

const steps = fc.array(step, { maxLength: 80, size: 'max' });

describe('PeerManager, whatever happens', () => {
  it('keeps its limits, dials a peer once at a time and alternates ups and downs', () => {
    fc.assert(
      fc.property(steps, (actions) => {
        const run = new Run();
        for (const action of actions) run.do(action);
      }),
      { numRuns: runs(250) },
    );
  });

  it('eventually hands out a persistent peer that is not connected while a slot is free', () => {
    fc.assert(
      fc.property(steps, (actions) => {
        const run = new Run();
        for (const action of actions) run.do(action);
        run.settle();
        run.disconnectAll();
        run.settle();
        run.bench.stopDialing();
        run.bench.dials.length = 0;
        run.bench.time.advance(10_000);
        run.bench.dial();
        expect(run.bench.newDials()[0]?.slice(0, 1)).toBe(persistentDigit);
      }),
      { numRuns: runs(100) },
    );
  });

  it('leaves no timer after close', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const run = new Run();
        for (const action of before) run.do(action);
        run.bench.manager.close();
        hold(run.bench.time.timers === 0, 'no timer outlives close');
        for (const { does, ...rest } of after) {
          if (does === 'toggleDials') run.bench.dial();
          if (does === 'advance' && 'ms' in rest) run.bench.time.advance(rest.ms);
          if ('digit' in rest) run.bench.manager.disconnected(id(rest.digit), 'inbound');
          hold(run.bench.time.timers === 0, 'no timer starts after close');
        }
        expect(run.bench.dials).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });
});

trackLeaks();
