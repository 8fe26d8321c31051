import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { NodeSocket, wsLimits } from '../../../transports/websocket/frame-socket.node.ts';
import { Turns } from '../../../lib/transport/turns.ts';
import { joined } from '../bytes.ts';
import { expectThat, expectTyped, type Target } from '../target.ts';
import { frameStream, framesIn } from '../websocket-bytes.ts';

/** A TCP socket without a network. Pushed bytes count as read; written bytes are only counted. */
class Line extends Socket {
  written = 0;
  override _read(): void {
    return undefined;
  }
  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    this.written += bytes.length;
    done();
  }
  override _writev(chunks: readonly { chunk: Uint8Array }[], done: () => void): void {
    for (const { chunk } of chunks) this.written += chunk.length;
    done();
  }
  override _final(done: () => void): void {
    done();
  }
}

const upgrader = new WebSocketServer({ noServer: true, clientTracking: false, ...wsLimits });

function upgraded(stream: Socket): Promise<WebSocket> {
  const request = new IncomingMessage(stream);
  request.method = 'GET';
  request.url = '/';
  request.headers = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  return new Promise((resolve) =>
    upgrader.handleUpgrade(request, stream, Buffer.alloc(0), resolve),
  );
}

interface Received {
  readonly frames: readonly Uint8Array[];
  /** How the socket ended, or `open`. */
  readonly end: string;
  /** How it ended after the other side had finished. */
  readonly lastEnd: string;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a reader of the socket receives when `bytes` arrive in reads of `readBytes`. */
async function received(bytes: Uint8Array, readBytes: number): Promise<Received> {
  const line = new Line();
  const ws = await upgraded(line);
  const turns = new Turns(new VirtualClock(), setImmediate);
  const socket = new NodeSocket({ ws, stream: line, direction: 'inbound', protocol: 'ws', turns });
  const frames: Uint8Array[] = [];
  let end = 'open';
  socket.frames$.subscribe({
    next: (frame) => frames.push(frame.slice()),
    error: (error: unknown) => {
      expectTyped(error, ['RXMESH_PROTOCOL_VIOLATION', 'RXMESH_CONNECTION_FAILED']);
      end = error.code;
    },
    complete: () => (end = 'closed'),
  });
  await turn();
  for (let from = 0; from < bytes.length; from += readBytes) {
    line.push(Buffer.from(bytes.subarray(from, from + readBytes)));
  }
  // Frames are handled 32 at a time.
  const turnsMax = 6 + bytes.length / 64;
  for (let turns = 0; turns < turnsMax; turns += 1) await turn();
  const { written } = line;
  const before = { frames: [...frames], end };
  line.push(null);
  for (let turns = 0; turns < 6; turns += 1) await turn();
  const result = { ...before, lastEnd: end };
  socket.destroy();
  line.destroy();
  await turn();
  expectThat(written <= 400 + 8 * bytes.length, `${written} bytes are written in answer`);
  return result;
}

/** How many reads ws buffers for a partial frame. */
const readsMax = wsLimits.maxBufferedChunks;

function checkReceived(
  { frames, end, lastEnd }: Received,
  bytes: Uint8Array,
  readBytes: number,
): void {
  const { messages, isValid, controls } = framesIn(bytes);
  expectThat(lastEnd !== 'open', 'it stays, though the other side has gone');
  const isPrefix = frames.every((frame, at) => Buffer.from(frame).equals(messages[at] ?? frame));
  expectThat(isPrefix && frames.length <= messages.length, 'other frames than were sent');
  if (!isValid || controls > 30 || bytes.length / readBytes > readsMax) return;
  expectThat(frames.length === messages.length, `${frames.length} frames of ${messages.length}`);
  expectThat(end === 'open', `${end}, though all was in order`);
}

/**
 * A whole WebSocket in Node, on a connection with arbitrary input. The first byte is the size of
 * reads.
 */
export const webSockets: Target = {
  name: 'websockets',
  share: 3,
  generate: (random) => joined([[1 + random.below(60)], frameStream(random)]),
  async check(input) {
    const [first = 1] = input;
    const bytes = input.slice(1);
    let end: string | undefined;
    for (const readBytes of [65_536, Math.max(1, first)]) {
      const result = await received(bytes, readBytes);
      checkReceived(result, bytes, readBytes);
      const both = `${result.end}, then ${result.lastEnd}`;
      const isSame = bytes.length / readBytes > readsMax || both === (end ?? both);
      expectThat(isSame, `${both} in reads of ${readBytes}, ${end ?? ''} in one`);
      end ??= both;
    }
    return end ?? 'open';
  },
};
