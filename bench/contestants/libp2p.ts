import './node22.ts';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import type { Contestant } from './contestant.ts';
import { FrameReader, type OnFrame } from './frames.ts';
import { bodyFor, decode, encodeFrame } from './item.ts';
import { Pings } from './waiting.ts';

type Stream = Awaited<ReturnType<Libp2p['dialProtocol']>>;

const pingProtocol = '/bench/ping/1.0.0';

/** js-libp2p over TCP with Noise and Yamux: one stream per channel, one `send` per message. */
export const libp2p: Contestant = {
  async listen({ channels }, take) {
    const node = await nodeOn(['/ip4/127.0.0.1/tcp/0']);
    for (let channel = 0; channel < channels; channel += 1) {
      await node.handle(protocolOf(channel), (stream) => {
        readFrames(stream, (bytes, start, end) => {
          take(channel, decode(bytes.subarray(start, end)).seq);
        });
      });
    }
    await node.handle(pingProtocol, (stream) => {
      readFrames(stream, (bytes, start, end) => {
        stream.send(encodeFrame(decode(bytes.subarray(start, end))));
      });
    });
    return String(node.getMultiaddrs()[0]);
  },

  async dial(address, setup) {
    const node = await nodeOn([]);
    const streams: Stream[] = [];
    for (let channel = 0; channel < setup.channels; channel += 1) {
      streams.push(await node.dialProtocol(multiaddr(address), protocolOf(channel)));
    }
    const pingStream = await node.dialProtocol(multiaddr(address), pingProtocol);
    const pings = new Pings();
    readFrames(pingStream, (bytes, start, end) => {
      decode(bytes.subarray(start, end));
      pings.answered();
    });
    const body = bodyFor(setup.bytes);
    return {
      async send(channel, first, count) {
        const stream = streams[channel];
        if (stream === undefined) throw new RangeError(`there is no channel ${channel}`);
        for (let seq = first; seq < first + count; seq += 1) {
          if (!stream.send(encodeFrame({ seq, body }))) await drained(stream);
        }
      },
      ping() {
        const answered = pings.sent();
        pingStream.send(encodeFrame({ seq: 0, body }));
        return answered;
      },
    };
  },
};

function nodeOn(listen: string[]): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  });
}

function protocolOf(channel: number): string {
  return `/bench/${channel}/1.0.0`;
}

/** Reads length-prefixed frames from a stream. */
export function readFrames(stream: Stream, onFrame: OnFrame): void {
  const frames = new FrameReader(onFrame);
  stream.addEventListener('message', ({ data }) => {
    if (data instanceof Uint8Array) frames.read(data);
    else for (const piece of data) frames.read(piece);
  });
}

/** Waits for the `drain` event, because `onDrain()` resolves too early. */
export function drained(stream: Stream): Promise<void> {
  return new Promise((resolve) =>
    stream.addEventListener('drain', () => resolve(), { once: true }),
  );
}
