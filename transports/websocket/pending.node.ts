import type { Socket } from 'node:net';
import { ipNetwork } from '../../lib/model/ip.ts';
import { endpointOf } from './frame-socket.node.ts';

/** Connections that have not become WebSockets yet; one more takes the place of an idler. */
const pendingMax = 256;
/** Of these, those of one host: an IPv4 address, or the /64 of an IPv6 one. */
const pendingPerHostMax = 64;

/**
 * Connections that have not become WebSockets yet. When they are too many, newcomers displace
 * idlers: of the host that holds most of them, the one that has waited longest.
 */
export class Pending {
  /** By host, each by its remote end, in the order in which they came. None is empty. */
  readonly #hosts = new Map<string, Map<string, Socket>>();
  #count = 0;
  readonly #displace: (socket: Socket) => void;

  /** @param displace closes a connection that makes room for another */
  constructor(displace: (socket: Socket) => void = (socket) => socket.destroy()) {
    this.#displace = displace;
  }

  /** Closes another one if there are too many. */
  add(socket: Socket): void {
    const host = hostOf(socket);
    // Without an address it was reset already, and nobody could tell who it was.
    if (host === undefined) {
      socket.destroy();
      return;
    }
    const ofHost = this.#hosts.get(host)?.size ?? 0;
    if (ofHost >= pendingPerHostMax) this.#closeOldest(host);
    else if (this.#count >= pendingMax) this.#closeOldest(this.#largestHost());
    const key = socketKey(socket);
    const sockets = this.#hosts.get(host) ?? new Map<string, Socket>();
    this.#hosts.set(host, sockets.set(key, socket));
    this.#count += 1;
    // By then another one may come from that port.
    socket.once('close', () => {
      if (this.#hosts.get(host)?.get(key) === socket) this.#remove(key, host);
    });
  }

  delete(socket: Socket): void {
    const host = hostOf(socket);
    if (host !== undefined) this.#remove(socketKey(socket), host);
  }

  destroyAll(): void {
    for (const sockets of [...this.#hosts.values()]) {
      for (const socket of [...sockets.values()]) socket.destroy();
    }
  }

  #closeOldest(host: string): void {
    const [oldest] = this.#hosts.get(host) ?? [];
    if (oldest === undefined) return;
    const [key, socket] = oldest;
    this.#remove(key, host);
    this.#displace(socket);
  }

  #largestHost(): string {
    let largest = '';
    let most = 0;
    for (const [host, { size }] of this.#hosts) {
      if (size <= most) continue;
      largest = host;
      most = size;
    }
    return largest;
  }

  #remove(key: string, host: string): void {
    const sockets = this.#hosts.get(host);
    if (sockets?.delete(key) !== true) return;
    this.#count -= 1;
    if (sockets.size === 0) this.#hosts.delete(host);
  }
}

/**
 * With TLS, the stream of a request is not the one that was accepted; they have the remote end in
 * common.
 */
function socketKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function hostOf({ remoteAddress, remotePort }: Socket): string | undefined {
  const { ip } = endpointOf('ws', remoteAddress, remotePort);
  return ip === undefined ? undefined : ipNetwork(ip);
}
