import { Observable, type Observer, type Subscription } from 'rxjs';

/**
 * Subscribes `observer` to `source` until `outer` ends. Unlike
 * `outer.add(source.subscribe(observer))` it also stops a source that emits while it is being
 * subscribed: that one would otherwise go on, for ever if it is endless, since there is no
 * subscription yet that could be ended.
 *
 * Ends by itself with the source, and leaves nothing in `outer` then.
 *
 * @param freed is called when the source has been torn down
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
    // Behind what the source has added.
    return freed;
  }).subscribe(observer);
}
