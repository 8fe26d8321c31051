import { once } from 'node:events';
import { noise } from '@chainsafe/libp2p-noise';
import type { Libp2p, PeerId, Stream, StreamMessageEvent } from '@libp2p/interface';
import { memory } from '@libp2p/memory';
import { multiaddr } from '@multiformats/multiaddr';
import { deferred } from '../frame/deferred.ts';
import { Arrivals } from './arrivals.ts';
import type { ConnectInMemory } from './in-memory.ts';
import { bodyFor, decode, encode } from './item.ts';
import { nodeWith } from './libp2p-nodes.ts';

const protocol = '/bench/1';
const address = '/memory/bench';

/**
 * Two js-libp2p nodes on its memory transport. Each message is length-prefixed, with its own
 * `send`.
 */
export function libp2pMemory(encryption: 'noise' | 'none'): ConnectInMemory {
  return async (bytes) => {
    const [listener, dialer] = await (encryption === 'noise' ? nodes() : unencryptedNodes());
    const arrivals = new Arrivals();
    const accepted = deferred<undefined>();
    await listener.handle(protocol, (stream) => {
      receive(stream, (item) => arrivals.take(decode(item).seq));
      accepted.resolve(undefined);
    });
    const to = multiaddr(`${address}/p2p/${listener.peerId.toString()}`);
    const stream = await dialer.dialProtocol(to, protocol);
    await accepted.promise;
    const body = bodyFor(bytes);
    return {
      async run(count) {
        const first = arrivals.next;
        const arrived = arrivals.expect(count);
        await Promise.all([send(stream, body, first, count), arrived]);
      },
    };
  };
}

/** The listening node and the dialing node. */
type Nodes = readonly [Libp2p, Libp2p];

const listening = { addresses: { listen: [address] } };

async function nodes(): Promise<Nodes> {
  const options = { transports: [memory()], connectionEncrypters: [noise()] };
  return [await nodeWith({ ...listening, ...options }), await nodeWith(options)];
}

/** Without encryption there is no authentication, so each node is given the other's ID. */
async function unencryptedNodes(): Promise<Nodes> {
  const ofListener: { skipEncryption: true; remotePeer?: PeerId } = { skipEncryption: true };
  const ofDialer = { ...ofListener };
  const transportWith = (upgraderOptions: object) => [memory({ upgraderOptions } as object)];
  const listener = await nodeWith({ ...listening, transports: transportWith(ofListener) });
  const dialer = await nodeWith({ transports: transportWith(ofDialer) });
  ofListener.remotePeer = dialer.peerId;
  ofDialer.remotePeer = listener.peerId;
  return [listener, dialer];
}

async function send(stream: Stream, body: Uint8Array, first: number, count: number): Promise<void> {
  const end = first + count;
  for (let seq = first; seq < end; seq += 1) {
    const isTaken = stream.send(prefixed(encode({ seq, body })));
    // `onDrain()` resolves while the stream is still full.
    if (!isTaken && stream.writableNeedsDrain) await once(stream, 'drain');
  }
}

/** Adds a two-byte length prefix, which is enough for the sizes sent in memory. */
function prefixed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(message.length + 2);
  frame[0] = message.length >>> 8;
  frame[1] = message.length;
  frame.set(message, 2);
  return frame;
}

/** Reads messages from a stream, whatever the chunk boundaries. */
function receive(stream: Stream, take: (message: Uint8Array) => void): void {
  let rest: Uint8Array = new Uint8Array(0);
  stream.addEventListener('message', ({ data }) => {
    let chunk = flat(data);
    if (rest.length > 0) chunk = Buffer.concat([rest, chunk]);
    let at = 0;
    while (chunk.length - at >= 2) {
      const end = at + 2 + ((chunk[at] ?? 0) << 8) + (chunk[at + 1] ?? 0);
      if (end > chunk.length) break;
      take(chunk.subarray(at + 2, end));
      at = end;
    }
    rest = chunk.subarray(at);
  });
}

function flat(data: StreamMessageEvent['data']): Uint8Array {
  return data instanceof Uint8Array ? data : data.subarray();
}
