import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { lookup } from 'node:dns/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EMPTY, map } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import { secureDial } from '../../../lib/secure/index.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import type { Refusal } from '../../../lib/transport/transport.ts';
import { listen } from '../../../transports/websocket/listen.node.ts';
import { type WebSocketListenOptions, webSocket } from '../../../transports/websocket/index.ts';
import { offeredProtocols } from '../../../transports/websocket/subprotocol.ts';
import { soon, until } from '../../support/until.ts';
import { Log, protocolHeader, protocols, releases } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

const release = releases();

async function start(
  options: WebSocketListenOptions,
): Promise<{ log: Log<FrameSocket>; port: number; refusals: readonly Refusal[] }> {
  let bound: readonly Endpoint[] = [];
  const host = options.server === undefined ? { host: '127.0.0.1' } : {};
  const refusals: Refusal[] = [];
  const log = new Log(
    listen(
      { ...host, ...options },
      (endpoints) => (bound = endpoints),
      (refusal) => refusals.push(refusal),
    ).pipe(map(({ socket }) => socket)),
  );
  release(() => {
    log.subscription.unsubscribe();
    for (const socket of log.values) socket.destroy();
  });
  await until(() => bound.length > 0);
  return { log, port: bound[0]?.port ?? 0, refusals };
}

/** What a client that sends `request` is answered until the server closes. */
function answer(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function upgrade(path: string, headers: string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: mesh.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    protocolHeader,
    ...headers,
    '\r\n',
  ].join('\r\n');
}

/** Whether a well-behaved client still gets in. */
async function takesOthers({ log, port }: { log: Log<FrameSocket>; port: number }): Promise<void> {
  const known = log.values.length;
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, [...protocols]);
  await until(() => client.readyState === WebSocket.OPEN && log.values.length > known);
  client.terminate();
}

/** The status of the answer to an upgrade that comes from `origin`. */
async function statusFor(
  origins: WebSocketListenOptions['origins'],
  origin: string | undefined,
): Promise<number> {
  const { port, log } = await start(origins === undefined ? {} : { origins });
  const headers = origin === undefined ? [] : [`Origin: ${origin}`];
  const reply = answer(port, upgrade('/', headers));
  let status = 0;
  void reply.then((text) => (status = Number(text.split(' ')[1])));
  await until(() => log.values.length === 1 || status > 0);
  log.values[0]?.destroy();
  return Number((await reply).split(' ')[1]);
}

