/** Which requests to upgrade become sockets: from raw bytes on a TCP connection. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { EMPTY } from 'rxjs';
import { createRouter, Identity, type RouterEvent } from '../../../lib/index.ts';
import type { Refusal } from '../../../lib/transport/transport.ts';
import { type WebSocketListenOptions, webSocket } from '../../../transports/websocket/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { Log, protocolHeader, releases } from './support.ts';

const release = releases();

interface Listening {
  readonly port: number;
  readonly refusals: readonly Refusal[];
}

/** A transport that listens, with what it lets in cut at once. */
async function start(options: WebSocketListenOptions = {}): Promise<Listening> {
  const host = options.server === undefined ? { host: '127.0.0.1' } : {};
  const transport = webSocket({ listen: { ...host, ...options } });
  const refusals = new Log(transport.refused$ ?? EMPTY);
  // When the answer has been written, which goes with what is said first.
  const incoming = transport.incoming$.subscribe((connection) => {
    setImmediate(() => connection.close());
  });
  release(() => {
    incoming.unsubscribe();
    transport.close();
  });
  await until(() => transport.endpoints.length > 0);
  return { port: transport.endpoints[0]?.port ?? 0, refusals: refusals.values };
}

/** The lines of a good request, but for its `Host`. */
const wellFormed = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  protocolHeader,
];

/** The status of the answer to a request of these lines. */
function statusOf(port: number, lines: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (text.includes('\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Number(text.split(' ')[1])));
  });
}

