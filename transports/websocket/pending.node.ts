import type { Socket } from 'node:net';
import { ipNetwork } from '../../lib/model/ip.ts';
import { endpointOf } from './frame-socket.node.ts';

/** Connections that have not become WebSockets yet; one more is closed at once. */
const pendingMax = 256;
/** Of these, those of one host: an IPv4 address, or the /64 of an IPv6 one. */
const pendingPerHostMax = 64;

/** Connections that have not become WebSockets yet. */
export class Pending {
  readonly #sockets = new Map<string, Socket>();
  readonly #hosts = new Map<string, number>();

  /** Closes it at once if there are too many. */
  add(socket: Socket): void {
    const host = hostOf(socket);
    const ofHost = this.#hosts.get(host ?? '') ?? 0;
    // Without an address it was reset already, and nobody could tell who it was.
    if (host === undefined || this.#sockets.size >= pendingMax || ofHost >= pendingPerHostMax) {
      socket.destroy();
      return;
    }
    const key = socketKey(socket);
    this.#sockets.set(key, socket);
    this.#hosts.set(host, ofHost + 1);
    socket.once('close', () => this.#remove(key, host));
  }

  delete(socket: Socket): void {
    const host = hostOf(socket);
    if (host !== undefined) this.#remove(socketKey(socket), host);
  }

  destroyAll(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #remove(key: string, host: string): void {
    if (!this.#sockets.delete(key)) return;
    const left = (this.#hosts.get(host) ?? 0) - 1;
    if (left > 0) this.#hosts.set(host, left);
    else this.#hosts.delete(host);
  }
}

/** With TLS, the stream of a request is not the one that was accepted; they have the remote end in common. */
function socketKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function hostOf({ remoteAddress, remotePort }: Socket): string | undefined {
  const { ip } = endpointOf('ws', remoteAddress, remotePort);
  return ip === undefined ? undefined : ipNetwork(ip);
}
