import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { Identity } from '../model/identity.ts';
import type { RouterOptions } from '../router/options.ts';
import type { RouterLike } from '../router/router.ts';

/** A node of a simulation. */
export interface SimulatedNode {
  /** The node's number, from 0. */
  readonly index: number;
  readonly id: NodeId;
  /** The address that other nodes dial: `memory:<id>`. */
  readonly address: string;
  readonly router: RouterLike;
  /** The peers that are up now, according to `peers$`. */
  readonly up: ReadonlySet<NodeId>;
  /** Whether its router has stopped completely. */
  readonly isStopped: boolean;
}

/** What a simulation passes to each node. */
export interface NodeSettings extends Omit<RouterOptions, 'identity'> {
  readonly index: number;
  readonly identity: Identity;
  readonly onEvent: (event: RouterEvent) => void;
  readonly makeRouter: (options: RouterOptions) => RouterLike;
}

/** A node whose events and peers are recorded from the start. */
export class WatchedNode implements SimulatedNode {
  readonly index: number;
  readonly id: NodeId;
  readonly address: string;
  readonly router: RouterLike;
  readonly up: Set<NodeId> = new Set();
  isStopped = false;

  constructor({ index, onEvent, makeRouter, ...options }: NodeSettings) {
    this.index = index;
    this.id = options.identity.id;
    this.address = `memory:${this.id}`;
    this.router = makeRouter(options);
    this.router.peers$.subscribe(({ id, status }) => {
      if (status === 'up') this.up.add(id);
      else this.up.delete(id);
    });
    this.router.events$.subscribe({ next: onEvent, complete: () => (this.isStopped = true) });
  }

  toString(): string {
    return `node ${this.index} (${this.id.slice(0, 8)})`;
  }
}

/** Creates an identity from the next numbers of `random`. */
export function identityFrom(random: () => number): Identity {
  return Identity.fromSeed(Uint8Array.from({ length: 32 }, () => random() * 256));
}
