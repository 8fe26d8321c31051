import type { Endpoint } from '../model/endpoint.ts';
import { ipNetwork } from '../model/ip.ts';

/**
 * What stands for the other side's machine: an IPv4 address, the /64 of an IPv6 one, or the path of
 * an endpoint without IP; undefined where there is none of them.
 */
export function hostOf({ ip, path }: Endpoint): string | undefined {
  return ip === undefined ? path : ipNetwork(ip);
}
