import { lookup } from 'node:dns';
import { Observable, of } from 'rxjs';
import type { ResolveHost } from './dns.ts';

export type { ResolveHost } from './dns.ts';

/** Names of this machine, for which no DNS server is asked (RFC 6761 §6.3). */
const LOCALHOST = /^(?:.+\.)?localhost\.?$/i;

/**
 * The system's resolver (`getaddrinfo`): hosts file, DNS, and whatever else is configured. Its
 * order of addresses is kept, with IPv4 and IPv6 mixed.
 */
export const resolveHost: ResolveHost | null = (host) => {
  if (LOCALHOST.test(host)) return of(['127.0.0.1', '::1']);
  return new Observable((subscriber) => {
    // A lookup cannot be cancelled; after unsubscribing, its result is ignored.
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
