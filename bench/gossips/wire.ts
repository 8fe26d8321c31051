import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const open = new Set<Socket>();
let closedBytes = 0;

/** Counts what all TCP sockets of this process write, from now on: both ends, if both are here. */
export function watchWire(): void {
  for (const side of ['net.client.socket', 'net.server.socket']) {
    subscribe(side, (message) => watch((message as { readonly socket: Socket }).socket));
  }
}

/** How many bytes they have written so far. */
export function wireBytes(): number {
  let bytes = closedBytes;
  for (const { bytesWritten } of open) bytes += bytesWritten;
  return bytes;
}

function watch(socket: Socket): void {
  open.add(socket);
  socket.once('close', () => {
    open.delete(socket);
    closedBytes += socket.bytesWritten;
  });
}
