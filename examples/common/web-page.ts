import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A page that is a node, too. */
export interface WebPage {
  readonly title: string;
  /** The ID of the node that it dials, at `/mesh` of its own host; `data-node` of its body. */
  readonly node: string;
  /** Its program, which is bundled with esbuild. */
  readonly program: URL;
  /** What is in its body. */
  readonly html: string;
  /** Its style sheet. */
  readonly style?: URL;
}

/** Serves a page on 127.0.0.1; resolves to its address. */
export async function servePage(server: Server, page: WebPage, port: number): Promise<string> {
  const files = filesOf(page);
  server.on('request', ({ url }, response) => {
    const { type, content } = files[url ?? ''] ?? files['/'];
    response.setHeader('content-security-policy', "default-src 'self'; img-src data:");
    response.setHeader('content-type', `${type}; charset=utf-8`);
    response.end(content);
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface File {
  readonly type: string;
  readonly content: string | Uint8Array;
}

function filesOf({ title, node, program, html, style }: WebPage): Record<string, File> & {
  readonly '/': File;
} {
  const link = style === undefined ? '' : '<link rel="stylesheet" href="/page.css">';
  const content = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">${link}
<body data-node="${node}">${html}
<script src="/page.js"></script></body></html>`;
  const css = style === undefined ? '' : readFileSync(style);
  return {
    '/': { type: 'text/html', content },
    '/page.js': { type: 'text/javascript', content: bundle(program) },
    '/page.css': { type: 'text/css', content: css },
  };
}

/** A program for a page, with all that it imports. */
function bundle(program: URL): Uint8Array {
  const flags = ['--bundle', '--conditions=source', '--target=es2022', '--log-level=error'];
  return execFileSync('npx', ['esbuild', fileURLToPath(program), ...flags], {
    maxBuffer: 16_777_216,
  });
}
