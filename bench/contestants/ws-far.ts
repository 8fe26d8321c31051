import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { noteBody, noteSeqFrom, type Far } from './far.ts';
import { encode, seqIn, Template } from './item.ts';
import { sendInStretches } from './waiting.ts';
import { sent } from './ws.ts';

const host = '127.0.0.1';

/** An unencrypted WebSocket with one frame per message, shared by bulk messages and notes. */
export const wsFar: Far = {
  async listen(_, arriving) {
    const server = new WebSocketServer({ host, port: 0 });
    server.on('connection', (socket) => {
      socket.on('message', (bytes: Buffer) => {
        const seq = seqIn(bytes);
        if (seq >= noteSeqFrom) arriving.note(seq - noteSeqFrom);
        else arriving.bulk(seq);
      });
    });
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, id: '' };
  },

  async dial({ port }, bytes) {
    const socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
    const template = new Template(bytes);
    return {
      send: (first, count) =>
        sendInStretches(first, count, (seq) => sent(socket, template.item(seq))),
      note: (seq) => socket.send(encode({ seq: noteSeqFrom + seq, body: noteBody })),
    };
  },
};
