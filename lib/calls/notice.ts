import { Flow } from '../index.ts';

/**
 * A notice that is sent when it is subscribed to. It is not a promise: `await` cannot subscribe to
 * it, and would send nothing.
 */
export interface Notifying extends Flow<never> {
  /** Not for use: no function has this type. */
  then(onSent: never, onFailed: never): void;
}

/**
 * The flow behind `Notifying`. `await` does not subscribe to a flow, so it would silently send
 * nothing; with this class it rejects. RxJS treats it as an Observable and never calls `then`.
 */
export class Notice extends Flow<never> implements Notifying {
  then(_resolve: unknown, reject: (error: unknown) => void): void {
    const text = 'notify returns a flow, which sends when subscribed: use `.subscribe()`';
    const awaited = 'await lastValueFrom(service.notify(...), { defaultValue: undefined })';
    reject(new TypeError(`${text}, or \`${awaited}\``));
  }
}
