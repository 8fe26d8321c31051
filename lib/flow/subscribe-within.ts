import { Observable, type Observer, type Subscription } from 'rxjs';

/**
 * Subscribes `observer` to `source` until `outer` is unsubscribed. Unlike
 * `outer.add(source.subscribe(observer))` it can also stop a source that emits synchronously on
 * subscription: there, the Subscription to end does not exist yet, so an endless source would never
 * stop.
 *
 * Removes itself from `outer` when the source ends.
 *
 * @param freed called after the source has been torn down
 */
export function subscribeWithin<T>(
  outer: Subscription,
  source: Observable<T>,
  observer: Observer<T>,
  freed?: () => void,
): void {
  new Observable<T>((subscriber) => {
    outer.add(subscriber);
    source.subscribe(subscriber);
    // Added last, so it runs after the source's own teardown.
    return freed;
  }).subscribe(observer);
}
