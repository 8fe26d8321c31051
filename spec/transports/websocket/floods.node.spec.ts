import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import { listen } from '../../../transports/websocket/listen.node.ts';
import { until } from '../../support/until.ts';
import { Log, protocolHeader, releases } from './support.ts';

const release = releases();

const upgradeRequest =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
  `${protocolHeader}\r\n\r\n`;

/** A frame of a client, masked with zeros (RFC 6455, 5.2), of less than 126 bytes. */
const frame = (first: number, ...payload: number[]): Buffer =>
  Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);

const times = (count: number, bytes: Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

/** A listener, and clients that speak plain TCP with it. */
async function listener() {
  let endpoint: Endpoint | undefined;
  const accepted = new Log<FrameSocket>(
    listen({ host: '127.0.0.1' }, ([bound]) => {
      endpoint = bound;
    }).pipe(map(({ socket }) => socket)),
  );
  release(() => accepted.subscription.unsubscribe());
  await until(() => endpoint !== undefined);
  const join = async (): Promise<{ client: Socket; socket: FrameSocket }> => {
    const client = connect(endpoint?.port ?? 0, '127.0.0.1').on('error', () => undefined);
    release(() => client.destroy());
    client.resume();
    client.write(upgradeRequest);
    const count = accepted.values.length;
    await until(() => accepted.values.length > count);
    const socket = accepted.values[count];
    if (socket === undefined) throw new Error('no socket');
    release(() => socket.destroy());
    return { client, socket };
  };
  return { join };
}

describe('a WebSocket of Node under a flood', () => {
  it.each([
    ['pings', 0x89],
    ['pongs', 0x8a],
  ])('S-05 says what is wrong when 33 %s come at once', async (_, first) => {
    const { join } = await listener();
    const { client, socket } = await join();
    const errors: unknown[] = [];
    socket.frames$.subscribe({ error: (error: unknown) => errors.push(error) });
    client.write(times(33, frame(first)));
    await until(() => errors.length > 0);
    const text = 'more than 32 WebSocket pings and pongs, or 4 a second';
    const message: unknown = expect.stringContaining(text);
    expect(errors).toMatchObject([{ code: 'RXMESH_PROTOCOL_VIOLATION', message }]);
  });

  it('S-05 answers 32 pings, and goes on', async () => {
    const { join } = await listener();
    const { client, socket } = await join();
    const frames = new Log(socket.frames$);
    let answered = 0;
    client.on('data', (bytes) => (answered += bytes.filter((byte) => byte === 0x8a).length));
    client.write(Buffer.concat([times(32, frame(0x89)), frame(0x82, 7)]));
    await until(() => frames.values.length === 1 && answered === 32);
    expect([frames.end, frames.values[0]]).toEqual(['open', Uint8Array.of(7)]);
  });

  it.each([6, 7])(
    'ends with a close frame that comes in two reads, cut behind byte %i',
    async (at) => {
      const { join } = await listener();
      const { client, socket } = await join();
      const frames = new Log(socket.frames$);
      let answer = Buffer.alloc(0);
      client.on('data', (bytes: Buffer) => (answer = Buffer.concat([answer, bytes])));
      const before = socket.arrivedBytes ?? 0;
      const close = frame(0x88, 0x03, 0xe8);
      client.write(close.subarray(0, at));
      await until(() => (socket.arrivedBytes ?? 0) === before + at);
      client.write(close.subarray(at));
      await until(() => frames.end !== 'open' && socket.closed);
      expect(frames.end).toBe('complete');
      expect(answer.subarray(-4)).toEqual(Buffer.of(0x88, 2, 0x03, 0xe8));
    },
  );

  it('S-01 handles 32 frames of a read, then lets others have their turn', async () => {
    const { join } = await listener();
    const [flooding, honest] = [await join(), await join()];
    const order: string[] = [];
    flooding.socket.frames$.subscribe(() => order.push('f'));
    honest.socket.frames$.subscribe(() => order.push('h'));
    flooding.client.write(times(4_000, frame(0x82, 1)));
    honest.client.write(frame(0x82, 2));
    let stretch = 0;
    let longest = 0;
    let isCounting = true;
    const turn = (): void => {
      longest = Math.max(longest, order.length - stretch);
      stretch = order.length;
      if (isCounting) setImmediate(turn);
    };
    turn();
    await until(() => order.length === 4_001);
    isCounting = false;
    // All of it comes, in turns: none has more than what 5 ms take, and the loop turned between.
    expect(order.filter((each) => each === 'f')).toHaveLength(4_000);
    expect(longest).toBeLessThan(4_000);
  });

  it('S-01 holds back what comes within a read behind a pause', async () => {
    const { join } = await listener();
    const { client, socket } = await join();
    let count = 0;
    socket.frames$.subscribe(() => {
      count += 1;
      if (count === 10) socket.pause(true);
    });
    client.write(times(1_000, frame(0x82, 1)));
    await until(() => count >= 10);
    await new Promise((resolve) => setTimeout(resolve, 30));
    // The rest of the 32 that are handled at a stretch, no more.
    expect(count).toBeLessThanOrEqual(32);
    socket.pause(false);
    await until(() => count === 1_000);
  });

  it.each([
    [16, 'open', 1],
    [17, 'RXMESH_PROTOCOL_VIOLATION', 0],
  ])('S-10 takes a message in %i pieces: %s', async (pieces, end, messages) => {
    const { join } = await listener();
    const { client, socket } = await join();
    const frames = new Log(socket.frames$);
    client.write(
      Buffer.concat([frame(0x02, 0), times(pieces - 2, frame(0x00, 1)), frame(0x80, 2)]),
    );
    await until(() => frames.values.length > 0 || frames.end !== 'open');
    expect([frames.end, frames.values.length]).toEqual([end, messages]);
    expect(frames.values[0]?.length ?? pieces).toBe(pieces);
  });

  it('S-10 keeps no read alive for a piece of a message', async () => {
    const { join } = await listener();
    const { client, socket } = await join();
    const frames = new Log(socket.frames$);
    // A message in front of each piece, in one read of 60 KiB with it.
    const message = Buffer.concat([
      Buffer.from([0x82, 0xfe, 0xf0, 0, 0, 0, 0, 0]),
      Buffer.alloc(61_440),
    ]);
    const before = process.memoryUsage().arrayBuffers;
    client.write(Buffer.concat([message, frame(0x02, 1)]));
    for (let pieces = 1; pieces < 15; pieces += 1) {
      client.write(frame(0x00, 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    frames.values.length = 0;
    const after = process.memoryUsage().arrayBuffers;
    expect(after - before).toBeLessThan(2 ** 20);
    client.write(frame(0x80, 2));
    await until(() => frames.values.length > 0);
    expect(frames.values.at(-1)).toHaveLength(16);
  });

  it('has no subscriber yet, and holds back as before', async () => {
    const { join } = await listener();
    const { client, socket } = await join();
    client.write(frame(0x82, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.write(times(100, frame(0x82, 2)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const frames = new Log(socket.frames$);
    await until(() => frames.values.length === 101);
    expect(frames.end).toBe('open');
  });
});
