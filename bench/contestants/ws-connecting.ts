import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Connecting } from './connecting.ts';

/** The server does not track its connections, because rxmesh does that itself. */
export const wsConnecting: Connecting = {
  async listen(onUp) {
    const options = { host: '127.0.0.1', port: 0, perMessageDeflate: false, clientTracking: false };
    const server = new WebSocketServer(options);
    server.on('connection', (socket) => {
      socket.on('message', () => undefined);
      onUp();
    });
    await once(server, 'listening');
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },

  dialer(address) {
    return Promise.resolve({
      async connect() {
        const socket = new WebSocket(address, { perMessageDeflate: false });
        socket.on('message', () => undefined);
        await once(socket, 'open');
        return {
          close() {
            socket.close();
            return once(socket, 'close');
          },
        };
      },
    });
  },
};
