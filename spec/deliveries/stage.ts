import { json, type NodeId, type RouterEvent, RxmeshError } from 'rxmesh';
import {
  type Deliveries,
  deliveries,
  type DeliveriesOptions,
  DeliveryError,
  type DeliveryStore,
} from 'rxmesh/deliveries';
import { simulate, simulatedStore, type Simulation } from 'rxmesh/testing';
import { from, of } from 'rxjs';

/** A lost connection comes back soon. */
const soonAgain = { retryMinMs: 10, retryMaxMs: 20, retryJitterMs: 0, disconnectCooldownMs: 10 };

/** Options of `stage`. */
export interface StageOptions extends Partial<Omit<DeliveriesOptions<number>, 'store'>> {
  readonly nodes?: number;
  readonly seed?: number;
  readonly latencyMs?: number;
  /** Whether each node has a store, or the stores. Default false. */
  readonly stores?: boolean | readonly DeliveryStore[];
}

/** Nodes that deliver numbers to each other. Those that are restarted have the same store again. */
export class Stage {
  readonly net: Simulation;
  readonly heard: string[] = [];
  /** What each node does when it starts. */
  readonly setUps: ((service: Deliveries<number>, node: number) => void)[] = [];
  readonly stores: DeliveryStore[] = [];
  readonly #services: Deliveries<number>[] = [];
  readonly #lives: number[] = [];
  readonly #opens: (() => void)[] = [];
  #startMs = 0;

  constructor(options: StageOptions = {}) {
    const { nodes = 2, seed = 1, latencyMs = 5, stores = false, ...own } = options;
    this.net = simulate({ nodes, seed, latencyMs, options: () => ({ peers: soonAgain }) });
    for (let node = 0; node < nodes; node += 1) {
      this.stores.push((typeof stores === 'object' ? stores[node] : undefined) ?? simulatedStore());
    }
    this.net.setUp(({ router, index }) => {
      const life = (this.#lives[index] ?? 0) + 1;
      this.#lives[index] = life;
      const isOver = (): boolean => this.#lives[index] !== life;
      const store = stores !== false ? { store: cuttable(this.storeOf(index), isOver) } : {};
      const open = (): void => {
        const service = deliveries(router, { id: 7, codec: json<number>(), ...own, ...store });
        this.#services[index] = service;
        for (const setUp of this.setUps) setUp(service, index);
      };
      this.#opens[index] = open;
      open();
    });
  }

  /** Closes the service of a running node, and opens another one after a while. */
  reopen(node: number, pauseMs: number): void {
    this.service(node).close();
    this.net.advance(pauseMs);
    this.#opens[node]?.();
  }

  /** Connects the nodes. Times in `heard` are from now on. */
  start(setUp?: (service: Deliveries<number>, node: number) => void): this {
    if (setUp !== undefined) {
      this.setUps.push(setUp);
      this.#services.forEach(setUp);
    }
    this.net.start();
    this.#startMs = this.net.now();
    return this;
  }

  service(node: number): Deliveries<number> {
    const service = this.#services[node];
    if (service === undefined) throw new RangeError(`there is no node ${node}`);
    return service;
  }

  storeOf(node: number): DeliveryStore {
    const store = this.stores[node];
    if (store === undefined) throw new RangeError(`there is no node ${node}`);
    return store;
  }

  id(node: number): NodeId {
    return this.net.node(node).id;
  }

  /** A killed process writes nothing any more. */
  crash(node: number): void {
    this.#lives[node] = (this.#lives[node] ?? 0) + 1;
    this.net.crash(node);
  }

  readonly note = (what: unknown): void => {
    this.heard.push(`${this.net.now() - this.#startMs}: ${String(what)}`);
  };

  /** Delivers a number from node 0 to node 1, and notes the result. */
  deliver(message: number, options: { readonly timeoutMs?: number } = {}) {
    return this.service(0)
      .deliver({ to: this.id(1), message, ...options })
      .subscribe({
        next: () => this.note(`${message} is handled`),
        error: (error: unknown) => this.note(`${message} ${told(error)}`),
      });
  }

  events(type: RouterEvent['type'], node = 0): unknown[] {
    const entries = this.net.log.filter((entry) => entry.node === node);
    return entries.filter(({ event }) => event.type === type).map(({ event }) => event);
  }

  /** Records of a store. */
  keys(node: number): readonly string[] {
    const range = { gt: '', lt: '~', limit: 10_000 };
    const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
    let keys: readonly string[] = [];
    from(
      this.storeOf(node)
        .iterator({ ...range, ...encodings })
        .all(),
    ).subscribe((records) => {
      keys = records.map(([key]) => key);
    });
    return keys;
  }
}

function cuttable(store: DeliveryStore, isCut: () => boolean): DeliveryStore {
  return {
    open: () => store.open(),
    batch: (operations, options) => (isCut() ? of(undefined) : store.batch(operations, options)),
    iterator: (range) => store.iterator(range),
  };
}

/** A short text of an error. */
export function told(error: unknown): string {
  if (error instanceof DeliveryError) return `${error.code} "${error.reason}" ${error.message}`;
  return error instanceof RxmeshError ? error.code : String(error);
}

/** The counts of a service without deliveries. */
export const idle = { messages: 0, bytes: 0, handling: 0, dropped: 0 };