describe('listening for WebSockets', () => {
  it('fails with RXMESH_LISTEN_FAILED when the port is in use', async () => {
    const { port } = await start({});
    const second = webSocket({ listen: { host: '127.0.0.1', port } });
    let caught: unknown;
    second.incoming$.subscribe({ error: (error: unknown) => (caught = error) });
    await until(() => caught !== undefined);
    expect(caught).toMatchObject({
      code: 'RXMESH_LISTEN_FAILED',
      cause: { code: 'EADDRINUSE' },
      message: expect.stringContaining(`port ${port}`),
    });
    expect(second.endpoints).toEqual([]);
  });

  it('fails with RXMESH_LISTEN_FAILED for a certificate that does not parse', () => {
    const log = new Log(listen({ tls: { cert: 'x', key: 'y' } }, () => undefined));
    expect(log.end).toBe('RXMESH_LISTEN_FAILED');
  });

  it.each([
    ['a wrong path', upgrade('/other'), 404],
    ['a path that is badly encoded', upgrade('/%ff'), 404],
    ['a request that is not an upgrade', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 426],
    ['a wrong version', upgrade('/').replace('Version: 13', 'Version: 7'), 400],
    [
      'an upgrade to something else',
      upgrade('/').replace('Upgrade: websocket', 'Upgrade: h2c'),
      400,
    ],
    ['garbage', '\u0000\u0001garbage\r\n\r\n', 400],
    ['headers that are too long', `GET / HTTP/1.1\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('answers %s with an HTTP error, and takes others', async (_what, request, status) => {
    const server = await start({});
    expect(await answer(server.port, request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect([server.log.values, server.log.end]).toEqual([[], 'open']);
    await takesOthers(server);
  });

  const hello = protocols[1] ?? '';
  const must = 'Sec-WebSocket-Protocol must be rxmesh.2 and the hello of the dialer, in base64url';
  it.each([
    ['no subprotocol', undefined, must],
    ['the wire alone', 'rxmesh.2', must],
    ['the hello alone', hello, must],
    ['the two the other way round', `${hello}, rxmesh.2`, must],
    ['a third value', `rxmesh.2, ${hello}, x`, must],
    ['version 1', `rxmesh.1, ${hello}`, must],
    [
      'what is not a hello',
      `rxmesh.2, ${'A'.repeat(50)}`,
      'the other side did not begin with an rxmesh hello: is it an rxmesh node?',
    ],
    [
      'a hello whose unused bits are set',
      'rxmesh.2, cnhtAgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB',
      'the hello of the dialer must be 50 digits of base64url',
    ],
    [
      'a hello of version 3',
      'rxmesh.2, cnhtAwEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      'the other side uses version 3 of the wire protocol, not 2',
    ],
    [
      'a hello that is proven',
      'rxmesh.2, cnhtAgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      'the other side does not use the protection encrypted',
    ],
    [
      'a hello that is too short',
      `rxmesh.2, ${hello.slice(0, -2)}`,
      'the hello of the dialer must be 50 digits of base64url',
    ],
    [
      'a hello that is too long',
      `rxmesh.2, ${hello}A`,
      'the hello of the dialer must be 50 digits of base64url',
    ],
    [
      'what is not base64url',
      `rxmesh.2, ${hello.slice(0, -1)}~`,
      'the hello of the dialer must be 50 digits of base64url',
    ],
  ])(
    'S-04 answers an upgrade with %s with 400, and what is missing',
    async (_what, value, text) => {
      const server = await start({});
      const header = value === undefined ? '' : `Sec-WebSocket-Protocol: ${value}\r\n`;
      const request = upgrade('/').replace(`${protocolHeader}\r\n`, header);
      const reply = await answer(server.port, request);
      expect(reply).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
      expect(reply.split('\r\n\r\n')[1]).toBe(text);
      expect(reply).toContain(`Content-Length: ${text.length}\r\n`);
      expect(server.log.values).toEqual([]);
      await takesOthers(server);
    },
  );

  it('S-04 selects the wire, and hands over the hello', async () => {
    let bound: readonly Endpoint[] = [];
    const log = new Log(listen({ host: '127.0.0.1' }, (endpoints) => (bound = endpoints)));
    release(() => log.subscription.unsubscribe());
    await until(() => bound.length > 0);
    const dial = secureDial();
    const offered = [...offeredProtocols(dial.hello)];
    const client = new WebSocket(`ws://127.0.0.1:${bound[0]?.port}/`, offered);
    await until(() => client.readyState === WebSocket.OPEN && log.values.length === 1);
    expect(client.protocol).toBe('rxmesh.2');
    expect(log.values[0]?.hello).toEqual(dial.hello);
    client.terminate();
    log.values[0]?.socket.destroy();
  });

  it('is not hurt by a client that goes away at once', async () => {
    const server = await start({});
    for (const text of ['', 'GET', upgrade('/other'), upgrade('/')]) {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(text);
        socket.resetAndDestroy();
      });
      await new Promise((resolve) => socket.on('close', resolve));
    }
    await takesOthers(server);
  });

  it.each<[WebSocketListenOptions['origins'], string | undefined, number]>([
    [['https://a.test'], 'https://a.test', 101],
    [['https://a.test'], 'https://b.test', 403],
    [['https://a.test'], undefined, 101],
    [(origin) => origin.endsWith('.test'), 'https://b.test', 101],
    [(origin) => origin.endsWith('.test'), 'https://b.example', 403],
    [undefined, 'https://b.example', 403],
    [undefined, 'null', 403],
    [undefined, '', 403],
    [undefined, undefined, 101],
    ['any', 'https://b.example', 101],
    ['any', 'null', 101],
    [[], 'https://b.example', 403],
    // What sandboxed pages send is no URL: the function throws.
    [(origin) => new URL(origin).hostname === 'b.test', 'null', 403],
    [(() => Promise.resolve(false)) as never, 'https://b.test', 403],
    [(() => 'no') as never, 'https://b.test', 403],
  ])('with origins %s, answers %s with %i', async (origins, origin, status) => {
    expect(await statusFor(origins, origin)).toBe(status);
  });

  it.each<[readonly string[], string, number]>([
    [['null'], 'null', 101],
    [['file://'], 'file://', 101],
    [['file://'], 'null', 403],
    [['app://.'], 'app://.', 101],
    [['chrome-extension://abcd'], 'chrome-extension://abcd', 101],
    [['chrome-extension://abcd'], 'chrome-extension://abce', 403],
    [['safari-web-extension://5C2E'], 'safari-web-extension://5C2E', 101],
  ])('L-34 with origins %s, answers a page of %s with %i', async (origins, origin, status) => {
    expect(await statusFor(origins, origin)).toBe(status);
  });

  it('closes its server and the clients that never upgraded, and keeps its sockets', async () => {
    const { log, port } = await start({});
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, [...protocols]);
    await until(() => log.values.length === 1);
    const silent = connect(port, '127.0.0.1');
    let closed = false;
    silent.on('close', () => (closed = true)).on('error', () => undefined);
    await new Promise((resolve) => silent.on('connect', resolve));
    expect(release.open()).toContain('server');
    log.subscription.unsubscribe();
    await until(() => closed && !release.open().includes('server'));
    const frames = new Log(log.values[0]?.frames$ ?? EMPTY);
    client.send(new Uint8Array([1]));
    await until(() => frames.values.length === 1);
    client.terminate();
    await until(() => frames.end !== 'open');
  });

  it('S-03 tells the one that makes room for another that there is no place: 503', async () => {
    const { port, log } = await start({});
    const idlers = Array.from({ length: 64 }, () => answer(port, 'GET / HTTP/1.1\r\n'));
    const [first] = idlers;
    // In the order in which they came, of which the first goes.
    const text = await Promise.race([first, ...idlers, answer(port, 'GET / HTTP/1.1\r\n')]);
    expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/);
    expect(log.values).toEqual([]);
  });

  it('does not listen after all when it is unsubscribed while it looks the host up', async () => {
    const bound: unknown[] = [];
    const options = { host: 'localhost' };
    listen(options, (endpoints) => bound.push(endpoints))
      .subscribe()
      .unsubscribe();
    // Its own look-up is over before this one, which began later.
    await lookup('localhost');
    await soon(() => release.open().length === 0);
    expect(bound).toEqual([]);
  });

  it('closes a connection over the limit of 64 of one host that have not upgraded', async () => {
    const { port } = await start({});
    let closed = 0;
    const clients = Array.from({ length: 67 }, () =>
      connect(port, '127.0.0.1')
        .on('close', () => (closed += 1))
        .on('error', () => undefined)
        .resume(),
    );
    await until(() => closed >= 3);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(closed).toBe(3);
    for (const client of clients) client.destroy();
  });

  it('takes as many of one host again when the others are gone, or have become WebSockets', async () => {
    const server = await start({});
    for (let round = 0; round < 3; round += 1) {
      let open = 0;
      const clients = Array.from({ length: 64 }, () =>
        connect(server.port, '127.0.0.1')
          .on('connect', () => (open += 1))
          .on('error', () => undefined),
      );
      await until(() => open === 64);
      let left = 64;
      for (const client of clients) client.on('close', () => (left -= 1)).destroy();
      await until(() => left === 0);
    }
    for (let batch = 0; batch < 2; batch += 1) {
      await Promise.all(Array.from({ length: 35 }, () => takesOthers(server)));
    }
  });
});

