import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import SecretStream from '@hyperswarm/secret-stream';
import { noteBody, noteSeqFrom, type Far } from './far.ts';
import { bodyFor, decode, encode } from './item.ts';
import { drained, sendInStretches } from './waiting.ts';

const host = '127.0.0.1';

/** Hyperswarm's secret-stream over TCP. Bulk messages and notes share its only stream. */
export const secretStreamFar: Far = {
  async listen(_, arriving) {
    const server = createServer({ noDelay: true }, (connection) => {
      const stream = new SecretStream(false, connection);
      stream.on('data', (bytes) => {
        const { seq } = decode(bytes);
        if (seq >= noteSeqFrom) arriving.note(seq - noteSeqFrom);
        else arriving.bulk(seq);
      });
    });
    server.listen(0, host);
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, id: '' };
  },

  async dial({ port }, bytes) {
    const stream = new SecretStream(true, connect({ port, host, noDelay: true }));
    await new Promise<void>((resolve) => stream.once('connect', resolve));
    const body = bodyFor(bytes);
    return {
      send: (first, count) =>
        sendInStretches(first, count, (seq) =>
          stream.write(encode({ seq, body })) ? undefined : drained(stream),
        ),
      note: (seq) => void stream.write(encode({ seq: noteSeqFrom + seq, body: noteBody })),
    };
  },
};
