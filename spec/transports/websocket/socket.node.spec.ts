import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { EMPTY, tap } from 'rxjs';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../../lib/flow/clock.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { platform } from '../../../transports/websocket/socket.node.ts';
import { certificate, certificateKey } from '../../support/certificate.ts';
import { soon, until } from '../../support/until.ts';
import { NodeSockets } from './node-sockets.ts';
import { Log, protocolHeader, protocols, releases } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

const release = releases();
const node = new NodeSockets(release);

const upgradeRequest =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${protocolHeader}\r\n\r\n`;

describe('a WebSocket of Node', () => {
  it.each([false, true])('carries frames of all sizes, zero mask: %s', async (zeroMask) => {
    const { accepted, endpoint } = await node.server();
    const client = await node.dialed(endpoint, { zeroMask });
    await until(() => accepted.values.length === 1);
    const frames = new Log(accepted.values[0]?.frames$ ?? EMPTY);
    const sent = [0, 1, 125, 126, 65_535, 65_536, 131_088].map((length) =>
      new Uint8Array(length).fill(length % 256),
    );
    for (const frame of sent) client.send(frame);
    await until(() => frames.values.length === sent.length);
    expect(frames.values).toEqual(sent);
    // Neither masked in place nor handed over as a Buffer, whose slice is a view.
    expect(sent[4]?.every((byte) => byte === 255)).toBe(true);
    expect(frames.values[0]?.constructor).toBe(Uint8Array);
  });

  it('keeps a few frames for a late subscriber, and tells it of the end', async () => {
    const { client, accepted } = await node.pair();
    for (let i = 0; i < 5; i += 1) client.send(new Uint8Array([i]));
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const frames = new Log(accepted.frames$);
    await until(() => frames.end === 'complete');
    expect(frames.values.map(([byte]) => byte)).toEqual([0, 1, 2, 3, 4]);
    expect(new Log(accepted.frames$).end).toMatch(/^TypeError/);
  });

  it('stops reading until it has a subscriber', async () => {
    const { client, socket } = await node.foreign();
    for (let i = 0; i < 100; i += 1) {
      client.send(new Uint8Array([i]));
      await new Promise(setImmediate);
    }
    const frames = new Log(socket.frames$);
    await until(() => frames.values.length === 100);
    expect(frames.end).toBe('open');
  });

  it.each([
    [16, 'open'],
    [17, 'RXMESH_CONNECTION_FAILED'],
  ])('when %i frames come in one piece before a subscriber, it is %s', async (count, end) => {
    const { accepted, endpoint } = await node.server();
    const client = connect(endpoint.port ?? 0, '127.0.0.1').on('error', () => undefined);
    release(() => client.destroy());
    // Binary frames of one byte, masked with zeros (RFC 6455, 5.2).
    const frames = Array.from({ length: count }, (_, i) => [0x82, 0x81, 0, 0, 0, 0, i]).flat();
    client.write(Buffer.concat([Buffer.from(upgradeRequest), Buffer.from(frames)]));
    await until(() => accepted.values.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(new Log(accepted.values[0]?.frames$ ?? EMPTY)).toMatchObject({
      end,
      values: { length: end === 'open' ? 16 : 0 },
    });
  });

  it('L-23 counts the bytes of half a frame as they come', async () => {
    const { accepted, endpoint } = await node.server();
    const client = connect(endpoint.port ?? 0, '127.0.0.1').on('error', () => undefined);
    release(() => client.destroy());
    client.write(upgradeRequest);
    await until(() => accepted.values.length === 1);
    const socket = accepted.values[0];
    const frames = new Log(socket?.frames$ ?? EMPTY);
    const before = socket?.arrivedBytes ?? NaN;
    // The head of a frame of 1,000 bytes, and 10 of them.
    client.write(Buffer.from([0x82, 0xfe, 0x03, 0xe8, 0, 0, 0, 0, ...Array<number>(10).fill(1)]));
    await until(() => (socket?.arrivedBytes ?? 0) - before === 18);
    expect(frames.values).toEqual([]);
  });

  it('ends with RXMESH_PROTOCOL_VIOLATION for a frame that is too large', async () => {
    const { client, socket } = await node.foreign();
    const frames = new Log(socket.frames$);
    client.send(new Uint8Array(131_088));
    client.send(new Uint8Array(131_089));
    await until(() => frames.end !== 'open');
    expect([frames.end, frames.values.length]).toEqual(['RXMESH_PROTOCOL_VIOLATION', 1]);
  });

  it('ends with RXMESH_PROTOCOL_VIOLATION for a text message', async () => {
    const { client, socket } = await node.foreign();
    // As a link does.
    const frames = new Log(socket.frames$.pipe(tap({ error: () => socket.destroy() })));
    let code = 0;
    client.on('close', (closeCode) => (code = closeCode));
    client.send('text');
    await until(() => frames.end !== 'open' && code !== 0);
    expect([frames.end, code]).toEqual(['RXMESH_PROTOCOL_VIOLATION', 1003]);
  });

  it('ends with RXMESH_CONNECTION_FAILED when the other side is gone without a word', async () => {
    const { client, socket } = await node.foreign();
    const frames = new Log(socket.frames$);
    const drained = new Log(socket.drained$);
    client.terminate();
    await until(() => frames.end !== 'open');
    expect([frames.end, drained.end]).toEqual(['RXMESH_CONNECTION_FAILED', 'complete']);
    socket.send(new Uint8Array(1));
    expect(socket.writable).toBe(false);
  });

  it('completes on both sides at a close, after what was sent; twice is fine', async () => {
    const { client, accepted } = await node.pair();
    const [own, other] = [new Log(client.frames$), new Log(accepted.frames$)];
    client.send(new Uint8Array(60_000));
    client.close();
    client.close();
    expect(own.end).toBe('complete');
    await until(() => other.end === 'complete');
    expect(other.values.length).toBe(1);
  });

  it('is writable while less than four frames wait, and tells when it is again', async () => {
    const { client, accepted } = await node.pair();
    const frames = new Log(accepted.frames$);
    const drained = new Log(client.drained$);
    accepted.pause(true);
    let sent = 0;
    for (; sent < 4; sent += 1) {
      expect(client.writable).toBe(true);
      client.send(new Uint8Array(65_536));
    }
    expect(client.writable).toBe(false);
    await until(() => drained.values.length === 1);
    expect(client.writable).toBe(true);
    let stalled = false;
    while (!stalled && sent < 1_000) {
      for (; client.writable; sent += 1) client.send(new Uint8Array(65_536));
      await new Promise((resolve) => setTimeout(resolve, 20));
      stalled = !client.writable;
    }
    expect(sent).toBeLessThan(1_000);
    expect(frames.values.length).toBeLessThan(sent);
    accepted.pause(false);
    await until(() => frames.values.length === sent && client.writable);
  });

  // Within its time limit, when the other side is silent: socket.slow.spec.ts.
  it('closes even when it was paused', async () => {
    const { client, accepted } = await node.pair();
    new Log(client.frames$);
    new Log(accepted.frames$);
    accepted.pause(true);
    accepted.close();
    // Sooner than by the limit of 2 s.
    await soon(() => release.open().every((kind) => kind === 'server'));
  });
});

describe('dialing a WebSocket', () => {
  async function silentServer(): Promise<{ port: number; sockets: Socket[] }> {
    const sockets: Socket[] = [];
    const tcp = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
    });
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    release(() => {
      tcp.close();
      for (const socket of sockets) socket.destroy();
    });
    return { port: (tcp.address() as AddressInfo).port, sockets };
  }

  it('releases the socket when it is unsubscribed before it is open', async () => {
    const { port, sockets } = await silentServer();
    const request = { options: {}, clock: systemClock, protocols };
    const dial = platform.dial({ protocol: 'ws', ip: '127.0.0.1', port }, request);
    const log = new Log(dial);
    await until(() => sockets.length === 1);
    let ended = false;
    sockets[0]?.on('close', () => (ended = true)).resume();
    log.subscription.unsubscribe();
    await until(() => ended);
    expect([log.end, log.values]).toEqual(['open', []]);
  });

  it.each([
    ['nobody listens', { protocol: 'ws', ip: '127.0.0.1', port: 1 }, 'RXMESH_DIAL_FAILED'],
    ['the name is none', { protocol: 'ws', host: 'a/b' }, 'RXMESH_ENDPOINT_INVALID'],
    ['the port is none', { protocol: 'ws', ip: '127.0.0.1', port: 0 }, 'RXMESH_ENDPOINT_INVALID'],
    ['it is not a WebSocket', { protocol: 'tcp', ip: '127.0.0.1' }, 'RXMESH_ENDPOINT_INVALID'],
  ])('fails when %s', async (_what, endpoint, code) => {
    const log = new Log(webSocket().dial(endpoint));
    await until(() => log.end !== 'open');
    expect(log.end).toBe(code);
  });

  it('fails when the other side answers something else', async () => {
    const { port, sockets } = await silentServer();
    const log = new Log(webSocket().dial({ protocol: 'ws', ip: '127.0.0.1', port }));
    await until(() => sockets.length === 1);
    sockets[0]?.end('SSH-2.0-nothing\r\n');
    await until(() => log.end !== 'open');
    expect(log.end).toBe('RXMESH_DIAL_FAILED');
  });

  it.each([
    ['none', () => false as const],
    ['what was not meant', (offered: Set<string>) => [...offered][1] ?? false],
  ])('fails when the other side selects a subprotocol: %s', async (_what, handleProtocols) => {
    const stranger = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols });
    release(() => {
      for (const client of stranger.clients) client.terminate();
      stranger.close();
    });
    await new Promise((resolve) => stranger.on('listening', resolve));
    const { port } = stranger.address() as AddressInfo;
    const log = new Log(webSocket().dial({ protocol: 'ws', ip: '127.0.0.1', port }));
    await until(() => log.end !== 'open');
    expect([log.end, log.values]).toEqual(['RXMESH_DIAL_FAILED', []]);
  });

  it('dials the IP, and names the host in the request, with its path and headers', async () => {
    const foreignServer = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    release(() => foreignServer.close());
    await new Promise((resolve) => foreignServer.on('listening', resolve));
    const requests: unknown[] = [];
    foreignServer.on('connection', (_ws, { url, headers }) => {
      requests.push([url, headers.host, headers['x-key'], headers['sec-websocket-extensions']]);
    });
    const { port } = foreignServer.address() as AddressInfo;
    const place = { protocol: 'ws', ip: '127.0.0.1', host: 'mesh.test', port };
    await node.dialed({ ...place, path: '/a b#c' }, { headers: { 'X-Key': '1' } });
    await until(() => requests.length === 1);
    expect(requests).toEqual([['/a%20b%23c', `mesh.test:${port}`, '1', undefined]]);
  });

  it('checks the name in the certificate of wss', async () => {
    const tls = { cert: certificate, key: certificateKey };
    const listener = webSocket({ listen: { host: '127.0.0.1', tls } });
    release(() => listener.close());
    const incoming = new Log(listener.incoming$);
    await until(() => listener.endpoints.length === 1);
    const [endpoint] = listener.endpoints;
    if (endpoint === undefined) throw new Error('not bound');
    const trusting = webSocket({ dial: { tls: { ca: certificate } } });
    // L-30: Node would let this one escape.
    const checkServerIdentity = (): never => {
      throw new Error('a mistake');
    };
    const mistaken = webSocket({ dial: { tls: { ca: certificate, checkServerIdentity } } });
    const ends: string[] = [];
    for (const [transport, host] of [
      [trusting, 'mesh.test'],
      [trusting, 'other.test'],
      [webSocket(), 'mesh.test'],
      [mistaken, 'mesh.test'],
    ] as const) {
      const log = new Log(transport.dial({ ...endpoint, host }));
      await until(() => log.end !== 'open');
      ends.push(log.end);
      for (const connection of log.values) connection.close();
    }
    expect(ends).toEqual(['complete', ...Array<string>(3).fill('RXMESH_DIAL_FAILED')]);
    for (const connection of incoming.values) connection.close();
  });
});

trackLeaks();
