import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TcpLine, type TcpFault, type TcpLineOptions } from '../../../lib/testing/tcp/index.ts';
import { trackLeaks } from '../../support/leaks.ts';

const host = '127.0.0.1';
const opened: (() => void)[] = [];

/** A server, a line to it, and a socket that has dialed over that line. */
async function overLine(line: TcpLineOptions, onSocket: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (far) => {
    opened.push(() => void far.destroy());
    onSocket(far);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const tcpLine = await TcpLine.open((server.address() as AddressInfo).port, line);
  const startedMs = performance.now();
  const socket = connect({ port: tcpLine.port, host, allowHalfOpen: true });
  opened.push(
    () => server.close(),
    () => void tcpLine.close(),
    () => void socket.destroy(),
  );
  return { tcpLine, socket, elapsedMs: () => performance.now() - startedMs };
}

/** All bytes until the end, as a hash. */
async function hashOf(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', (bytes: Buffer) => hash.update(bytes));
  await once(socket, 'end');
  return hash.digest('hex');
}

describe('TcpLine', () => {
  afterEach(() => {
    for (const close of opened.splice(0)) close();
  });
  trackLeaks();

  it('takes a round trip to connect, and another one for an echo', async () => {
    const line = { latencyMs: 20 };
    const { socket, elapsedMs } = await overLine(line, (far) => far.pipe(far));
    socket.write('echo');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(String(bytes)).toBe('echo');
    expect(elapsedMs()).toBeGreaterThanOrEqual(79);
  });

  it('lets one who is dialed speak first, a round trip and a half after the dial', async () => {
    const line = { latencyMs: 20 };
    const { socket, elapsedMs } = await overLine(line, (far) => far.write('welcome'));
    await once(socket, 'data');
    expect(elapsedMs()).toBeGreaterThanOrEqual(79);
  });

  it('carries all bytes, in order, with a delay, jitter and a limit, and the end behind them', async () => {
    const line = { latencyMs: 5, jitterMs: 3, bytesPerSecond: 25e6 };
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
    const line = { latencyMs: 1, bytesPerSecond: 125_000 };
    const { socket } = await overLine(line, (far) => far.resume());
    socket.write(Buffer.alloc(64 * 2 ** 20));
    await once(socket, 'connect');
    await sleep(50);
    expect(socket.writableNeedDrain).toBe(true);
  });

  it('holds a sender back when nobody reads at the far end', async () => {
    const line = { latencyMs: 1 };
    const { socket } = await overLine(line, (far) => far.pause());
    const bytes = Buffer.alloc(2 ** 20);
    let written = 0;
    while (socket.write(bytes, () => (written += 1)) || socket.writableLength < 2 ** 28);
    await sleep(200);
    // The line holds 64 MiB; the rest is for the system.
    expect(written).toBeLessThan(128);
  });

  it('breaks all connections when it is cut, and takes new ones', async () => {
    const { tcpLine, socket } = await overLine({ latencyMs: 1 }, (far) => {
      far.on('error', () => undefined);
      far.pipe(far);
    });
    socket.write('echo');
    await once(socket, 'data');
    const broken = once(socket, 'error');
    tcpLine.cut();
    const [error] = (await broken) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    const again = connect({ port: tcpLine.port, host });
    opened.push(() => void again.destroy());
    again.write('again');
    const [bytes] = (await once(again, 'data')) as [Buffer];
    expect(String(bytes)).toBe('again');
  });

  it('passes nothing while it is frozen, and all of it afterwards', async () => {
    const { tcpLine, socket } = await overLine({}, (far) => far.pipe(far));
    socket.write('one');
    await once(socket, 'data');
    const heard: string[] = [];
    socket.on('data', (bytes: Buffer) => heard.push(String(bytes)));
    tcpLine.freeze();
    socket.write('two');
    const other = connect({ port: tcpLine.port, host });
    opened.push(() => void other.destroy());
    other.write('three');
    await once(other, 'connect');
    await sleep(50);
    other.on('data', (bytes: Buffer) => heard.push(String(bytes)));
    expect(heard).toEqual([]);
    tcpLine.thaw();
    await Promise.all([once(socket, 'data'), once(other, 'data')]);
    expect(heard.sort()).toEqual(['three', 'two']);
  });

  it('tells its faults as they happen, and counts connections', async () => {
    const faults = { truncateAfterBytes: 4 };
    const { tcpLine, socket } = await overLine({ faults }, (far) => far.pipe(far));
    const told: TcpFault[] = [];
    tcpLine.faults$.subscribe((fault) => told.push(fault));
    socket.write('echoes');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    await once(socket, 'end');
    expect(String(bytes)).toBe('echo');
    const fault = { type: 'truncate', connection: 0, atBytes: 4 };
    expect(told).toEqual([
      { ...fault, towards: 'listener' },
      { ...fault, towards: 'dialer' },
    ]);
  });

  it.each([
    [0, {}, 'to must be a port'],
    [80, { latencyMs: -1 }, 'latencyMs'],
    [80, { bytesPerSecond: 0 }, 'bytesPerSecond'],
    [80, { latency: 5 }, 'latency'],
    [80, { faults: { cutAfter: 5 } }, 'cutAfter'],
    [80, { seed: '1' }, 'seed'],
  ])('refuses port %j with %j, by name', async (to, options, name) => {
    await expect(TcpLine.open(to, options as TcpLineOptions)).rejects.toThrow(name);
  });
});
