import { Observable, Subscription } from 'rxjs';
import { type Clock, systemClock } from '../../flow/clock.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { NodeInfo } from '../../model/node-info.ts';
import type { Link } from '../../transport/link.ts';
import type { Connection, Self } from '../../transport/transport.ts';
import { check } from './check.ts';
import { LinkEnd } from './link-end.ts';
import type { TransportNode, TransportPair, TransportSetup } from './setup.ts';

/** The connections that a node has accepted, and how its listening ended. */
export class Listening {
  readonly connections: Connection[] = [];
  outcome: 'listening' | 'completed' | { readonly error: unknown } = 'listening';
  readonly subscription: Subscription;

  constructor({ transport }: TransportNode) {
    this.subscription = transport.incoming$.subscribe({
      next: (connection) => this.connections.push(connection),
      error: (error: unknown) => {
        this.outcome = { error };
      },
      complete: () => {
        this.outcome = 'completed';
      },
    });
  }
}

/** How an Observable of a single value turned out. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown } | 'empty';

/** The environment of a case: two nodes, and ways to wait that time out. */
export class Stage {
  readonly a: TransportNode;
  readonly b: TransportNode;
  readonly networked: boolean;
  readonly dialsItself: boolean;
  readonly knowsLocal: boolean;
  readonly holdsBack: boolean;
  readonly hearsLate: boolean;

  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pair: TransportPair;
  readonly #listenings: Listening[] = [];
  readonly #ends: LinkEnd[] = [];
  readonly #connections: Connection[] = [];

  constructor(setup: TransportSetup, pair: TransportPair) {
    this.#pair = pair;
    this.a = pair.a;
    this.b = pair.b;
    this.networked = setup.networked;
    this.dialsItself = setup.dialsItself ?? true;
    this.knowsLocal = setup.knowsLocal ?? true;
    this.holdsBack = setup.holdsBack ?? true;
    this.hearsLate = setup.hearsLate ?? false;
    this.#clock = setup.clock ?? systemClock;
    this.#timeoutMs = setup.timeoutMs ?? 5_000;
  }

  /** Waits until `condition` holds. */
  async until(condition: () => boolean, requirement: string): Promise<void> {
    const deadline = this.#clock.now() + this.#timeoutMs;
    while (!condition()) {
      check(this.#clock.now() < deadline, `${requirement} (waited ${this.#timeoutMs} ms)`);
      await this.pass(1);
    }
  }

  /** Lets time pass. */
  pass(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.schedule(resolve, delayMs);
    });
  }

  /** Waits for the outcome of an Observable of a single value; throws if that takes too long. */
  async outcome<T>(source: Observable<T>, what: string): Promise<Outcome<T>> {
    let outcome: Outcome<T> | undefined;
    const subscription = source.subscribe({
      next: (value) => {
        outcome = { value };
      },
      error: (error: unknown) => {
        outcome ??= { error };
      },
      complete: () => {
        outcome ??= 'empty';
      },
    });
    try {
      await this.until(() => outcome !== undefined, `${what} should emit or end`);
    } finally {
      subscription.unsubscribe();
    }
    return outcome ?? 'empty';
  }

  /** Waits for the single value of an Observable. */
  async value<T>(source: Observable<T>, what: string): Promise<T> {
    const outcome = await this.outcome(source, what);
    if (outcome === 'empty') throw new Error(`transport conformance: ${what} should emit`);
    if ('value' in outcome) return outcome.value;
    throw new Error(`transport conformance: ${what} should not fail`, { cause: outcome.error });
  }

  /** Starts listening, and waits until the transport lists an endpoint. */
  async listen(node: TransportNode): Promise<Listening> {
    const listening = new Listening(node);
    this.#listenings.push(listening);
    const { transport } = node;
    await this.until(() => {
      const { outcome } = listening;
      if (typeof outcome === 'object') {
        throw new Error('transport conformance: listening should not fail', {
          cause: outcome.error,
        });
      }
      return transport.endpoints.length > 0;
    }, 'a transport should list an endpoint while incoming$ is subscribed');
    return listening;
  }

  /** An endpoint where `node` listens. */
  endpoint({ transport }: TransportNode): Endpoint {
    const [endpoint] = transport.endpoints;
    if (endpoint === undefined) throw new Error('transport conformance: no endpoint is listed');
    return endpoint;
  }

  /** Dials `to`, and returns both sides of the connection. */
  async connect(
    from: TransportNode = this.a,
    to: TransportNode = this.b,
    listening?: Listening,
  ): Promise<{ outbound: Connection; inbound: Connection }> {
    const listener = listening ?? (await this.listen(to));
    const known = listener.connections.length;
    const outbound = await this.value(from.transport.dial(this.endpoint(to)), 'dial');
    this.#connections.push(outbound);
    await this.until(
      () => listener.connections.length > known,
      'incoming$ should emit the connection that was dialed',
    );
    const inbound = listener.connections[known];
    if (inbound === undefined) throw new Error('transport conformance: no connection came in');
    return { outbound, inbound };
  }

  /** Runs the handshake on both sides. */
  async handshake(outbound: Connection, inbound: Connection): Promise<[LinkEnd, LinkEnd]> {
    const [a, b] = await Promise.all([
      this.value(outbound.handshake(this.self(this.a)), 'the handshake of the side that dialed'),
      this.value(inbound.handshake(this.self(this.b)), 'the handshake of the side that listens'),
    ]);
    return [this.#end(a), this.#end(b)];
  }

  /** Creates two link ends that have accepted each other. */
  async link(): Promise<[LinkEnd, LinkEnd]> {
    const { outbound, inbound } = await this.connect();
    const ends = await this.handshake(outbound, inbound);
    for (const { link } of ends) {
      link.accept();
      link.flush();
    }
    await this.until(
      () => ends.every((end) => end.hasAccepted),
      'both sides should hear an accept',
    );
    return ends;
  }

  /** What a node says about itself, with every field set. */
  self({ identity }: TransportNode): Self {
    const nodeInfo: NodeInfo = {
      protocolVersion: { p2p: 1, block: 2, app: 3 },
      nodeId: identity.id,
      listenAddress: '192.0.2.1:26656',
      network: 'conformance',
      version: '1.2.3-rc.0',
      channels: [0x11, 0x22],
      moniker: 'conformance node',
      other: { txIndex: 'on', rpcAddress: '192.0.2.1:26657' },
      features: [],
      addresses: [],
    };
    return { identity, nodeInfo };
  }

  /** Releases everything, and checks what the link ends recorded. */
  async close(): Promise<void> {
    for (const { link } of this.#ends) link.close('done');
    for (const connection of this.#connections) connection.close();
    for (const { connections, subscription } of this.#listenings) {
      for (const connection of connections) connection.close();
      subscription.unsubscribe();
    }
    this.a.transport.close();
    this.b.transport.close();
    await this.#pair.dispose?.();
    for (const end of this.#ends) end.checkFaults();
  }

  #end(link: Link): LinkEnd {
    const end = new LinkEnd(link);
    this.#ends.push(end);
    return end;
  }
}
