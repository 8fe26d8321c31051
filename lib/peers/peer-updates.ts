import { Observable, Subject } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerStatus } from './peer-record.ts';

/** A peer went up or down. */
export interface PeerUpdate {
  readonly id: NodeId;
  readonly status: PeerStatus;
  /** The direction of the connection that this is about. */
  readonly direction: Direction;
  /** For `up`, the channels that the peer has open, as passed to `ready`; otherwise empty. */
  readonly channels: readonly number[];
  /** For `down`, the error that ended the connection, if there was one. */
  readonly error?: RxmeshError;
}

/**
 * Peer updates as they are emitted, with the peers that are up for late subscribers. A peer counts
 * as up once its update has been emitted, not before.
 */
export class PeerUpdates {
  /** Updates from now on. */
  readonly updates$: Observable<PeerUpdate>;
  /**
   * The peers that are already up, then the updates. Whatever subscribers do meanwhile, each of
   * them gets the updates of a peer in the order up, down, up ..., and none twice.
   */
  readonly peers$: Observable<PeerUpdate>;
  readonly #emitted = new Subject<PeerUpdate>();
  readonly #up = new Map<NodeId, PeerUpdate>();

  constructor() {
    this.updates$ = this.#emitted.asObservable();
    this.peers$ = new Observable((subscriber) => {
      const up = [...this.#up.values()];
      // Updates that arrive while the initial peers are being emitted come after those.
      const later: (() => void)[] = [];
      let isBeginning = true;
      const inOrder = (work: () => void): void => {
        if (isBeginning) later.push(work);
        else work();
      };
      subscriber.add(
        this.#emitted.subscribe({
          next: (update) => inOrder(() => subscriber.next(update)),
          complete: () => inOrder(() => subscriber.complete()),
        }),
      );
      for (const update of up) subscriber.next(update);
      for (let work = later.shift(); work !== undefined; work = later.shift()) work();
      isBeginning = false;
    });
  }

  next(update: PeerUpdate): void {
    if (update.status === 'up') this.#up.set(update.id, update);
    else this.#up.delete(update.id);
    this.#emitted.next(update);
  }

  complete(): void {
    this.#emitted.complete();
  }
}
