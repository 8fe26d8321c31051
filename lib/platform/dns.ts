import type { Observable } from 'rxjs';

/**
 * The IP addresses of a host name, as text, in the order that the platform prefers: one list, then
 * completion, or an error. Unsubscribing drops the answer.
 *
 * A platform without DNS exports null in the place of such a function.
 */
export type ResolveHost = (host: string) => Observable<readonly string[]>;
