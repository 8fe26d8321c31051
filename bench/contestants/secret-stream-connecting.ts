import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import SecretStream from '@hyperswarm/secret-stream';
import type { Connecting } from './connecting.ts';

/** @hyperswarm/secret-stream with one key pair per side. */
export const secretStreamConnecting: Connecting = {
  async listen(onUp) {
    const keyPair = SecretStream.keyPair();
    const server = createServer({ noDelay: true }, (socket) => {
      const stream = streamOn(socket, false, keyPair);
      stream.once('connect', onUp);
      stream.once('end', () => stream.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return String((server.address() as AddressInfo).port);
  },

  dialer(address) {
    const keyPair = SecretStream.keyPair();
    const options = { port: Number(address), host: '127.0.0.1', noDelay: true };
    return Promise.resolve({
      async connect() {
        const stream = streamOn(connect(options), true, keyPair);
        await new Promise<void>((resolve) => stream.once('connect', resolve));
        return {
          close() {
            stream.end();
            return new Promise<void>((resolve) => stream.once('close', resolve));
          },
        };
      },
    });
  },
};

/** Creates a stream on a socket. It notices its end only if its data is consumed. */
function streamOn(
  socket: Socket,
  isInitiator: boolean,
  keyPair: ReturnType<typeof SecretStream.keyPair>,
): SecretStream {
  const stream = new SecretStream(isInitiator, socket, { keyPair });
  stream.on('data', () => undefined);
  stream.on('error', (error) => {
    throw error;
  });
  return stream;
}
