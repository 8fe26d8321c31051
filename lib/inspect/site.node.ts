import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import type { Page } from '#inspect-page';

/** How many connections a page's server has at a time. */
const connectionsMax = 64;

/** Nothing from elsewhere, nothing inline, and in nobody's frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const wrongName = 'This is the inspector of rxmesh. Use its IP address.';

/** What the site must know. */
export interface SiteOptions {
  readonly token: string;
  /** The ID of the inspector's own router, which the page dials. */
  readonly id: string;
  readonly host: string;
}

/** Whether a token is the right one; takes the same time for every wrong one of its length. */
export function isToken(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The server of the page: its HTML only with the token, and its script and style. */
export function siteServer(options: SiteOptions): Server {
  let page: Promise<Page> | undefined;
  const server = createServer((request, response) => {
    // Loaded when the first browser comes: it is larger than all the rest.
    page ??= import('#inspect-page').then(({ inspectorPage }) => inspectorPage());
    page.then(
      (loaded) => answer(request, response, loaded, options),
      (error: unknown) => {
        page = undefined;
        send(response, 500, 'text/plain', `The page cannot be made: ${String(error)}`);
      },
    );
  });
  server.maxConnections = connectionsMax;
  return server;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  page: Page,
  options: SiteOptions,
): void {
  const [path, query] = (request.url ?? '/').split('?', 2);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'text/plain', 'Only GET and HEAD are answered here.');
  } else if (!isOwnHost(request.headers.host, options.host)) {
    // A stranger's name that leads to this machine (DNS rebinding).
    send(response, 403, 'text/plain', wrongName);
  } else if (path === '/page.js') {
    send(response, 200, 'text/javascript', page.script);
  } else if (path === '/page.css') {
    send(response, 200, 'text/css', page.style);
  } else if (path !== '/') {
    send(response, 404, 'text/plain', 'There is nothing here.');
  } else if (isToken(new URLSearchParams(query).get('token') ?? '', options.token)) {
    send(response, 200, 'text/html', html(options.id));
  } else {
    send(response, 403, 'text/html', refusal);
  }
}

/** Whether a request was sent to an IP address, to `localhost`, or to the name in the options. */
function isOwnHost(given: string | undefined, host: string): boolean {
  const [, name] = /^(\[[\da-f:.]+\]|[^:]+)(?::\d+)?$/i.exec(given ?? '') ?? [];
  if (name === undefined) return false;
  const isIp = name.startsWith('[') || /^[\d.]+$/.test(name);
  return isIp || name.toLowerCase() === 'localhost' || name.toLowerCase() === host.toLowerCase();
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  response.end(body);
}

const head = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">`;

function html(id: string): string {
  return `${head}
<title>rxmesh inspector</title>
<body data-inspector="${id}">
<noscript>The inspector needs JavaScript.</noscript>
<script src="/page.js"></script>
</body>
</html>
`;
}

/** What a page says: the ID of its inspector, or why there is none; undefined for another page. */
export function readPage(text: string): { id: string } | 'wrong token' | 'wrong name' | undefined {
  const id = /<body data-inspector="([0-9a-f]{40})">/.exec(text)?.[1];
  if (id !== undefined) return { id };
  if (text.includes('<h1>Wrong token</h1>')) return 'wrong token';
  return text === wrongName ? 'wrong name' : undefined;
}

const refusal = `${head}
<title>rxmesh inspector: refused</title>
<body>
<main class="refusal">
<h1>Wrong token</h1>
<p>The address of this page has no token, or not the one of this inspector.
Open the address that the program printed, whole: it ends with <code>?token=…</code>.
Each start of a program has a token of its own.</p>
</main>
</body>
</html>
`;
