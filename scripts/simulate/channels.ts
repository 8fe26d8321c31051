import type { Channel, ChannelOptions, InboundEnvelope } from 'rxmesh';
import type { AccountedChannel, Simulation } from 'rxmesh/testing';
import { Subject } from 'rxjs';

/** The channel at one node, in one of its lives. */
interface Held {
  /** Undefined while it is closed. */
  channel: Channel<Uint8Array> | undefined;
  /** What arrives, however often the channel is closed and opened again. */
  readonly in$: Subject<InboundEnvelope<Uint8Array>>;
  readonly accounted: AccountedChannel<Uint8Array>;
}

/** A channel at every node, which nodes may close and open again. */
export class Channels {
  readonly #net: Simulation;
  readonly #options: ChannelOptions<Uint8Array>;
  readonly #held = new Map<number, Held>();

  constructor(net: Simulation, options: ChannelOptions<Uint8Array>) {
    this.#net = net;
    this.#options = options;
    net.setUp(({ index }) => this.#start(index));
  }

  /** The channel of a node, for a ledger. What is sent while it is closed goes nowhere. */
  of(node: number): AccountedChannel<Uint8Array> {
    return this.#of(node).accounted;
  }

  isOpen(node: number): boolean {
    return this.#of(node).channel !== undefined;
  }

  close(node: number): void {
    const held = this.#of(node);
    const { channel } = held;
    held.channel = undefined;
    channel?.close();
  }

  /** Opens the channel of a node again. */
  open(node: number): void {
    this.#open(node, this.#of(node));
  }

  #start(node: number): void {
    const in$ = new Subject<InboundEnvelope<Uint8Array>>();
    const held: Held = {
      channel: undefined,
      in$,
      accounted: {
        id: this.#options.id,
        in$,
        out: {
          next: (envelope) => held.channel?.out.next(envelope),
          error: (thrown: unknown) => held.channel?.out.error(thrown),
          complete: () => held.channel?.out.complete(),
        },
      },
    };
    this.#held.set(node, held);
    this.#open(node, held);
  }

  #open(node: number, held: Held): void {
    held.channel = this.#net.node(node).router.openChannel(this.#options);
    held.channel.in$.subscribe((envelope) => held.in$.next(envelope));
  }

  #of(node: number): Held {
    const held = this.#held.get(node);
    if (held === undefined) throw new RangeError(`there is no node ${node}`);
    return held;
  }
}
