import { Observable, Subject } from 'rxjs';
import type { NodeId } from '../model/id.ts';
import type { PeerUpdate } from './peer-table.ts';

/**
 * Updates of peers as they are told, and for who comes later: who is up by what was told until
 * then.
 */
export class ToldUpdates {
  /** From now on. */
  readonly updates$: Observable<PeerUpdate>;
  /**
   * Begins with the peers that are up. Whatever subscribers do meanwhile, each of them hears of
   * every peer in the order up, down, up ..., and nothing twice.
   */
  readonly peers$: Observable<PeerUpdate>;
  readonly #told = new Subject<PeerUpdate>();
  readonly #up = new Map<NodeId, PeerUpdate>();

  constructor() {
    this.updates$ = this.#told.asObservable();
    this.peers$ = new Observable((subscriber) => {
      const up = [...this.#up.values()];
      // What changes while it is being told who is up comes behind that.
      const later: (() => void)[] = [];
      let isBeginning = true;
      const tell = (work: () => void): void => {
        if (isBeginning) later.push(work);
        else work();
      };
      subscriber.add(
        this.#told.subscribe({
          next: (update) => tell(() => subscriber.next(update)),
          complete: () => tell(() => subscriber.complete()),
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
    this.#told.next(update);
  }

  complete(): void {
    this.#told.complete();
  }
}
