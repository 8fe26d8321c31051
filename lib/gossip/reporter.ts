import type { Channel, NodeId, Severity } from '../index.ts';
import { type Clock, RxmeshError } from '../index.ts';
import type { OutgoingFrame } from './frame-codec.ts';

/** At most one report of a kind about a peer, and one error of a kind, in this time. */
const reportEveryMs = 1_000;
/** The same for silence: it lasts, and an honest neighbour may have dropped what it announced. */
const silenceEveryMs = 10_000;
/** How many kinds and peers it remembers at a time. */
const remembered = 4_096;

/** Reports peers, and tells this node of errors, but only so often for one reason. */
export class Reporter {
  readonly #channel: Channel<OutgoingFrame>;
  readonly #clock: Clock;
  readonly #lastMs = new Map<string, number>();

  constructor(channel: Channel<OutgoingFrame>, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /**
   * Reports a peer for its behaviour.
   *
   * @param kind what reasons with figures of the peer's choice have in common
   */
  blame(peer: NodeId, severity: Severity, reason: string, kind: string = reason): void {
    if (this.#isNews(`${peer} ${kind}`)) this.#channel.reports.next({ peer, severity, reason });
  }

  /** Reports a peer that does not answer. */
  silent(peer: NodeId): void {
    const reason = 'it does not send a message that it has announced';
    if (!this.#isNews(`${peer} silent`, silenceEveryMs)) return;
    this.#channel.reports.next({ peer, severity: 'note', reason });
  }

  /** Disconnects a peer that breaks the protocol. */
  violated(peer: NodeId, what: string): void {
    const { id: channel } = this.#channel;
    const text = `${peer} sends ${what}`;
    const reason = new RxmeshError('RXMESH_PROTOCOL_VIOLATION', text, { peer, channel });
    this.#channel.reports.next({ peer, severity: 'disconnect', reason });
  }

  /** The verdict has failed. */
  verdictFailed(peer: NodeId, cause: unknown): void {
    if (!this.#isNews('verdict')) return;
    const { id: channel } = this.#channel;
    const detail = cause instanceof Error ? cause.message : String(cause);
    const text = `the verdict on a message has failed, so it is ignored: ${detail}`;
    const context = { peer, channel, cause };
    this.#channel.out.error(new RxmeshError('RXMESH_CALLBACK_FAILED', text, context));
  }

  /** A consumer has missed messages. */
  missed(max: number, count: number): void {
    if (!this.#isNews('missed')) return;
    const { id: channel } = this.#channel;
    const text = `a consumer of in$ is ${max} messages behind and misses some, ${count} so far`;
    this.#channel.out.error(new RxmeshError('RXMESH_OVERFLOW', text, { channel }));
  }

  #isNews(what: string, everyMs = reportEveryMs): boolean {
    const nowMs = this.#clock.now();
    const lastMs = this.#lastMs.get(what);
    if (lastMs !== undefined && nowMs - lastMs < everyMs) return false;
    if (this.#lastMs.size >= remembered) this.#lastMs.clear();
    this.#lastMs.set(what, nowMs);
    return true;
  }
}
