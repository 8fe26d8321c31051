import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { Identity } from '../model/identity.ts';
import type { RouterOptions } from '../router/options.ts';
import type { RouterLike } from '../router/router.ts';
import type { NodeClock } from './node-clock.ts';

/** The options of a node's router, which stay the same when it starts again. */
export type NodeOptions = Omit<RouterOptions, 'transports'>;

/** A node of a simulation. */
export interface SimulatedNode {
  /** The node's number, from 0. */
  readonly index: number;
  readonly id: NodeId;
  /** The address that other nodes dial: `memory:<id>`. */
  readonly address: string;
  readonly options: NodeOptions;
  /** Its router; another one after `restart`. */
  readonly router: RouterLike;
  /** The peers that are up now, according to `peers$`. */
  readonly up: ReadonlySet<NodeId>;
  /** Whether it has crashed, or its router has stopped completely. */
  readonly isStopped: boolean;
}

/** What a simulation passes to each node. */
export interface NodeSettings {
  readonly index: number;
  readonly identity: Identity;
  readonly clock: NodeClock;
  readonly options: NodeOptions;
  /** Creates the node's router, once for each time that the node is started. */
  readonly makeRouter: (hasCrashed: () => boolean) => RouterLike;
  readonly onEvent: (event: RouterEvent) => void;
  /** A peer came up or went down, and `up` has changed. */
  readonly onChange: (peer: NodeId, isUp: boolean) => void;
  /** The node stopped or crashed. `up` still has the peers of that moment. */
  readonly onStop: () => void;
}

/** One life of a node, from a start to a stop or a crash. */
interface Run {
  readonly router: RouterLike;
  isCrashed: boolean;
}

/** A node whose events and peers are recorded, over all its lives. */
export class WatchedNode implements SimulatedNode {
  readonly index: number;
  readonly id: NodeId;
  readonly address: string;
  readonly up: Set<NodeId> = new Set();
  readonly clock: NodeClock;
  readonly options: NodeOptions;
  readonly #settings: NodeSettings;
  #run: Run;
  #isStopped = false;
  /** Routers that have not stopped completely: this one, and those that crashed. */
  #openRuns = 0;

  constructor(settings: NodeSettings) {
    const { index, identity, clock, options } = settings;
    this.index = index;
    this.clock = clock;
    this.options = options;
    this.id = identity.id;
    this.address = `memory:${identity.id}`;
    this.#settings = settings;
    this.#run = this.#begin();
  }

  get router(): RouterLike {
    return this.#run.router;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether nothing of it is running, not even what a crash left behind. */
  get isIdle(): boolean {
    return this.#openRuns === 0;
  }

  /** Creates another router, which has not started yet. */
  restart(): void {
    this.#isStopped = false;
    this.#run = this.#begin();
  }

  /**
   * Ends the router as a crash does. Its events are ignored from now on.
   * @param cut cuts its connections
   */
  crash(cut: () => void): void {
    this.#run.isCrashed = true;
    this.#stopped();
    cut();
    // A test's process goes on, so the router's timers have to be cleared.
    void this.#run.router.stop();
  }

  toString(): string {
    return `node ${this.index} (${this.id.slice(0, 8)})`;
  }

  #begin(): Run {
    const { makeRouter, onEvent, onChange } = this.#settings;
    const run: Run = { router: makeRouter(() => run.isCrashed), isCrashed: false };
    this.#openRuns += 1;
    run.router.peers$.subscribe(({ id, status }) => {
      if (run.isCrashed) return;
      const isUp = status === 'up';
      if (this.up.has(id) === isUp) return;
      if (isUp) this.up.add(id);
      else this.up.delete(id);
      onChange(id, isUp);
    });
    run.router.events$.subscribe({
      next: (event) => {
        if (!run.isCrashed) onEvent(event);
      },
      complete: () => {
        this.#openRuns -= 1;
        if (!run.isCrashed) this.#stopped();
      },
    });
    return run;
  }

  #stopped(): void {
    this.#isStopped = true;
    this.#settings.onStop();
    this.up.clear();
  }
}

/** Creates an identity from the next numbers of `random`. */
export function identityFrom(random: () => number): Identity {
  return Identity.fromSeed(Uint8Array.from({ length: 32 }, () => random() * 256));
}