/** A server of the user's own; what stands in `others` is taken by somebody else. */
async function ownServer(others?: string): Promise<Server> {
  const server = createServer((_request, response) => response.end('a page'));
  if (others !== undefined) {
    server.on('upgrade', ({ url }, stream) => {
      if (url === others) stream.end('HTTP/1.1 299 Theirs\r\n\r\n');
    });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  release(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

const faults: readonly (readonly [string, readonly string[], string])[] = [
  ['HTTP/1.0', ['GET /p2p HTTP/1.0', 'Host: a.test'], 'HTTP/1.0'],
  ['HTTP/1.0 without a Host', ['GET /p2p HTTP/1.0'], 'HTTP/1.0'],
  ['no Host', ['GET /p2p HTTP/1.1'], '0 Host headers'],
  ['two Hosts', ['GET /p2p HTTP/1.1', 'Host: a.test', 'Host: b.test'], '2 Host headers'],
  ['the same Host twice', ['GET /p2p HTTP/1.1', 'Host: a.test', 'hOsT: a.test'], '2 Host headers'],
  ['an empty Host', ['GET /p2p HTTP/1.1', 'Host:'], 'Host header is malformed'],
  ['two names in a Host', ['GET /p2p HTTP/1.1', 'Host: a.test b.test'], 'Host header is malformed'],
  ['a user in a Host', ['GET /p2p HTTP/1.1', 'Host: a@b.test'], 'Host header is malformed'],
  ['a path in a Host', ['GET /p2p HTTP/1.1', 'Host: a.test/b'], 'Host header is malformed'],
  ['a length', ['GET /p2p HTTP/1.1', 'Host: a.test', 'Content-Length: 5'], 'content-length'],
  ['a length of 0', ['GET /p2p HTTP/1.1', 'Host: a.test', 'Content-Length: 0'], 'content-length'],
  [
    'chunks',
    ['GET /p2p HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked'],
    'transfer-encoding',
  ],
];

describe('S-13 an upgrade that a proxy may read as something else', () => {
  it.each(faults)('with %s is refused with 400, and told', async (_what, lines, text) => {
    const { port, refusals } = await start({ path: '/p2p' });
    expect(await statusOf(port, [...lines, ...wellFormed])).toBe(400);
    expect(refusals).toEqual([
      {
        status: 400,
        remote: { protocol: 'ws', ip: '127.0.0.1', port: expect.any(Number) },
        error: expect.objectContaining({
          code: 'RXMESH_UPGRADE_INVALID',
          message: expect.stringContaining(text),
        }),
      },
    ]);
  });

  it.each(faults)('with %s is refused on a server of the user’s, too', async (_, lines) => {
    const { port } = await start({ path: '/p2p', server: await ownServer('/theirs') });
    expect(await statusOf(port, [...lines, ...wellFormed])).toBe(400);
  });

  it.each(faults)('with %s is the other’s business on another path', async (_, lines) => {
    const { port, refusals } = await start({ path: '/p2p', server: await ownServer('/theirs') });
    const theirs = lines.map((line) => line.replace('/p2p', '/theirs'));
    expect(await statusOf(port, [...theirs, ...wellFormed])).toBe(299);
    expect(refusals).toEqual([]);
  });

  it.each(['a.test', 'a.test:80', '127.0.0.1:4000', '[::1]:4000', 'A_b-c.test', 'xn--mnchen-3ya'])(
    'passes with the one Host %s',
    async (host) => {
      const { port, refusals } = await start();
      const lines = ['GET / HTTP/1.1', `Host: ${host}`, ...wellFormed];
      expect([await statusOf(port, lines), refusals]).toEqual([101, []]);
    },
  );
});

describe('S-11 a web page', () => {
  const statusFor = (port: number, host: string, origin: string, name = 'Origin') =>
    statusOf(port, ['GET / HTTP/1.1', `Host: ${host}`, `${name}: ${origin}`, ...wellFormed]);

  it.each<[string, string, number]>([
    ['http://127.0.0.1:4000', '127.0.0.1:4000', 101],
    ['http://127.0.0.1', '127.0.0.1', 101],
    ['http://127.0.0.1', '127.0.0.1:80', 101],
    ['http://localhost:4000', 'LOCALHOST:4000', 101],
    ['http://mesh.localhost:4000', 'mesh.localhost:4000', 101],
    ['http://[::1]:4000', '[0:0::1]:4000', 101],
    // A proxy that speaks TLS hands the request on without.
    ['https://127.0.0.1', '127.0.0.1', 101],
    ['https://127.0.0.1', '127.0.0.1:443', 101],
    // Another port is another server, and another scheme another usual port.
    ['http://127.0.0.1:3000', '127.0.0.1:4000', 403],
    ['http://127.0.0.1', '127.0.0.1:4000', 403],
    ['https://127.0.0.1', '127.0.0.1:80', 403],
    ['http://127.0.0.1', '127.0.0.1:443', 403],
    ['http://localhost:4000', '127.0.0.1:4000', 403],
    // What no browser writes, and what is not a page of the web.
    ['HTTP://127.0.0.1', '127.0.0.1', 403],
    ['http://127.0.0.1/', '127.0.0.1', 403],
    ['http://a@127.0.0.1', '127.0.0.1', 403],
    ['chrome-extension://127.0.0.1', '127.0.0.1', 403],
    ['file://', '127.0.0.1', 403],
    ['null', '127.0.0.1', 403],
    ['', '127.0.0.1', 403],
    ['https://evil.example', '127.0.0.1:4000', 403],
    ['http://127.0.0.1, http://127.0.0.1', '127.0.0.1', 403],
  ])('of %s to the host %s is answered with %i by default', async (origin, host, status) => {
    const { port, refusals } = await start();
    expect(await statusFor(port, host, origin)).toBe(status);
    const code = 'RXMESH_ORIGIN_REFUSED';
    expect(refusals.map(({ error }) => error.code)).toEqual(status === 403 ? [code] : []);
  });

  it('whose name was made to resolve to this machine is not one of its own', async () => {
    const { port } = await start();
    expect(await statusFor(port, `evil.example:${port}`, `http://evil.example:${port}`)).toBe(403);
    expect(await statusFor(port, 'localhost.evil.example', 'http://localhost.evil.example')).toBe(
      403,
    );
  });

  it('of the name that the operator listens on is one of its own', async () => {
    const { port } = await start({ host: 'localhost' });
    expect(await statusFor(port, 'localhost:4000', 'http://localhost:4000')).toBe(101);
  });

  it('of the own host passes beside a list, and not beside a function', async () => {
    const [listed, asked] = [
      await start({ origins: ['https://a.test'] }),
      await start({ origins: (origin) => origin === 'https://a.test' }),
    ];
    for (const { port } of [listed, asked])
      expect(await statusFor(port, '127.0.0.1', 'https://a.test')).toBe(101);
    expect(await statusFor(listed.port, '127.0.0.1', 'http://127.0.0.1')).toBe(101);
    expect(await statusFor(asked.port, '127.0.0.1', 'http://127.0.0.1')).toBe(403);
  });

  it('cannot hide behind the name that older drafts had for its origin', async () => {
    const { port } = await start();
    const lines = wellFormed.map((line) => line.replace('Version: 13', 'Version: 8'));
    const asked = ['GET / HTTP/1.1', 'Host: a.test', 'Sec-WebSocket-Origin: http://b.test'];
    expect(await statusOf(port, [...asked, ...lines])).toBe(403);
  });

  it('is refused on a server of the user’s, on the path of the node alone', async () => {
    const server = await ownServer('/theirs');
    const { port } = await start({ path: '/p2p', server });
    const lines = ['Host: a.test', 'Origin: https://evil.example', ...wellFormed];
    expect(await statusOf(port, ['GET /p2p HTTP/1.1', ...lines])).toBe(403);
    expect(await statusOf(port, ['GET /theirs HTTP/1.1', ...lines])).toBe(299);
    const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const own = [`Host: ${page.slice(7)}`, `Origin: ${page}`, ...wellFormed];
    expect(await statusOf(port, ['GET /p2p HTTP/1.1', ...own])).toBe(101);
  });

  it('that a router refuses is a connection-refused event, and no peer', async () => {
    const router = createRouter({
      identity: await Identity.generate(),
      network: 'n',
      transports: [webSocket({ listen: { host: '127.0.0.1' } })],
    });
    release(() => void router.stop());
    const events: RouterEvent[] = [];
    router.events$.subscribe((event) => events.push(event));
    await router.start();
    const port = Number(new URL(router.addresses[0] ?? '').port);
    expect(await statusFor(port, `127.0.0.1:${port}`, 'https://evil.example\u009b2J')).toBe(403);
    expect(await statusFor(port, `127.0.0.1:${port}`, 'https://evil.example')).toBe(403);
    expect(events).toEqual(
      ['"https://evil.exampleÂ\\u009b2J"', '"https://evil.example"'].map((origin) => ({
        type: 'connection-refused',
        direction: 'inbound',
        remote: { protocol: 'ws', ip: '127.0.0.1', port: expect.any(Number) },
        error: expect.objectContaining({
          code: 'RXMESH_ORIGIN_REFUSED',
          message: expect.stringContaining(`a page from ${origin}`),
        }),
      })),
    );
  });
});

trackLeaks();
