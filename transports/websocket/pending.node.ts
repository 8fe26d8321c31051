import type { Socket } from 'node:net';
import { ipNetwork } from '../../lib/model/ip.ts';
import { endpointOf } from './frame-socket.node.ts';

/** How many connections may be pending; another one displaces an idler. */
const pendingMax = 256;
/** How many of these may come from one host: an IPv4 address, or the /64 of an IPv6 address. */
const pendingPerHostMax = 64;

/**
 * Connections that have not become WebSockets yet. When there are too many, newcomers displace
 * idlers: from the host with the most, the one that has waited longest.
 */
export class Pending {
  /** By host, then by remote address and port, in order of arrival. No inner map is empty. */
  readonly #hosts = new Map<string, Map<string, Socket>>();
  #count = 0;
  readonly #displace: (socket: Socket) => void;

  /** @param displace closes a connection that makes room for another */
  constructor(displace: (socket: Socket) => void = (socket) => socket.destroy()) {
    this.#displace = displace;
  }

  /** Adds a connection; closes another one if there are too many. */
  add(socket: Socket): void {
    const host = hostOf(socket);
    // Without an address it has already been reset, and could not be attributed to a host.
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
    // By the time it closes, the port may belong to another connection.
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
 * Identifies a connection by its remote end: with TLS, the stream of a request is not the socket
 * that was accepted, but both have the same remote end.
 */
function socketKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function hostOf({ remoteAddress, remotePort }: Socket): string | undefined {
  const { ip } = endpointOf('ws', remoteAddress, remotePort);
  return ip === undefined ? undefined : ipNetwork(ip);
}
