import type { Endpoint } from '../model/endpoint.ts';
import { hostOf } from './host.ts';

/** Counts the handshakes that run: all of them, and those with each host. */
export class HalfOpen {
  readonly #countMax: number;
  readonly #perHostMax: number;
  readonly #hosts = new Map<string, number>();
  #count = 0;

  constructor(countMax: number, perHostMax: number) {
    this.#countMax = countMax;
    this.#perHostMax = perHostMax;
  }

  /** Takes a place for a handshake with `remote`, or says why there is none. */
  enter(remote: Endpoint): string | undefined {
    if (this.#count >= this.#countMax) return `more than ${this.#countMax} handshakes at a time`;
    const host = hostOf(remote);
    const count = this.#countOf(host);
    if (host !== undefined && count >= this.#perHostMax) {
      return `more than ${this.#perHostMax} handshakes at a time with ${host}`;
    }
    this.#count += 1;
    if (host !== undefined) this.#hosts.set(host, count + 1);
    return undefined;
  }

  /** Gives back the place of a handshake that is over. */
  leave(remote: Endpoint): void {
    this.#count -= 1;
    const host = hostOf(remote);
    if (host === undefined) return;
    const count = this.#countOf(host) - 1;
    // What nobody runs a handshake with is forgotten: hosts come and go without end.
    if (count > 0) this.#hosts.set(host, count);
    else this.#hosts.delete(host);
  }

  #countOf(host: string | undefined): number {
    return host === undefined ? 0 : (this.#hosts.get(host) ?? 0);
  }
}
