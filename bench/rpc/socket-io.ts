import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { bodyFor, decode, encode } from '../contestants/item.ts';
import type { RpcContestant } from './contestant.ts';

/** An event of socket.io with its acknowledgement, over a WebSocket without TLS. */
export const socketIo: RpcContestant = {
  name: 'socket.io ack',

  async serve() {
    const http = createServer();
    new Server(http, { transports: ['websocket'] }).on('connection', (socket) => {
      socket.on('ask', (bytes: Buffer, answer: (bytes: Buffer) => void) => {
        answer(Buffer.from(encode(decode(bytes))));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  },

  async connect(address) {
    const socket = io(address, { transports: ['websocket'] });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const item = { seq: 7, body: bodyFor(64) };
    return (answered) => {
      socket.emit('ask', Buffer.from(encode(item)), (bytes: Buffer) => {
        decode(bytes);
        answered();
      });
    };
  },
};
