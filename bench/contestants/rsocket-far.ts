import { noteBody, type Far } from './far.ts';
import { bodyFor, encode } from './item.ts';
import { acceptPeers, connectPeer, requestStream, Source } from './rsocket.ts';

const [bulkStream, noteStream] = [0, 1];
const noteBytes = encode({ seq: 0, body: noteBody }).length;

/** rsocket-js over TCP: the receiver requests one stream for bulk messages and one for notes. */
export const rsocketFar: Far = {
  async listen(bytes, arriving) {
    const port = await acceptPeers((peer) => {
      requestStream(peer, bulkStream, bytes, arriving.bulk);
      requestStream(peer, noteStream, noteBytes, arriving.note);
      return {};
    });
    return { port, id: '' };
  },

  async dial({ port }, bytes) {
    const [bulk, notes] = [new Source(), new Source()];
    await connectPeer(port, [bulk, notes]);
    const body = bodyFor(bytes);
    return {
      send: (first, count) => bulk.send(first, count, body),
      note: (seq) => void notes.send(seq, 1, noteBody),
    };
  },
};
