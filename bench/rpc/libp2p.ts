import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { bodyFor, decode, encodeFrame } from '../contestants/item.ts';
import { nodeWith } from '../contestants/libp2p-nodes.ts';
import { readFrames } from '../contestants/libp2p.ts';
import type { RpcContestant } from './contestant.ts';

const protocol = '/bench/echo/1.0.0';
/** Room for every call to have a stream of its own. */
const manyStreams = { maxInboundStreams: 4_096, maxOutboundStreams: 4_096 };

function nodeOn(listen: string[]): ReturnType<typeof nodeWith> {
  return nodeWith({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(manyStreams)],
  });
}

async function serve(): Promise<string> {
  const node = await nodeOn(['/ip4/127.0.0.1/tcp/0']);
  await node.handle(
    protocol,
    (stream) => {
      readFrames(stream, (bytes, start, end) => {
        stream.send(encodeFrame(decode(bytes.subarray(start, end))));
      });
      stream.addEventListener('remoteCloseWrite', () => void stream.close());
    },
    manyStreams,
  );
  return String(node.getMultiaddrs()[0]);
}

/** js-libp2p as its documentation has it: a new stream for each call, over TCP, Noise and Yamux. */
export const libp2pStreams: RpcContestant = {
  name: 'js-libp2p, a stream each',
  serve,

  async connect(address) {
    const node = await nodeOn([]);
    const connection = await node.dial(multiaddr(address));
    const item = { seq: 7, body: bodyFor(64) };
    const ask = async (answered: () => void): Promise<void> => {
      const stream = await connection.newStream(protocol, manyStreams);
      readFrames(stream, (bytes, start, end) => {
        decode(bytes.subarray(start, end));
        void stream.close();
        answered();
      });
      stream.send(encodeFrame(item));
    };
    return (answered) => void ask(answered);
  },
};

/** The same over one stream: answers come in order, which a real service cannot promise. */
export const libp2pOneStream: RpcContestant = {
  name: 'js-libp2p, one stream',
  serve,

  async connect(address) {
    const node = await nodeOn([]);
    const stream = await node.dialProtocol(multiaddr(address), protocol);
    const item = { seq: 7, body: bodyFor(64) };
    const waiting: (() => void)[] = [];
    readFrames(stream, (bytes, start, end) => {
      decode(bytes.subarray(start, end));
      waiting.shift()?.();
    });
    return (answered) => {
      waiting.push(answered);
      stream.send(encodeFrame(item));
    };
  },
};
