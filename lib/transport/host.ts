import type { Endpoint } from '../model/endpoint.ts';
import { ipNetwork } from '../model/ip.ts';

/**
 * Identifies the other side's machine: an IPv4 address, the /64 of an IPv6 address, or the path of
 * an endpoint without an IP. Undefined if it has neither.
 */
export function hostOf({ ip, path }: Endpoint): string | undefined {
  return ip === undefined ? path : ipNetwork(ip);
}
