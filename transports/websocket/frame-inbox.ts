import { Observable, type Subscriber } from 'rxjs';
import { toKeep } from '../../lib/model/bytes.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { framesEarlyMax } from './platform.ts';

/**
 * The reading half of a socket. Keeps a few frames until there is a reader, then passes them on.
 */
export class FrameInbox {
  readonly frames$: Observable<Uint8Array>;

  #early: Uint8Array[] = [];
  #reader: Subscriber<Uint8Array> | undefined;
  #subscribed = false;
  #end: { readonly error?: RxmeshError } | undefined;

  /** @param onReader called when the reader has subscribed */
  constructor(onReader: () => void) {
    this.frames$ = new Observable((subscriber) => {
      if (this.#subscribed) {
        subscriber.error(new TypeError('frames$ must be subscribed to once'));
        return undefined;
      }
      this.#subscribed = true;
      this.#reader = subscriber;
      const early = this.#early;
      this.#early = [];
      for (const frame of early) subscriber.next(frame);
      if (this.#end === undefined) onReader();
      else this.#notifyEnd(this.#end);
      return () => {
        this.#reader = undefined;
      };
    });
  }

  /** Whether there has ever been a reader. */
  get subscribed(): boolean {
    return this.#subscribed;
  }

  /**
   * @throws {RxmeshError} `RXMESH_CONNECTION_FAILED` if too many frames arrive before there is a
   *   reader
   */
  push(frame: Uint8Array): void {
    if (this.#end !== undefined) return;
    if (this.#subscribed) {
      this.#reader?.next(frame);
      return;
    }
    if (this.#early.length === framesEarlyMax) {
      throw new RxmeshError(
        'RXMESH_CONNECTION_FAILED',
        `more than ${framesEarlyMax} frames arrived before frames$ was subscribed to`,
      );
    }
    this.#early.push(toKeep(frame));
  }

  /** Ends the inbox: nothing more will arrive. With `drop`, waiting frames are dropped as well. */
  end(error: RxmeshError | undefined, drop: boolean): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    if (drop) this.#early = [];
    this.#notifyEnd(this.#end);
  }

  #notifyEnd({ error }: { readonly error?: RxmeshError }): void {
    if (error === undefined) this.#reader?.complete();
    else this.#reader?.error(error);
  }
}
