import { ipNetwork } from '../model/ip.ts';

/**
 * How many hosts of chosen peers are remembered; beyond it, the least recently seen is forgotten.
 */
const chosenHostsMax = 1_024;

/**
 * The hosts at which chosen peers were seen, or at which the application says that they are. A host
 * is an IPv4 address, or the /64 of an IPv6 address. Strangers may share one.
 */
export class ChosenHosts {
  /** From least to most recently seen. */
  readonly #hosts = new Set<string>();

  add(ip: string): void {
    const host = ipNetwork(ip);
    this.#hosts.delete(host);
    this.#hosts.add(host);
    if (this.#hosts.size <= chosenHostsMax) return;
    const [oldest] = this.#hosts;
    if (oldest !== undefined) this.#hosts.delete(oldest);
  }

  has(ip: string): boolean {
    return this.#hosts.has(ipNetwork(ip));
  }
}
