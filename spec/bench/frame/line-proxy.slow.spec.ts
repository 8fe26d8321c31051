import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { LineOptions } from '../../../bench/frame/line.ts';
import { LineProxy } from '../../../bench/frame/line-proxy.ts';
import { trackLeaks } from '../../support/leaks.ts';

const host = '127.0.0.1';
const opened: (() => void)[] = [];

/** A server, a line to it, and a socket that has dialed over that line. */
async function overLine(line: LineOptions, onSocket: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (far) => {
    opened.push(() => void far.destroy());
    onSocket(far);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const proxy = await LineProxy.open((server.address() as AddressInfo).port, line);
  const startedMs = performance.now();
  const socket = connect({ port: proxy.port, host, allowHalfOpen: true });
  opened.push(
    () => server.close(),
    () => proxy.close(),
    () => void socket.destroy(),
  );
  return { proxy, socket, elapsedMs: () => performance.now() - startedMs };
}

/** All bytes until the end, as a hash. */
async function hashOf(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', (bytes: Buffer) => hash.update(bytes));
  await once(socket, 'end');
  return hash.digest('hex');
}

describe('LineProxy', () => {
  afterEach(() => {
    for (const close of opened.splice(0)) close();
  });
  trackLeaks();

  it('takes a round trip to connect, and another one for an echo', async () => {
    const line = { delayMs: 20, bitsPerSecond: 0 };
    const { socket, elapsedMs } = await overLine(line, (far) => far.pipe(far));
    socket.write('echo');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(String(bytes)).toBe('echo');
    expect(elapsedMs()).toBeGreaterThanOrEqual(79);
    expect(elapsedMs()).toBeLessThan(500);
  });

  it('lets one who is dialed speak first, a round trip and a half after the dial', async () => {
    const line = { delayMs: 20, bitsPerSecond: 0 };
    const { socket, elapsedMs } = await overLine(line, (far) => far.write('welcome'));
    await once(socket, 'data');
    expect(elapsedMs()).toBeGreaterThanOrEqual(79);
  });

  it('carries all bytes, in order, with a delay, jitter and a limit, and the end behind them', async () => {
    const line = { delayMs: 5, jitterMs: 3, bitsPerSecond: 200e6 };
    const all = Buffer.alloc(3_000_000).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
    const wanted = createHash('sha256').update(all).digest('hex');
    const { socket, elapsedMs } = await overLine(line, (far) => {
      void hashOf(far).then((hash) => far.end(hash));
    });
    socket.end(all);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toBe(wanted);
    // 3 MB take 120 ms at 200 Mbit/s.
    expect(elapsedMs()).toBeGreaterThanOrEqual(135);
    await once(socket, 'end');
  });

  it('holds a sender back when the line is full', async () => {
    const line = { delayMs: 1, bitsPerSecond: 1e6 };
    const { socket } = await overLine(line, (far) => far.resume());
    socket.write(Buffer.alloc(64 * 2 ** 20));
    await once(socket, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.writableNeedDrain).toBe(true);
  });

  it('holds a sender back when nobody reads at the far end', async () => {
    const line = { delayMs: 1, bitsPerSecond: 0 };
    const { socket } = await overLine(line, (far) => far.pause());
    const bytes = Buffer.alloc(2 ** 20);
    let written = 0;
    while (socket.write(bytes, () => (written += 1)) || socket.writableLength < 2 ** 28);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // The line holds 64 MiB; the rest is for the system.
    expect(written).toBeLessThan(128);
  });

  it('breaks all connections when it is cut, and takes new ones', async () => {
    const { proxy, socket } = await overLine({ delayMs: 1, bitsPerSecond: 0 }, (far) => {
      far.on('error', () => undefined);
      far.pipe(far);
    });
    socket.on('error', () => undefined);
    socket.write('echo');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    proxy.cut();
    socket.resume().end();
    await closed;
    const again = connect({ port: proxy.port, host });
    opened.push(() => void again.destroy());
    again.write('again');
    const [bytes] = (await once(again, 'data')) as [Buffer];
    expect(String(bytes)).toBe('again');
  });
});
