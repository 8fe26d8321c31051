import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { map, VirtualTimeScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Clock, clockFrom, systemClock } from '../../../lib/flow/clock.ts';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import { listen } from '../../../transports/websocket/listen.node.ts';
import { platform } from '../../../transports/websocket/socket.web.ts';
import { until } from '../../support/until.ts';
import { Log, protocols, releases } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

const release = releases();

/** A page's WebSocket, driven by the test. */
class FakeWebSocket {
  static last: FakeWebSocket;
  binaryType = '';
  bufferedAmount = 0;
  readyState = 1;
  readonly closedWith: unknown[] = [];
  readonly sent: Uint8Array[] = [];
  onopen: () => void = () => undefined;
  onclose: (event: { code: number }) => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  protocol = protocols[0];
  readonly url: string;
  readonly offered: readonly string[];

  constructor(url: string, offered: readonly string[]) {
    this.url = url;
    this.offered = offered;
    FakeWebSocket.last = this;
  }

  send(frame: Uint8Array): void {
    this.sent.push(frame);
    this.bufferedAmount += frame.length;
  }

  close(code?: number): void {
    this.closedWith.push(code);
  }
}

const globals = globalThis as unknown as { WebSocket?: unknown };
const original = globals.WebSocket;
beforeEach(() => {
  globals.WebSocket = FakeWebSocket;
});
afterEach(() => {
  globals.WebSocket = original;
});

const endpoint: Endpoint = { protocol: 'wss', host: 'mesh.test', port: 8, path: '/p2p' };

const request = { options: {}, clock: systemClock, protocols };

function opened(clock: Clock = systemClock): { socket: FrameSocket; ws: FakeWebSocket } {
  const log = new Log(platform.dial(endpoint, { options: {}, clock, protocols }));
  const ws = FakeWebSocket.last;
  ws.onopen();
  const [socket] = log.values;
  if (socket === undefined) throw new Error('no socket');
  return { socket, ws };
}

