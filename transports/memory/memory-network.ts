import { aClock, type Clock, systemClock } from '../../lib/flow/clock.ts';
import { guardedClock } from '../../lib/flow/guarded.ts';
import { reportUnhandled } from '../../lib/flow/report-unhandled.ts';
import { mistaken } from '../../lib/model/check-function.ts';
import { checkOptions, oneOf, type OptionKinds } from '../../lib/model/check-options.ts';
import { mustBe } from '../../lib/model/described.ts';
import { isNodeId } from '../../lib/model/id.ts';
import type { NodeId } from '../../lib/model/node-id.ts';
import type { Transport } from '../../lib/transport/transport.ts';
import { type Protection, secureAccept, secureDial } from '../../lib/secure/index.ts';
import { Courier } from './courier.ts';
import { Gate } from './gate.ts';
import { type MemorySocket, memorySockets } from './memory-socket.ts';
import { MemoryTransport, type Neighbourhood } from './memory-transport.ts';
import { type Pair, Pairs } from './pairs.ts';
import { Reach } from './reach.ts';

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
   * How many bytes per second a connection carries in each direction, for all connections or per
   * direction. All channels of a connection share it. A function is called for each frame; if it
   * throws or returns an invalid number, that is reported as unhandled, and the frame takes no
   * time. Default: no limit.
   */
  readonly bytesPerSecond?: number | ((from: NodeId, to: NodeId) => number);
  /**
   * How connections are protected. `proven` (default) proves identities but leaves packets
   * readable; `encrypted` does everything that a real network needs; `trusted` proves nothing and
   * is the fastest.
   */
  readonly protection?: Protection;
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
  readonly #latencyMs: PerLine;
  readonly #bytesPerSecond: PerLine;
  readonly #protection: Protection;
  readonly #transports = new Map<NodeId, MemoryTransport>();
  /** The nodes that lost power, until they have another transport. */
  readonly #off = new Set<NodeId>();
  readonly #gates = new Map<NodeId, Gate>();
  readonly #pairs = new Pairs();
  readonly #reach = new Reach();

  /**
   * @throws {TypeError} for invalid options
   * @throws {RangeError} for a latency that is not a finite number of 0 or more, or a bandwidth
   *   that is not above 0
   */
  constructor(options: MemoryNetworkOptions = {}) {
    checkOptions('MemoryNetwork', options, optionKinds);
    this.#latencyMs = perLine(latency, options.latencyMs);
    this.#bytesPerSecond = perLine(bandwidth, options.bytesPerSecond);
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
    const gate = this.#gate(id);
    const neighbourhood: Neighbourhood = {
      clock: this.#clock,
      gate,
      latencyMs: this.#latencyMs,
      connect: (listener) => this.#connect(id, listener),
      hears: (listener) => this.#reach.of(listener, id) !== 'lost',
      begin: () => secureDial({ protection: this.#protection, aes: false }),
      deliver: (listener, inbound, hello) => {
        const protection = this.#protection;
        this.#gate(listener).pass(() => {
          this.#transports
            .get(listener)
            ?.accept(secureAccept(inbound, hello, { protection, aes: false }));
        });
      },
      leave: () => this.#transports.delete(id),
    };
    const transport = new MemoryTransport(id, neighbourhood);
    this.#transports.set(id, transport);
    this.#off.delete(id);
    for (const pair of this.#pairs.of(id)) socketOf(pair, id).knock();
    return transport;
  }

  /**
   * Cuts all connections between two nodes: both ends fail. The nodes may dial each other again.
   */
  sever(one: NodeId, other: NodeId): void {
    for (const pair of this.#pairs.of(one)) {
      if (pair.dialer === other || pair.listener === other) cut(pair);
    }
  }

  /** Cuts all connections of a node: both ends of each fail. */
  isolate(node: NodeId): void {
    for (const pair of this.#pairs.of(node)) cut(pair);
  }

  /**
   * Ends a node's connections as when its machine loses power: they fail there, and the other ends
   * notice nothing. They stay half-open, and what is sent on them is lost. While a transport of the
   * node is in the network again, they fail when something that was sent on them reaches it, a
   * latency later, as a restarted machine resets connections that it does not know.
   */
  abandon(node: NodeId): void {
    this.#off.add(node);
    for (const pair of this.#pairs.of(node)) socketOf(pair, node).abandon();
  }

  /**
   * Partitions the network: nodes on different islands lose their connections, and cannot dial each
   * other until `heal`. A node that is not on any island reaches all others.
   */
  partition(...islands: readonly (readonly NodeId[])[]): void {
    this.#reach.divide(islands, false);
    this.#holdSilent();
    for (const pair of this.#pairs.all()) {
      if (this.#reach.of(pair.dialer, pair.listener) === 'refused') cut(pair);
    }
  }

  /**
   * Partitions the network silently, as when a cable is pulled: connections between nodes on
   * different islands stay open, but nothing gets through, not even their end, and dials are not
   * answered. After `heal`, whatever was on its way arrives on the connections that are still open,
   * since streams never have gaps.
   */
  silence(...islands: readonly (readonly NodeId[])[]): void {
    this.#reach.divide(islands, true);
    this.#holdSilent();
  }

  /**
   * Silences one direction until `heal`: nothing that `from` sends reaches `to`, while what `to`
   * sends still reaches `from`.
   */
  mute(from: NodeId, to: NodeId): void {
    this.#reach.mute(from, to);
    this.#holdSilent();
  }

  /** Ends a partition, and all silences. */
  heal(): void {
    this.#reach.heal();
    this.#holdSilent();
  }

  /**
   * Freezes a node, as when its process is suspended: nothing reaches it until `thaw`, not even
   * that a connection has ended. Its timers run on, unless its clock stops them.
   */
  freeze(node: NodeId): void {
    this.#gate(node).freeze();
  }

  /** Lets a frozen node read what has arrived meanwhile, in order. */
  thaw(node: NodeId): void {
    this.#gate(node).thaw();
  }

  /**
   * Makes a node slow: after each frame that it reads, it reads nothing else for `msPerFrame`
   * milliseconds. 0 makes it as fast as it was. Its timers are not affected.
   *
   * @throws {RangeError} if `msPerFrame` is not a finite number of 0 or more
   */
  slow(node: NodeId, msPerFrame: number): void {
    this.#gate(node).workMs = checked({ ...latency, name: 'msPerFrame' }, msPerFrame);
  }

  #gate(node: NodeId): Gate {
    const known = this.#gates.get(node);
    if (known !== undefined) return known;
    let opened = 0;
    const gate = new Gate(this.#clock, () => {
      const pairs = [...this.#pairs.of(node)];
      // Another one first each time: a slow node reads one frame, and must starve no peer.
      const first = opened % Math.max(1, pairs.length);
      opened += 1;
      for (const pair of [...pairs.slice(first), ...pairs.slice(0, first)]) {
        socketOf(pair, node).resume();
      }
    });
    this.#gates.set(node, gate);
    return gate;
  }

  /** Holds what is on its way in directions that are silent, and lets the rest arrive. */
  #holdSilent(): void {
    for (const { dialer, listener, outbound, inbound } of this.#pairs.all()) {
      inbound.hold(this.#reach.of(dialer, listener) === 'lost');
      outbound.hold(this.#reach.of(listener, dialer) === 'lost');
    }
  }

  readonly #reaches = (from: NodeId, to: NodeId): boolean =>
    this.#transports.has(to) && !this.#off.has(to) && this.#reach.of(from, to) === 'arrives';

  #connect(dialer: NodeId, listener: NodeId): Pair | string | undefined {
    const passage = this.#reach.of(dialer, listener);
    if (passage === 'lost') return undefined;
    if (this.#transports.get(listener)?.listening !== true) return 'no node is listening there';
    if (passage === 'refused') return 'the network is partitioned';
    const sockets = memorySockets({
      clock: this.#clock,
      courier: this.#courier,
      latencyMs: this.#latencyMs,
      bytesPerSecond: this.#bytesPerSecond,
      reaches: this.#reaches,
      dialer,
      listener,
      dialerGate: this.#gate(dialer),
      listenerGate: this.#gate(listener),
    });
    const pair: Pair = { dialer, listener, ...sockets };
    pair.outbound.hold(this.#reach.of(listener, dialer) === 'lost');
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

/** A property of the line from one node to another. */
type PerLine = (from: NodeId, to: NodeId) => number;

/** What a property of lines must be. */
interface LineKind {
  readonly name: string;
  readonly what: string;
  /** The value if nothing is given, or if a function fails. */
  readonly otherwise: number;
  readonly accepts: (value: number) => boolean;
}

const latency: LineKind = {
  name: 'latencyMs',
  what: 'a finite number of 0 or more',
  otherwise: 0,
  accepts: (ms) => ms >= 0 && ms < Infinity,
};

const bandwidth: LineKind = {
  name: 'bytesPerSecond',
  what: 'a number above 0',
  otherwise: Infinity,
  accepts: (bytes) => bytes > 0,
};

const aNumberOrFunction = {
  what: 'a number or a function',
  accepts: (value: unknown) => typeof value === 'number' || typeof value === 'function',
};

const optionKinds: OptionKinds<MemoryNetworkOptions> = {
  clock: aClock,
  latencyMs: aNumberOrFunction,
  bytesPerSecond: aNumberOrFunction,
  protection: oneOf('encrypted', 'proven', 'trusted'),
};

/** @throws {RangeError} for a number that is not of this kind */
function perLine(kind: LineKind, given: number | PerLine = kind.otherwise): PerLine {
  if (typeof given === 'function') {
    return (from, to) => {
      try {
        return checked(kind, given(from, to));
      } catch (thrown) {
        reportUnhandled(thrown);
        return kind.otherwise;
      }
    };
  }
  const value = checked(kind, given);
  return () => value;
}

function checked({ name, what, accepts }: LineKind, value: unknown): number {
  if (typeof value === 'number' && accepts(value)) return value;
  throw new RangeError(mustBe(name, what, value));
}

function cut({ outbound, inbound }: Pair): void {
  outbound.fail('the network was cut');
  inbound.fail('the network was cut');
}

/** The side of a connection that is at this node. */
function socketOf({ dialer, outbound, inbound }: Pair, node: NodeId): MemorySocket {
  return node === dialer ? outbound : inbound;
}
