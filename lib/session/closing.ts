import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { ByeReason, Link } from '../transport/link.ts';
import type { Violation } from './port.ts';

/** Closes a session's link, and remembers the first fault that was a reason to. */
export class Closing {
  readonly #link: Link;
  readonly #peer: NodeId;
  /** Called if the link cannot even be closed. */
  readonly #ended: (error: RxmeshError) => void;
  #fault: RxmeshError | undefined;
  /** Set once a lane that must not overflow has overflowed. */
  #overflow: string | undefined;

  constructor(link: Link, peer: NodeId, ended: (error: RxmeshError) => void) {
    this.#link = link;
    this.#peer = peer;
    this.#ended = ended;
  }

  /** The fault that the session ends with, if there was one. */
  get fault(): RxmeshError | undefined {
    return this.#fault;
  }

  /**
   * Closes the link. With a transport that has its own wire, this may throw, and the link counts as
   * ended.
   */
  close(reason: ByeReason, text?: string): void {
    try {
      this.#link.close(reason, text);
    } catch (thrown) {
      this.#ended(linkFailed(thrown, this.#peer));
    }
  }

  /** Something has failed on this side. The peer learns no details. */
  failed(thrown: unknown): void {
    this.#fault ??= linkFailed(thrown, this.#peer);
    this.close('done', 'this node failed to send');
  }

  /** The peer sends more control packets than this rule allows. */
  flooded(rule: string): void {
    const text = `${this.#peer}: ${rule}`;
    this.#fault ??= new RxmeshError('RXMESH_PROTOCOL_VIOLATION', text, { peer: this.#peer });
    this.close('violation', rule);
  }

  timedOut(ms: number, missing: 'any sign' | 'pong'): void {
    const what = missing === 'pong' ? 'no pong' : 'nothing';
    const text = `${what} has arrived from ${this.#peer} for ${ms} ms`;
    this.#fault ??= new RxmeshError('RXMESH_PEER_TIMEOUT', text, { peer: this.#peer });
    this.close('done', missing === 'pong' ? 'no pong' : 'no sign of life');
  }

  /** The peer has broken a rule of a channel. */
  violated(code: Violation, text: string, channel: number): void {
    const peer = this.#peer;
    this.#fault ??= new RxmeshError(code, `${peer} on channel ${channel}: ${text}`, {
      peer,
      channel,
    });
    // Count the rest of the record first, message by message: it has arrived and is lost.
    if (code === 'RXMESH_OVERFLOW') this.#overflow = text;
    else this.close('violation', text);
  }

  /** The end of a record: all that an overflowing lane lost of it is counted. */
  recordEnd(): void {
    if (this.#overflow !== undefined) this.close('violation', this.#overflow);
  }
}

function linkFailed(thrown: unknown, peer: NodeId): RxmeshError {
  return toRxmeshError(thrown, 'RXMESH_CONNECTION_FAILED', `the link to ${peer}`, { peer });
}
