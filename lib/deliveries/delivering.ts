import { Observable } from 'rxjs';
import type { NodeId } from '../index.ts';

/** A message that its recipient has handled. */
export interface Delivered<T> {
  readonly to: NodeId;
  readonly message: T;
}

/**
 * A delivery that begins when it is subscribed to. It is not a promise: `await` cannot subscribe to
 * it, and would deliver nothing. Use `firstValueFrom` there.
 */
export interface Delivering<T> extends Observable<Delivered<T>> {
  /** Not for use: no function has this type. */
  then(onDelivered: never, onFailed: never): void;
}

/**
 * The Observable behind `Delivering`. `await` does not subscribe to an Observable, so it would
 * silently deliver nothing; with this class it rejects. RxJS treats it as an Observable and never
 * calls `then`.
 */
export class DeliverWhenSubscribed<T> extends Observable<Delivered<T>> implements Delivering<T> {
  then(_resolve: unknown, reject: (error: unknown) => void): void {
    const text = 'deliver returns an Observable, which delivers when subscribed';
    reject(new TypeError(`${text}: use \`await firstValueFrom(orders.deliver(...))\``));
  }
}
