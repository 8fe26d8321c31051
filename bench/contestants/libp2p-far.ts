import { multiaddr } from '@multiformats/multiaddr';
import { noteBody, type Far } from './far.ts';
import { bodyFor, decode, encodeFrame } from './item.ts';
import { drained, readFrames } from './libp2p.ts';
import { tcpNode } from './libp2p-nodes.ts';
import { sendInStretches } from './waiting.ts';

const [bulkProtocol, noteProtocol] = ['/bench/bulk/1.0.0', '/bench/notes/1.0.0'];

/** js-libp2p over TCP with Noise and Yamux: one stream for bulk messages, one for notes. */
export const libp2pFar: Far = {
  async listen(_, arriving) {
    const node = await tcpNode(['/ip4/127.0.0.1/tcp/0']);
    const handle = (protocol: string, arrived: (seq: number) => void): Promise<void> =>
      node.handle(protocol, (stream) => {
        readFrames(stream, (bytes, start, end) => arrived(decode(bytes.subarray(start, end)).seq));
      });
    await handle(bulkProtocol, arriving.bulk);
    await handle(noteProtocol, arriving.note);
    const [, , , port] = String(node.getMultiaddrs()[0]).slice(1).split('/');
    return { port: Number(port), id: String(node.peerId) };
  },

  async dial({ port, id }, bytes, hasNotes) {
    const node = await tcpNode();
    const address = multiaddr(`/ip4/127.0.0.1/tcp/${port}/p2p/${id}`);
    const bulk = await node.dialProtocol(address, bulkProtocol);
    const notes = hasNotes ? await node.dialProtocol(address, noteProtocol) : undefined;
    const body = bodyFor(bytes);
    return {
      send: (first, count) =>
        sendInStretches(first, count, (seq) =>
          bulk.send(encodeFrame({ seq, body })) ? undefined : drained(bulk),
        ),
      note: (seq) => notes?.send(encodeFrame({ seq, body: noteBody })),
    };
  },
};
