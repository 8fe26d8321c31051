import type { NodeId, RxmeshError } from '../index.ts';
import type { InboxHost } from './hosts.ts';
import { Inbox } from './inbox.ts';

/** The inboxes of a service, in the order in which their peers were last heard of. */
export class Inboxes {
  readonly #host: InboxHost;
  readonly #sendersMax: number;
  readonly #inboxes = new Map<NodeId, Inbox>();

  constructor(host: InboxHost, sendersMax: number) {
    this.#host = host;
    this.#sendersMax = sendersMax;
  }

  /** A copy: what is done with them may change which there are. */
  get all(): readonly Inbox[] {
    return [...this.#inboxes.values()];
  }

  /** The inbox for the messages of a peer. */
  of(from: NodeId): Inbox {
    const known = this.#inboxes.get(from);
    if (known !== undefined) return known;
    const inbox = new Inbox(from, this.#host);
    this.#inboxes.set(from, inbox);
    return inbox;
  }

  /** Moves an inbox to the end, and forgets the one that was not heard of for the longest time. */
  heard(inbox: Inbox): void {
    this.#inboxes.delete(inbox.from);
    this.#inboxes.set(inbox.from, inbox);
    if (this.#inboxes.size <= this.#sendersMax) return;
    for (const [peer, oldest] of this.#inboxes) {
      if (!oldest.isIdle) continue;
      this.#inboxes.delete(peer);
      oldest.forget();
      return;
    }
  }

  /** The peer has left. There is nothing to remember of one that has sent nothing. */
  left(inbox: Inbox): void {
    if (inbox.isBlank) this.#inboxes.delete(inbox.from);
  }

  /** Ends every inbox. */
  end(error: RxmeshError): void {
    for (const inbox of this.all) inbox.end(error);
    this.#inboxes.clear();
  }
}
