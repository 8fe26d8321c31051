import { connect, type Socket } from 'node:net';
import { secureDial } from '../../lib/secure/index.ts';
import { offeredProtocols } from '../../transports/websocket/subprotocol.ts';

/** Where the node under attack listens. */
export interface Target {
  readonly port: number;
  readonly id: string;
}

/** Connects to the node over TCP from a given loopback address. Errors are ignored. */
export function tcp({ port }: Target, localAddress: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    // A socket does not notice its end unless it is read.
    socket.resume();
    socket.on('error', () => resolve(socket));
    socket.once('connect', () => resolve(socket));
  });
}

/** The same, upgraded to a WebSocket, without a handshake. */
export async function upgraded(target: Target, localAddress: string): Promise<Socket> {
  const socket = await tcp(target, localAddress);
  const lines = [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${target.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Sec-WebSocket-Protocol: ${offeredProtocols(secureDial().hello).join(', ')}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new Promise((resolve) => {
    socket.once('close', () => resolve(socket));
    socket.once('data', () => {
      socket.resume();
      resolve(socket);
    });
  });
}

/** A client frame of less than 126 bytes with a zero mask (RFC 6455, 5.2). */
export function frame(firstByte: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  return Buffer.from([firstByte, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
}

/** Writes `bytes` repeatedly, as fast as the node reads, until the socket closes. */
export function flood(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    const write = (): void => {
      while (!socket.destroyed && socket.write(bytes)) continue;
    };
    socket.on('drain', write);
    if (socket.destroyed) resolve();
    else write();
  });
}

/** Repeats bytes `count` times. */
export function times(count: number, bytes: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}
