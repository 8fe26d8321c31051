import type { Observable } from 'rxjs';

/**
 * Resolves a host name to IP addresses as text, in the platform's order of preference. Emits one
 * list and completes, or errors. After unsubscribing, the answer is ignored.
 *
 * A platform without DNS exports null in place of such a function.
 */
export type ResolveHost = (host: string) => Observable<readonly string[]>;
