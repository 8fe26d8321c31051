import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { pingSeq, type Contestant, type Dialed } from './contestant.ts';
import { FrameReader } from './frames.ts';
import { seqIn, Template } from './item.ts';
import { Pings, unsentBytesMax } from './waiting.ts';

/** Target size of a batch. A message that is longer gets a batch of its own. */
const batchBytes = 65_536;

/** An unencrypted WebSocket with one frame per message. */
export const ws: Contestant = {
  listen: (_, take) =>
    listen((socket, bytes) => {
      const seq = seqIn(bytes);
      if (seq === pingSeq) socket.send(bytes);
      else take(0, seq);
    }),

  async dial(address, { bytes }) {
    const template = new Template(bytes);
    return dial(address, async (socket, first, count) => {
      for (let seq = first; seq < first + count; seq += 1) {
        await sent(socket, template.item(seq));
      }
    });
  },
};

/** The same, with length-prefixed frames batched by hand. */
export const wsBatches: Contestant = {
  listen: (_, take) =>
    listen((socket, bytes) => {
      // A batch contains only whole frames, so each batch can have its own reader.
      new FrameReader((batch, start) => {
        const seq = seqIn(batch, start);
        if (seq === pingSeq) socket.send(bytes);
        else take(0, seq);
      }).read(bytes);
    }),

  async dial(address, { bytes }) {
    const template = new Template(bytes);
    const { length } = template.frame;
    const perBatch = Math.max(1, Math.floor(batchBytes / length));
    return dial(address, async (socket, first, count) => {
      const end = first + count;
      for (let seq = first; seq < end;) {
        const frames = Math.min(perBatch, end - seq);
        const batch = Buffer.allocUnsafeSlow(frames * length);
        for (let i = 0; i < frames; i += 1) template.write(seq + i, batch, i * length);
        seq += frames;
        await sent(socket, batch);
      }
    });
  },
};

async function listen(onMessage: (socket: WebSocket, bytes: Buffer) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (bytes: Buffer) => onMessage(socket, bytes));
  });
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Send = (socket: WebSocket, first: number, count: number) => Promise<void>;

async function dial(address: string, send: Send): Promise<Dialed> {
  const options = { perMessageDeflate: false, generateMask: maskOfZeros };
  const socket = new WebSocket(address, options);
  await once(socket, 'open');
  const pings = new Pings();
  socket.on('message', () => pings.answered());
  return {
    send: (_, first, count) => send(socket, first, count),
    async ping() {
      const answered = pings.sent();
      await send(socket, pingSeq, 1);
      await answered;
    },
  };
}

/** Like `zeroMask` in rxmesh: ws is several times slower when it masks large messages. */
function maskOfZeros(mask: Buffer): void {
  mask.fill(0);
}

/**
 * Sends a message. When much is still unsent, returns a promise that resolves once it is written.
 */
export function sent(socket: WebSocket, bytes: Uint8Array): Promise<void> | undefined {
  if (socket.bufferedAmount < unsentBytesMax) {
    socket.send(bytes);
    return undefined;
  }
  return new Promise((resolve, reject) => {
    socket.send(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}