describe("a browser's WebSocket", () => {
  it('talks to the listener of Node', async () => {
    globals.WebSocket = WebSocket;
    let bound: readonly Endpoint[] = [];
    const accepted = new Log(
      listen({ host: '127.0.0.1' }, (endpoints) => (bound = endpoints)).pipe(
        map(({ socket }) => socket),
      ),
    );
    release(() => accepted.subscription.unsubscribe());
    await until(() => bound.length === 1);
    const dial = new Log(platform.dial(bound[0] ?? endpoint, request));
    await until(() => dial.end === 'complete' && accepted.values.length === 1);
    const [[web], [node]] = [dial.values, accepted.values];
    if (web === undefined || node === undefined) throw new Error('no socket');
    const [toWeb, toNode] = [new Log(web.frames$), new Log(node.frames$)];
    web.send(new Uint8Array([1, 2]));
    node.send(new Uint8Array([3]));
    await until(() => toWeb.values.length === 1 && toNode.values.length === 1);
    expect([toWeb.values, toNode.values]).toEqual([
      [new Uint8Array([3])],
      [new Uint8Array([1, 2])],
    ]);
    expect([web.closed, node.closed]).toEqual([false, false]);
    web.send(new Uint8Array([4]));
    web.close();
    expect([toWeb.end, web.closed]).toEqual(['complete', false]);
    await until(() => web.closed);
    expect(toNode.values).toHaveLength(2);
    await until(() => toNode.end === 'complete' && node.closed);
  });

  it('dials the host, in binary', () => {
    const { ws, socket } = opened();
    expect([ws.url, ws.binaryType]).toEqual(['wss://mesh.test:8/p2p', 'arraybuffer']);
    expect(socket.remote).toEqual(endpoint);
    expect(ws.offered).toEqual(protocols);
  });

  it('fails when the other side selects another subprotocol, and closes', () => {
    const log = new Log(platform.dial(endpoint, request));
    const ws = FakeWebSocket.last;
    ws.protocol = protocols[1];
    ws.onopen();
    expect([log.end, log.values, ws.closedWith]).toEqual(['RXMESH_DIAL_FAILED', [], [undefined]]);
  });

  it('fails with RXMESH_DIAL_FAILED, whether at once or later', () => {
    const late = new Log(platform.dial(endpoint, request));
    FakeWebSocket.last.onclose({ code: 1006 });
    globals.WebSocket = undefined;
    const early = new Log(platform.dial(endpoint, request));
    expect([late.end, early.end]).toEqual(['RXMESH_DIAL_FAILED', 'RXMESH_DIAL_FAILED']);
  });

  it('L-39 knows no zones of IPv6', () => {
    const zoned = { protocol: 'ws', ip: 'fe80::1%eth0', port: 8 };
    expect(new Log(platform.dial(zoned, request)).end).toBe('RXMESH_ENDPOINT_INVALID');
    const named = new Log(platform.dial({ ...zoned, host: 'mesh.test' }, request));
    expect([named.end, FakeWebSocket.last.url]).toEqual(['open', 'ws://mesh.test:8/']);
  });

  it('closes when it is unsubscribed before it is open', () => {
    const log = new Log(platform.dial(endpoint, request));
    log.subscription.unsubscribe();
    expect(FakeWebSocket.last.closedWith).toEqual([undefined]);
  });

  it('cannot listen, and names the options that a browser does not have', () => {
    expect(new Log(platform.listen({}, () => undefined)).end).toBe('RXMESH_LISTEN_FAILED');
    expect(platform.optionProblems({ dial: { headers: {}, zeroMask: true } })).toHaveLength(2);
    expect(platform.optionProblems({})).toEqual([]);
  });

  it('L-33 takes buffers of another realm, as an iframe has them', () => {
    const { socket, ws } = opened();
    const frames = new Log(socket.frames$);
    ws.onmessage({ data: runInNewContext('new Uint8Array([1, 2, 3]).buffer') as unknown });
    ws.onmessage({ data: new Uint8Array([4]).buffer });
    expect(frames.values).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    expect(frames.values[0]).toBeInstanceOf(Uint8Array);
    expect(frames.end).toBe('open');
  });

  it('is full while two of the largest frames wait, and looks now and then whether they still do', () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = 100;
    const { socket, ws } = opened(clockFrom(scheduler));
    const drained = new Log(socket.drained$);
    for (let i = 0; i < 2; i += 1) {
      expect(socket.writable).toBe(true);
      socket.send(new Uint8Array(131_088));
    }
    expect(socket.writable).toBe(false);
    scheduler.schedule(() => (ws.bufferedAmount = 0), 50);
    scheduler.flush();
    expect([drained.values.length, scheduler.now(), scheduler.actions]).toEqual([1, 52, []]);
  });

  it('looks also when something arrives, since timers of a page in the background are slow', () => {
    const scheduler = new VirtualTimeScheduler();
    const { socket, ws } = opened(clockFrom(scheduler));
    const drained = new Log(socket.drained$);
    const frames = new Log(socket.frames$);
    const arrive = () => ws.onmessage({ data: new ArrayBuffer(1) });
    arrive();
    socket.send(new Uint8Array(300_000));
    arrive();
    expect(drained.values).toHaveLength(0);
    ws.bufferedAmount = 0;
    arrive();
    expect([drained.values.length, frames.values.length]).toEqual([1, 3]);
    scheduler.flush();
    arrive();
    expect(drained.values).toHaveLength(1);
  });

  it('looks no more after the end', () => {
    const scheduler = new VirtualTimeScheduler();
    const { socket } = opened(clockFrom(scheduler));
    const drained = new Log(socket.drained$);
    socket.send(new Uint8Array(300_000));
    socket.destroy();
    scheduler.flush();
    expect([drained.values, drained.end, socket.writable]).toEqual([[], 'complete', false]);
  });

  it.each([
    ['a text message', 'text', 'RXMESH_PROTOCOL_VIOLATION'],
    ['a frame that is too large', new ArrayBuffer(131_089), 'RXMESH_PROTOCOL_VIOLATION'],
    ['the largest frame', new ArrayBuffer(131_088), 'open'],
  ])('for %s it ends as it should', (_what, data, end) => {
    const { socket, ws } = opened();
    const frames = new Log(socket.frames$);
    ws.onmessage({ data });
    expect([frames.end, ws.closedWith]).toEqual([end, end === 'open' ? [] : [4000]]);
  });

  it('keeps sixteen frames for a late subscriber, and fails at one more', () => {
    const { socket, ws } = opened();
    for (let i = 0; i < 16; i += 1) ws.onmessage({ data: new ArrayBuffer(1) });
    const frames = new Log(socket.frames$);
    expect([frames.values.length, frames.end]).toEqual([16, 'open']);
    const other = opened();
    for (let i = 0; i < 17; i += 1) other.ws.onmessage({ data: new ArrayBuffer(1) });
    expect(new Log(other.socket.frames$).end).toBe('RXMESH_CONNECTION_FAILED');
  });

  it.each([
    [1000, 'complete'],
    [1001, 'complete'],
    [1005, 'complete'],
    [1006, 'RXMESH_CONNECTION_FAILED'],
    [1009, 'RXMESH_CONNECTION_FAILED'],
  ])('when the other side closes with %i: %s', (code, end) => {
    const { socket, ws } = opened();
    const frames = new Log(socket.frames$);
    ws.onclose({ code });
    expect(frames.end).toBe(end);
  });

  it('bundles for browsers without anything of Node', async () => {
    // Without polyfills, a module of Node that is imported anywhere fails the build.
    const { metafile } = await build({
      entryPoints: ['transports/websocket/index.ts'],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      conditions: ['source'],
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    const files = Object.keys(metafile.inputs);
    expect(files).toContain('transports/websocket/socket.web.ts');
    expect(files.filter((file) => /\.node\.ts$|node_modules\/ws\//.test(file))).toEqual([]);
  });
});

trackLeaks();
