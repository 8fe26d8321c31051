import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { webSocket, type WebSocketOptions } from '../../../transports/websocket/index.ts';
import { Log } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

describe('options of webSocket', () => {
  it('names every wrong one in one error', () => {
    const wrong = {
      listen: { port: 70_000, host: '', path: 'p2p', server: {}, origins: [1] },
      dial: { headers: { a: 1 }, zeroMask: 'yes', zeromask: true },
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
    for (const name of [...names, 'dial.headers', 'dial.zeroMask ']) {
      expect(message).toContain(name);
    }
    expect(message).toContain('got 70000');
    expect(message).toContain('there is no option dial.zeromask');
  });

  it.each<[unknown, string]>([
    [null, 'options must be an object'],
    [{ port: 4000 }, 'there is no option port (did you mean listen.port?)'],
    [{ listen: 4000 }, 'listen must be an object'],
    [{ listen: { prot: 4000 } }, 'there is no option listen.prot (did you mean listen.port?)'],
    [{ listen: { path: '/a/../b' } }, 'listen.path must be a path that begins with a slash'],
    [{ listen: { path: '/./x' } }, 'without segments . and .., got'],
    [{ listen: { path: '/a/..' } }, 'without segments . and .., got'],
    [{ listen: { server: 5 } }, 'listen.server must be'],
    [{ listen: { tls: {} } }, 'listen.tls must be an object with cert and key'],
    [{ listen: { tls: { cert: 'x' } } }, 'listen.tls must be an object with cert and key'],
    [{ dial: { header: {} } }, 'there is no option dial.header (did you mean dial.headers?)'],
    [{ listen: { origins: ['https://a.test/'] } }, '"https://a.test/", which no browser sends'],
    [{ listen: { origins: ['a.test'] } }, '"a.test", which no browser sends'],
    [{ listen: { origins: ['https://A.test'] } }, 'which no browser sends'],
  ])('refuses %j', (options, text) => {
    const create = () => webSocket(options as WebSocketOptions);
    expect(create).toThrow(expect.objectContaining({ code: 'RXMESH_OPTIONS_INVALID' }));
    expect(create).toThrow(text);
  });

  it.each<WebSocketOptions>([
    {},
    { listen: {} },
    { listen: { port: 0, host: '::1', path: '/p2p', origins: [] } },
    {
      listen: {
        origins: [
          'https://a.test:8443',
          'http://[::1]:8080',
          'http://localhost',
          'http://127.0.0.1',
        ],
      },
    },
    { listen: { path: '/.well-known/a..b/...' } },
    { listen: { tls: { pfx: 'x' } } },
    { listen: { server: createServer(), path: '/' } },
    { dial: { headers: {}, zeroMask: true, tls: {} } },
  ])('takes %j', (options) => {
    expect(webSocket(options).endpoints).toEqual([]);
  });

  it.each([
    ...['null', 'file://', 'app://', 'app://.', 'app://obsidian.md', 'app://localhost:4000'],
    ...['chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'devtools://devtools'],
    ...['moz-extension://5c2e7d3a-7c5c-4b1e-9d59-3f1f4f1a2b3c', 'capacitor://localhost'],
    ...['safari-web-extension://5C2E7D3A-7C5C-4B1E-9D59-3F1F4F1A2B3C', 'tauri://localhost'],
    ...['vscode-webview://1q2w3e', 'vscode-file://vscode-app', 'ms-appx-web://microsoft.test_8w'],
    ...['https://xn--mnchen-3ya.test', 'ionic://localhost'],
  ])('L-34 takes the origin %s', (origin) => {
    expect(() => webSocket({ listen: { origins: [origin] } })).not.toThrow();
  });

  it.each([
    ...['https://A.test', 'https://a.test:443', 'http://a.test:80', 'https://', 'http:///'],
    ...['https://münchen.test', 'https://a@b.test', 'app://a/b', 'file:///', 'file:', 'NULL'],
    ...['App://a', 'app:// a', 'https://a.test https://b.test', 'https://a.test:', '*', ''],
  ])('L-34 refuses the origin %j, which no browser sends', (origin) => {
    const text = 'an origin is like https://example.com, without a path, or file://, or null';
    expect(() => webSocket({ listen: { origins: [origin] } })).toThrow(text);
  });

  it('completes incoming$ at once when it only dials', () => {
    expect(new Log(webSocket().incoming$).end).toBe('complete');
  });
});

trackLeaks();
