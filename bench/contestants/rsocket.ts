import { createServer, type AddressInfo, type Server } from 'node:net';
import {
  RSocketConnector,
  RSocketServer,
  type OnExtensionSubscriber,
  type OnNextSubscriber,
  type OnTerminalSubscriber,
  type RSocket,
} from 'rsocket-core';
import { TcpClientTransport } from 'rsocket-tcp-client';
import { TcpServerTransport } from 'rsocket-tcp-server';
import { deferred } from '../frame/deferred.ts';
import type { Contestant, Dialed } from './contestant.ts';
import { bodyFor, decode, encode } from './item.ts';

type Subscriber = OnTerminalSubscriber & OnNextSubscriber & OnExtensionSubscriber;

const localhost = '127.0.0.1';

/** rsocket-js over TCP, unencrypted: the receiver requests one stream per channel. */
export const rsocket: Contestant = {
  async listen({ bytes, channels }, take) {
    const port = await acceptPeers((peer) => {
      for (let channel = 0; channel < channels; channel += 1) {
        requestStream(peer, channel, bytes, (seq) => take(channel, seq));
      }
      return { requestResponse: answer };
    });
    return String(port);
  },

  async dial(address, setup) {
    const body = bodyFor(setup.bytes);
    const sources = Array.from({ length: setup.channels }, () => new Source());
    const peer = await connectPeer(Number(address), sources);
    const dialed: Dialed = {
      async send(channel, first, count) {
        await sources[channel]?.send(first, count, body);
      },
      ping: () => ping(peer, encode({ seq: 0, body })),
    };
    return dialed;
  },
};

/**
 * Listens, and resolves to the port.
 *
 * @param onPeer called for each peer that connects; returns the responder for its requests
 */
export async function acceptPeers(onPeer: (peer: RSocket) => Partial<RSocket>): Promise<number> {
  const listening = deferred<Server>();
  const server = new RSocketServer({
    transport: new TcpServerTransport({
      listenOptions: { host: localhost, port: 0 },
      serverOptions: { noDelay: true },
      socketCreator: (options) => {
        const created = createServer(options);
        created.on('listening', () => listening.resolve(created));
        return created;
      },
    }),
    acceptor: { accept: (_, peer) => Promise.resolve(onPeer(peer)) },
  });
  await server.bind();
  return ((await listening.promise).address() as AddressInfo).port;
}

/** Connects, and offers streams that the peer requests by index. */
export function connectPeer(port: number, sources: readonly Source[]): Promise<RSocket> {
  const connector = new RSocketConnector({
    transport: new TcpClientTransport({
      connectionOptions: { host: localhost, port, noDelay: true },
    }),
    responder: {
      requestStream: ({ data }, initial, subscriber) => {
        const source = sources[data?.[0] ?? 0];
        if (source === undefined) throw new RangeError('there is no such channel');
        return source.open(initial, subscriber);
      },
    },
  });
  return connector.connect();
}

/**
 * Requests a stream from the sender, and requests more whenever half of the last request has
 * arrived.
 */
export function requestStream(
  peer: RSocket,
  channel: number,
  bytes: number,
  take: (seq: number) => void,
): void {
  // The number of messages is the only limit. For large messages, a few megabytes are enough.
  const half = Math.max(8, Math.min(4096, Math.floor(2 ** 22 / bytes)));
  let left = half;
  const stream = peer.requestStream({ data: Buffer.of(channel) }, 2 * half, {
    onNext({ data }) {
      if (data == null) return;
      take(decode(data).seq);
      left -= 1;
      if (left > 0) return;
      left = half;
      stream.request(half);
    },
    onError: (error) => {
      // Nothing awaits this stream, so let the process crash; its parent reports the failure.
      throw error;
    },
    onComplete: () => undefined,
    onExtension: () => undefined,
  });
}

/** A stream that the other side has requested. Sends as much as it requests. */
export class Source {
  #subscriber: Subscriber | undefined;
  #demand = 0;
  #more = deferred<undefined>();

  open(initial: number, subscriber: Subscriber) {
    this.#subscriber = subscriber;
    const request = (count: number): void => {
      this.#demand += count;
      this.#more.resolve(undefined);
      this.#more = deferred();
    };
    request(initial);
    return { request, cancel: () => undefined, onExtension: () => undefined };
  }

  async send(first: number, count: number, body: Uint8Array): Promise<void> {
    for (let seq = first; seq < first + count; seq += 1) {
      while (this.#demand === 0) await this.#more.promise;
      this.#demand -= 1;
      this.#subscriber?.onNext({ data: bufferOf(encode({ seq, body })) }, false);
    }
  }
}

/** Sends a request and waits for its response. */
export function ping(peer: RSocket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscriber: Subscriber = {
      onNext: ({ data }) => {
        if (data != null) decode(data);
        resolve();
      },
      onError: reject,
      onComplete: () => resolve(),
      onExtension: () => undefined,
    };
    peer.requestResponse({ data: bufferOf(bytes) }, subscriber);
  });
}

/** Answers a request with its item. */
export const answer: RSocket['requestResponse'] = ({ data }, subscriber) => {
  const item = decode(data ?? Buffer.alloc(0));
  // The requester is not subscribed until this returns.
  queueMicrotask(() => subscriber.onNext({ data: bufferOf(encode(item)) }, true));
  return { cancel: () => undefined, onExtension: () => undefined };
};

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
