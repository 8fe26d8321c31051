import { VirtualTimeScheduler, type Subscription } from 'rxjs';
import { clockFrom, type Clock } from '../../lib/flow/clock.ts';
import { parseNodeAddress, type NodeAddress } from '../../lib/model/address.ts';
import { RxmeshError, type ErrorCode } from '../../lib/model/error.ts';
import { type NodeId, uncheckedNodeId } from '../../lib/model/node-id.ts';
import { PeerManager } from '../../lib/peers/peer-manager.ts';
import type { PeerManagerOptions } from '../../lib/peers/peer-manager-options.ts';
import type { Eviction } from '../../lib/peers/evictions.ts';
import type { PeerUpdate } from '../../lib/peers/peer-updates.ts';

/** A node ID of one hex digit. */
export const id = (digit: string): NodeId => uncheckedNodeId(digit.repeat(40));

export const self: NodeId = id('0');

/** An address of the peer `id(digit)`; `host` distinguishes several of one peer. */
export const at = (digit: string, host = `host-${digit}`): NodeAddress =>
  parseNodeAddress(`ws://${id(digit)}@${host}:1000`);

export const failure = (code: ErrorCode = 'RXMESH_DIAL_FAILED'): RxmeshError =>
  new RxmeshError(code, 'as the test wants it');

/** The code of the error that `work` throws. */
export function codeOf(work: () => unknown): ErrorCode | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof RxmeshError) return error.code;
    throw error;
  }
  return undefined;
}

/** A clock that stands still until `advance`. */
export class VirtualTime {
  readonly scheduler: VirtualTimeScheduler = new VirtualTimeScheduler();
  readonly clock: Clock = clockFrom(this.scheduler);

  advance(ms: number): void {
    const endMs = this.scheduler.frame + ms;
    this.scheduler.schedule(() => undefined, ms);
    this.scheduler.maxFrames = endMs;
    this.scheduler.flush();
  }

  get timers(): number {
    return this.scheduler.actions.length;
  }
}

/**
 * A manager under virtual time, and everything that its streams emitted. No jitter unless the
 * options set it.
 */
export class Bench {
  readonly time: VirtualTime;
  readonly manager: PeerManager;
  readonly dials: NodeAddress[] = [];
  readonly evictions: Eviction[] = [];
  readonly updates: PeerUpdate[] = [];
  readonly forgotten: NodeId[] = [];
  #dialing: Subscription | undefined;
  #evicting: Subscription | undefined;

  constructor(options: Partial<PeerManagerOptions> = {}, time: VirtualTime = new VirtualTime()) {
    this.time = time;
    this.manager = new PeerManager({
      self,
      clock: this.time.clock,
      random: () => 0,
      retryJitterMs: 0,
      ...options,
    });
    this.takeEvictions();
    this.manager.updates$.subscribe((update) => this.updates.push(update));
    this.manager.forgotten$.subscribe((forgotten) => this.forgotten.push(forgotten));
  }

  /** Starts to take dials. */
  dial(): this {
    this.#dialing = this.manager.dials$.subscribe((address) => this.dials.push(address));
    return this;
  }

  stopDialing(): void {
    this.#dialing?.unsubscribe();
  }

  takeEvictions(): void {
    this.#evicting = this.manager.evictions$.subscribe((eviction) => this.evictions.push(eviction));
  }

  stopEvictions(): void {
    this.#evicting?.unsubscribe();
  }

  add(...addresses: NodeAddress[]): this {
    for (const address of addresses) this.manager.add(address);
    return this;
  }

  /** Connects a peer from its side, up to ready. */
  accept(...digits: string[]): this {
    for (const digit of digits) {
      this.manager.accepted(id(digit));
      this.manager.ready(id(digit), 'inbound');
    }
    return this;
  }

  /**
   * The dials since the last call, as the first digit of the peer's ID and the host: `a@host-a`.
   */
  newDials(): string[] {
    return this.dials.splice(0).map(({ id: peer, host }) => `${peer.slice(0, 1)}@${host ?? ''}`);
  }

  /** The updates since the last call: `a up`, `a down`. */
  newUpdates(): string[] {
    return this.updates.splice(0).map(({ id: peer, status }) => `${peer.slice(0, 1)} ${status}`);
  }

  /** The evictions since the last call, as digits. */
  newEvictions(): string[] {
    return this.evictions.splice(0).map(({ peer }) => peer.slice(0, 1));
  }

  /** Known peers as digits, best first. */
  known(): string[] {
    return this.manager.peers().map(({ id: peer }) => peer.slice(0, 1));
  }
}
