import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import SecretStream from '@hyperswarm/secret-stream';
import { pingSeq, type Contestant } from './contestant.ts';
import { bodyFor, decode, encode } from './item.ts';
import { drained, Pings } from './waiting.ts';

/** Hyperswarm's secret-stream over TCP. It frames and encrypts each message itself. */
export const secretStream: Contestant = {
  async listen(_, take) {
    const server = createServer({ noDelay: true }, (connection) => {
      const stream = new SecretStream(false, connection);
      stream.on('data', (bytes) => {
        const { seq } = decode(bytes);
        if (seq === pingSeq) stream.write(bytes);
        else take(0, seq);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return String((server.address() as AddressInfo).port);
  },

  async dial(address, setup) {
    const connection = connect({ port: Number(address), host: '127.0.0.1', noDelay: true });
    const stream = new SecretStream(true, connection);
    await new Promise<void>((resolve) => stream.once('connect', resolve));
    const body = bodyFor(setup.bytes);
    const pings = new Pings();
    stream.on('data', (bytes) => {
      decode(bytes);
      pings.answered();
    });
    return {
      async send(_, first, count) {
        for (let seq = first; seq < first + count; seq += 1) {
          if (!stream.write(encode({ seq, body }))) await drained(stream);
        }
      },
      ping() {
        const answered = pings.sent();
        stream.write(encode({ seq: pingSeq, body }));
        return answered;
      },
    };
  },
};
