import { lookup } from 'node:dns';
import { Observable, of } from 'rxjs';
import type { ResolveHost } from './dns.ts';

export type { ResolveHost } from './dns.ts';

/** Names of this machine, which no DNS is asked for (RFC 6761 §6.3). */
const LOCALHOST = /^(?:.+\.)?localhost\.?$/i;

/**
 * The system's resolver, as `getaddrinfo` offers it: hosts file, DNS, and whatever else it is told
 * to ask. The addresses keep its order, IPv4 and IPv6 mixed.
 */
export const resolveHost: ResolveHost | null = (host) => {
  if (LOCALHOST.test(host)) return of(['127.0.0.1', '::1']);
  return new Observable((subscriber) => {
    // A lookup cannot be cancelled; a closed subscriber ignores what comes late.
    lookup(host, { all: true, verbatim: true }, (error, addresses) => {
      if (error) {
        subscriber.error(error);
      } else {
        subscriber.next(addresses.map(({ address }) => address));
        subscriber.complete();
      }
    });
  });
};
