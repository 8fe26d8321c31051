import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { webSocket, type WebSocketOptions } from '../../../transports/websocket/index.ts';
import { Log } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

describe('options of webSocket', () => {
  it('names every wrong one in one error', () => {
    const wrong = {
      listen: { port: 70_000, host: '', path: 'p2p', server: {}, origins: [1] },
      dial: { headers: { a: 1 }, zeroMask: 'yes' },
    } as unknown as WebSocketOptions;
    let caught: unknown;
    try {
      webSocket(wrong);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'RXMESH_OPTIONS_INVALID' });
    const { message } = caught as Error;
    const names = ['port', 'host', 'path', 'server', 'origins'].map((name) => `listen.${name} `);
    for (const name of [...names, 'dial.headers ', 'dial.zeroMask ']) {
      expect(message).toContain(name);
    }
    expect(message).toContain('not 70000');
  });

  it.each<WebSocketOptions>([
    {},
    { listen: {} },
    { listen: { port: 0, host: '::1', path: '/p2p', origins: [] } },
    { listen: { server: createServer(), path: '/' } },
    { dial: { headers: {}, zeroMask: true, tls: {} } },
  ])('takes %j', (options) => {
    expect(webSocket(options).endpoints).toEqual([]);
  });

  it('completes incoming$ at once when it only dials', () => {
    expect(new Log(webSocket().incoming$).end).toBe('complete');
  });
});

trackLeaks();
