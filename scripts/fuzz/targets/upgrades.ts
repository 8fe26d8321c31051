import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { refusalOf } from '../../../transports/websocket/upgrade-request.node.ts';
import { bytesOf, textOf } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { expectThat, expectTyped, type Target } from '../target.ts';
import { ipText } from './ips.ts';

const hosts = [
  'mesh.test',
  'mesh.test:80',
  'localhost:4000',
  '127.0.0.1:4000',
  '[::1]:4000',
] as const;
const strange = [
  '',
  'a b',
  'a/b',
  'u@h',
  '[',
  '[::1',
  'h:99999',
  'xn--',
  'h%00',
  '\u00e9',
  'H.',
] as const;
const schemes = ['http://', 'https://', 'ws://', 'null', 'file://', 'HTTP://', ''] as const;

function host(random: Random): string {
  if (random.once(5)) return random.pick(strange);
  return random.once(4) ? ipText(random) : random.pick(hosts);
}

/** The head of a request: its HTTP version, then one line per header. */
function head(random: Random): string {
  const ours = host(random);
  const page = random.once(3) ? host(random) : ours;
  const lines = [
    random.once(20) ? '1.0' : '1.1',
    `Host: ${ours}`,
    ...(random.once(20) ? [`host: ${host(random)}`] : []),
    ...(random.once(4) ? [] : [`Origin: ${random.pick(schemes)}${page}`]),
    ...(random.once(20) ? [`${random.pick(['Content-Length', 'Transfer-Encoding'])}: 1`] : []),
  ];
  return lines.join('\n');
}

/** A request as Node would emit it. */
function requestOf(text: string): IncomingMessage {
  const [version = '', ...lines] = text.split('\n');
  const request = new IncomingMessage(new Socket());
  request.httpVersion = version;
  for (const line of lines) {
    const [, name, value] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    request.rawHeaders.push(name, value);
    // Node keeps the first of duplicate headers.
    request.headers[name.toLowerCase()] ??= value;
  }
  return request;
}

/** Upgrade requests, and the origins of the pages that send them. */
export const upgrades: Target = {
  name: 'upgrades',
  share: 4,
  generate(random) {
    const bytes = bytesOf(head(random));
    return random.once(2) ? bytes : mutate(bytes, random, bytesOf(head(random)));
  },
  check(input) {
    const request = requestOf(textOf(input));
    const refusal = refusalOf(request, {}, { protocol: 'ws', remote: { protocol: 'ws' } });
    const { origin, host: asked } = request.headers;
    request.socket.destroy();
    if (refusal !== undefined) {
      const { error, status } = refusal;
      expectTyped(error, [status === 403 ? 'RXMESH_ORIGIN_REFUSED' : 'RXMESH_UPGRADE_INVALID']);
      return error.code;
    }
    expectThat(request.httpVersion === '1.1', 'another version of HTTP');
    if (origin === undefined) return 'a program';
    // No origin is allowed explicitly, so an accepted page must have the server's host, and that
    // host must be an IP address or localhost.
    const { host: page, hostname, protocol } = new URL(origin);
    const isSame = new URL(`${protocol}//${asked ?? ''}`).host === page;
    expectThat(isSame, `a page of ${origin} at ${asked ?? ''}`);
    const isOurs = /^(.+\.)?localhost$|^\[.*\]$|^[\d.]+$/.test(hostname);
    expectThat(isOurs, `a page of ${origin}, whose name anybody may have`);
    return 'a page';
  },
};