describe('listening on a shared server', () => {
  async function shared(): Promise<{ server: Server; port: number }> {
    const server = createServer((_request, response) => response.end('a page'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    release(() => {
      server.close();
      server.closeAllConnections();
    });
    return { server, port: (server.address() as AddressInfo).port };
  }

  it('takes upgrades on its path, and leaves pages, the port and the server to the owner', async () => {
    const { server, port } = await shared();
    const transport = webSocket({ listen: { server, path: '/p2p' } });
    const log = new Log(transport.incoming$);
    expect(transport.endpoints).toEqual([{ protocol: 'ws', ip: '127.0.0.1', port, path: '/p2p' }]);
    const page = await answer(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(page).toContain('a page');
    expect(await answer(port, upgrade('/'))).toMatch(/^HTTP\/1.1 404 /);
    const client = new WebSocket(`ws://127.0.0.1:${port}/p2p?x=1`, [...protocols]);
    await until(() => log.values.length === 1);
    transport.close();
    expect([log.end, server.listening, server.listenerCount('upgrade')]).toEqual([
      'complete',
      true,
      0,
    ]);
    log.values[0]?.close();
    await until(() => client.readyState === WebSocket.CLOSED);
  });

  it('leaves upgrades on other paths to others', async () => {
    const { server, port } = await shared();
    server.on('upgrade', ({ url }, stream) => {
      if (url === '/theirs') stream.end('HTTP/1.1 200 theirs\r\n\r\n');
    });
    const { subscription } = new Log(listen({ server, path: '/p2p' }, () => undefined));
    release(() => subscription.unsubscribe());
    expect(await answer(port, upgrade('/theirs'))).toMatch(/^HTTP\/1.1 200 theirs/);
  });

  it('refuses a second transport on one path, which is free again when the first is closed', async () => {
    const { server } = await shared();
    const first = webSocket({ listen: { server, path: '/p2p' } });
    const log = new Log(first.incoming$);
    const again = () => new Log(webSocket({ listen: { server, path: '/p2p' } }).incoming$);
    expect([again().end, log.end]).toEqual(['RXMESH_LISTEN_FAILED', 'open']);
    first.close();
    const second = again();
    expect(second.end).toBe('open');
    second.subscription.unsubscribe();
  });

  it('answers a path that is nobody’s once, when all who take upgrades are of rxmesh', async () => {
    const { server, port } = await shared();
    for (const path of ['/one', '/two', '/three']) {
      const { subscription } = new Log(listen({ server, path }, () => undefined));
      release(() => subscription.unsubscribe());
    }
    const reply = await answer(port, upgrade('/other'));
    expect(reply.match(/HTTP\/1.1 404 /g)).toHaveLength(1);
  });

  it('ends with an error when another WebSocket server takes its requests', async () => {
    const { server, port } = await shared();
    const theirs = new WebSocketServer({ server });
    const log = new Log(listen({ server, path: '/p2p' }, () => undefined));
    const client = new WebSocket(`ws://127.0.0.1:${port}/p2p`, [...protocols]);
    await until(() => log.end === 'RXMESH_LISTEN_FAILED');
    await until(() => client.readyState === WebSocket.OPEN);
    client.terminate();
    theirs.close();
  });

  it('fails on a server that listens on a pipe, whether it does already or later', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rxmesh-'));
    const server = createServer();
    const early = new Log(listen({ server }, () => undefined));
    await new Promise<void>((resolve) => server.listen(join(directory, 'pipe'), resolve));
    const late = new Log(listen({ server }, () => undefined));
    expect([early.end, late.end]).toEqual(['RXMESH_LISTEN_FAILED', 'RXMESH_LISTEN_FAILED']);
    expect(server.listenerCount('upgrade')).toBe(0);
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  });

  it('lists its endpoints once the server listens, and fails when its owner closes it', async () => {
    const server = createServer();
    const transport = webSocket({ listen: { server } });
    const log = new Log(transport.incoming$);
    const endpoints = new Log(transport.endpoints$);
    expect(transport.endpoints).toEqual([]);
    server.listen(0, '127.0.0.1');
    await until(() => transport.endpoints.length === 1);
    server.close();
    await until(() => log.end === 'RXMESH_LISTEN_FAILED');
    expect(endpoints.values.map(({ length }) => length)).toEqual([0, 1, 0]);
  });
});

trackLeaks();
