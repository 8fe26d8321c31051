/**
 * The recipe for reverse proxies, with the configurations that the page shows, in nginx and Caddy.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { filter, firstValueFrom, map } from 'rxjs';
import { createRouter, Identity, json, type Router } from '../../lib/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';
import { certificate, certificateKey } from '../support/certificate.ts';
import { fencesOf } from './documents.ts';
import { freePort } from './page-programs.ts';

const fences = fencesOf('docs/recipes/reverse-proxy.md');
const shown = (info: string): string => {
  const fence = fences.find((one) => one.info === info);
  if (fence === undefined) throw new Error(`the page has no block of ${info}`);
  return fence.text;
};

let directory: string;
let proxy: ChildProcess;
let output: string;
let routers: Router[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rxmesh-proxy-'));
  writeFileSync(join(directory, 'cert.pem'), certificate);
  writeFileSync(join(directory, 'key.pem'), certificateKey);
  [output, routers] = ['', []];
});

afterEach(async () => {
  await Promise.all(routers.map((router) => router.stop()));
  if (proxy.exitCode === null && proxy.kill()) await once(proxy, 'close');
  rmSync(directory, { recursive: true });
});

async function nodeFor(options: Parameters<typeof webSocket>[0], persistent: string[] = []) {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'shop',
    transports: [webSocket(options)],
    peers: { persistent },
  });
  routers.push(router);
  const channel = router.openChannel({ id: 1, codec: json<string>() });
  return { router, channel };
}

/** Starts a proxy, and resolves once it accepts connections. */
async function startProxy(command: string, args: readonly string[], port: number): Promise<void> {
  const env = { ...process.env, HOME: directory };
  proxy = spawn(command, args, { cwd: directory, env, stdio: ['ignore', 'ignore', 'pipe'] });
  proxy.stderr?.on('data', (text: Buffer) => (output += text.toString()));
  const failed = once(proxy, 'error').then(([error]: unknown[]) => {
    throw new Error(`${command} is needed for this spec: ${String(error)}`);
  });
  await Promise.race([failed, accepts(port, command)]);
}

async function accepts(port: number, command: string): Promise<void> {
  while (!(await isOpen(port))) {
    if (proxy.exitCode !== null) throw new Error(`${command} has ended: ${output}`);
    await sleep(20);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function startNginx(location: string, port: number): Promise<void> {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  const configuration = `
    daemon off;
    pid ${directory}/nginx.pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      ${paths.join('\n      ')}
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${directory}/cert.pem;
        ssl_certificate_key ${directory}/key.pem;
        ${location}
      }
    }`;
  writeFileSync(join(directory, 'nginx.conf'), configuration);
  await startProxy('nginx', ['-e', 'stderr', '-p', directory, '-c', 'nginx.conf'], port);
}

async function startCaddy(site: string, port: number): Promise<void> {
  const configuration = `
    {
      admin off
      auto_https disable_redirects
    }
    ${site.replace('example.com {', `https://localhost:${port} {\n  tls cert.pem key.pem`)}`;
  writeFileSync(join(directory, 'Caddyfile'), configuration);
  await startProxy('caddy', ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'], port);
}

const listen = { host: '127.0.0.1', trustedProxies: ['127.0.0.1'] };
const dial = { tls: { ca: certificate } };

it.each([
  ['nginx', 'nginx', startNginx],
  ['Caddy', 'text', startCaddy],
] as const)(
  '%s carries messages in both directions',
  async (_name, info, start) => {
    const shop = await nodeFor({ listen });
    await shop.router.start();
    const [own = ''] = shop.router.addresses;
    const port = await freePort();
    await start(shown(info).replace('4000', new URL(own).port), port);
    const address = `wss://${shop.router.id}@localhost:${port}/mesh`;
    const client = await nodeFor({ dial }, [address]);
    const echo = shop.channel.in$.pipe(
      map(({ from, message }) => ({ to: from, message: `${message} back` })),
    );
    echo.subscribe(shop.channel.out);
    const answer = firstValueFrom(client.channel.in$);
    await client.router.start();
    await client.router.whenUp(shop.router.id);
    await client.channel.sendOnce({ to: shop.router.id, message: 'there and' });
    expect((await answer).message).toBe('there and back');
  },
  30_000,
);

it('nginx without proxy_http_version is refused, and both sides say why', async () => {
  const shop = await nodeFor({ listen });
  await shop.router.start();
  const [own = ''] = shop.router.addresses;
  const port = await freePort();
  const location = shown('nginx').replace('proxy_http_version 1.1;', '');
  await startNginx(location.replace('4000', new URL(own).port), port);
  const client = await nodeFor({ dial }, [`wss://${shop.router.id}@localhost:${port}/mesh`]);
  const failed = firstValueFrom(
    client.router.events$.pipe(filter(({ type }) => type === 'dial-failed')),
  );
  const refused = firstValueFrom(
    shop.router.events$.pipe(filter(({ type }) => type === 'connection-refused')),
  );
  await client.router.start();
  expect(await refused).toMatchObject({ error: { code: 'RXMESH_UPGRADE_INVALID' } });
  expect(await failed).toMatchObject({ error: { message: expect.stringMatching(/400/) } });
}, 30_000);
