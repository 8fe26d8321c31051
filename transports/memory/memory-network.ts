import { aClock, type Clock, systemClock } from '../../lib/flow/clock.ts';
import { guardedClock } from '../../lib/flow/guarded.ts';
import { reportUnhandled } from '../../lib/flow/report-unhandled.ts';
import { mistaken } from '../../lib/model/check-function.ts';
import { checkOptions, oneOf, type OptionKinds } from '../../lib/model/check-options.ts';
import { mustBe } from '../../lib/model/described.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { isNodeId } from '../../lib/model/id.ts';
import { type NodeId, uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { Transport } from '../../lib/transport/transport.ts';
import { type Protection, secureAccept, secureDial } from '../../lib/secure/index.ts';
import { Courier } from './courier.ts';
import { type MemorySocket, memorySockets } from './memory-socket.ts';
import { MemoryTransport, type Neighbourhood } from './memory-transport.ts';

/** Options of a `MemoryNetwork`. */
export interface MemoryNetworkOptions {
  /** The clock for latencies. Default: the system clock. */
  readonly clock?: Clock;
  /**
   * How long a frame takes one way, in milliseconds, for all frames or per frame. Default 0, which
   * delivers synchronously. A dial takes one way there and one way back. If a function throws or
   * returns an invalid number, that is reported as unhandled, and the frame takes no time.
   */
  readonly latencyMs?: number | ((from: NodeId, to: NodeId) => number);
  /**
   * How connections are protected. `proven` (default) proves identities but leaves packets
   * readable; `encrypted` does everything that a real network needs; `trusted` proves nothing and
   * is the fastest.
   */
  readonly protection?: Protection;
}

/** Two connected sockets. */
interface Pair {
  readonly outbound: MemorySocket;
  readonly inbound: MemorySocket;
}

/**
 * A network within one process, for tests and for nodes that share a process. Its transports reach
 * each other by node ID.
 *
 *     const network = new MemoryNetwork({ clock, latencyMs: 40 });
 *     createRouter({ identity, network: 'demo', transports: [network.transport(identity.id)] });
 *
 * Without latency everything is delivered synchronously, on a flat stack however deep the
 * conversation.
 */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #courier: Courier;
  readonly #latencyMs: (from: NodeId, to: NodeId) => number;
  readonly #protection: Protection;
  readonly #transports = new Map<NodeId, MemoryTransport>();
  readonly #pairs = new Set<Pair>();
  /** The island of each node, while the network is divided. */
  #islands: ReadonlyMap<NodeId, number> = new Map();
  /** Whether nodes do not notice the division. */
  #isSilent = false;

  /**
   * @throws {TypeError} for invalid options
   * @throws {RangeError} for a latency that is not a finite number of 0 or more
   */
  constructor(options: MemoryNetworkOptions = {}) {
    const latencyMs = options.latencyMs ?? 0;
    checkOptions('MemoryNetwork', options, optionKinds);
    if (typeof latencyMs === 'number' && !(latencyMs >= 0 && latencyMs < Infinity)) {
      throw new RangeError(mustBe('latencyMs', 'a finite number of 0 or more', latencyMs));
    }
    this.#latencyMs = typeof latencyMs === 'number' ? () => latencyMs : guarded(latencyMs);
    this.#clock = guardedClock(options.clock ?? systemClock);
    this.#courier = new Courier(this.#clock);
    this.#protection = options.protection ?? 'proven';
  }

  /**
   * Creates the transport of node `id`, which is part of the network until it is closed. Its
   * endpoint is `{ protocol: 'memory', path: id }`.
   *
   * @throws {TypeError} if `id` is not a node ID, or already has a transport in this network
   */
  transport(id: NodeId): Transport {
    if (typeof id !== 'string' || !isNodeId(id)) throw mistaken('transport: id', 'a node ID', id);
    if (this.#transports.has(id)) {
      const text = `node ${id} already has a transport in this network`;
      throw new TypeError(`${text}: close that one first`);
    }
    const neighbourhood: Neighbourhood = {
      clock: this.#clock,
      latencyMs: this.#latencyMs,
      connect: (listener) => this.#connect(id, listener),
      begin: () => secureDial({ protection: this.#protection }),
      deliver: (listener, inbound, hello) => {
        const protection = this.#protection;
        this.#transports.get(listener)?.accept(secureAccept(inbound, hello, { protection }));
      },
      leave: () => this.#transports.delete(id),
    };
    const transport = new MemoryTransport(id, neighbourhood);
    this.#transports.set(id, transport);
    return transport;
  }

  /**
   * Cuts all connections between two nodes: both ends fail. The nodes may dial each other again.
   */
  sever(one: NodeId, other: NodeId): void {
    this.#cut(({ dialer, listener }) => {
      return (dialer === one && listener === other) || (dialer === other && listener === one);
    });
  }

  /**
   * Partitions the network: nodes on different islands lose their connections, and cannot dial each
   * other until `heal`. A node that is not on any island reaches all others.
   */
  partition(...islands: readonly (readonly NodeId[])[]): void {
    this.#divide(islands, false);
    this.#cut(({ dialer, listener }) => !this.#reaches(dialer, listener));
  }

  /**
   * Partitions the network silently, as when a cable is pulled: connections between nodes on
   * different islands stay open, but nothing gets through, not even their end, and dials are not
   * answered. After `heal`, whatever was on its way arrives on the connections that are still open,
   * since streams never have gaps.
   */
  silence(...islands: readonly (readonly NodeId[])[]): void {
    this.#divide(islands, true);
  }

  /** Ends a partition or a silence. */
  heal(): void {
    this.#divide([], false);
  }

  #divide(islands: readonly (readonly NodeId[])[], isSilent: boolean): void {
    this.#islands = new Map(islands.flatMap((ids, island) => ids.map((id) => [id, island])));
    this.#isSilent = isSilent;
    for (const { outbound, inbound } of [...this.#pairs]) {
      const held = isSilent && !this.#reaches(nodeAt(outbound.local), nodeAt(outbound.remote));
      outbound.hold(held);
      inbound.hold(held);
    }
  }

  #reaches(from: NodeId, to: NodeId): boolean {
    const islands = [this.#islands.get(from), this.#islands.get(to)];
    return islands.includes(undefined) || islands[0] === islands[1];
  }

  #cut(affects: (nodes: { dialer: NodeId; listener: NodeId }) => boolean): void {
    for (const { outbound, inbound } of [...this.#pairs]) {
      const dialer = nodeAt(outbound.local);
      const listener = nodeAt(outbound.remote);
      if (!affects({ dialer, listener })) continue;
      outbound.fail('the network was cut');
      inbound.fail('the network was cut');
    }
  }

  #connect(dialer: NodeId, listener: NodeId): Pair | string | undefined {
    const reaches = this.#reaches(dialer, listener);
    if (!reaches && this.#isSilent) return undefined;
    if (this.#transports.get(listener)?.listening !== true) return 'no node is listening there';
    if (!reaches) return 'the network is partitioned';
    const pair = memorySockets({
      clock: this.#clock,
      courier: this.#courier,
      latencyMs: this.#latencyMs,
      dialer,
      listener,
    });
    this.#pairs.add(pair);
    let open = 2;
    const onEnd = (): void => {
      open -= 1;
      if (open === 0) this.#pairs.delete(pair);
    };
    pair.outbound.onEnd(onEnd);
    pair.inbound.onEnd(onEnd);
    return pair;
  }
}

const optionKinds: OptionKinds<MemoryNetworkOptions> = {
  clock: aClock,
  latencyMs: {
    what: 'a number or a function',
    accepts: (value) => typeof value === 'number' || typeof value === 'function',
  },
  protection: oneOf('encrypted', 'proven', 'trusted'),
};

function guarded(latencyMs: (from: NodeId, to: NodeId) => number) {
  return (from: NodeId, to: NodeId): number => {
    try {
      const ms: unknown = latencyMs(from, to);
      if (typeof ms === 'number' && ms >= 0 && ms < Infinity) return ms;
      throw new RangeError(mustBe('latencyMs', 'a finite number of 0 or more', ms));
    } catch (thrown) {
      reportUnhandled(thrown);
      return 0;
    }
  };
}

/** The node of a memory endpoint, which is its path. */
function nodeAt({ path = '' }: Endpoint): NodeId {
  return uncheckedNodeId(path);
}
