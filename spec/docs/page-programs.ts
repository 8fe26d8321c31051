import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { fencesOf, fileNameOf, root, type Fence } from './documents.ts';
import { endAll, runFile, type Program } from '../examples/program.ts';

/**
 * The programs of one page, which run as processes, as its reader would run them. Where the page
 * has port 4000, they take one that is free.
 */
export class PagePrograms {
  readonly #page: string;
  readonly #fences: readonly Fence[];
  readonly #directory: string;
  readonly #port: number;

  private constructor(page: string, port: number) {
    this.#page = page;
    this.#fences = fencesOf(page);
    this.#port = port;
    mkdirSync(`${root}.programs`, { recursive: true });
    this.#directory = mkdtempSync(`${root}.programs/`);
    for (const { info, text } of this.#fences) {
      const name = fileNameOf(info);
      if (name === undefined || !/^[jt]s\b/.test(info)) continue;
      writeFileSync(`${this.#directory}/${name}`, text.replaceAll('4000', String(port)));
    }
  }

  /** Whether a page has programs with names. */
  static areIn(page: string): boolean {
    return fencesOf(page).some(({ info }) => isProgram(info));
  }

  static async of(page: string): Promise<PagePrograms> {
    return new PagePrograms(page, await freePort());
  }

  /** Starts a program of the page. */
  run(name: string, ...args: readonly string[]): Program {
    return runFile(this.file(name), ...args);
  }

  /** Where a file of the page is, or one that its programs write. */
  file(name: string): string {
    return `${this.#directory}/${name}`;
  }

  /**
   * What the page shows as the output of a program, as a pattern: its lines in order, whatever
   * stands between them. A shortened ID is any ID, and `12 ms` any time.
   */
  shown(name: string): RegExp {
    const fence = this.#fences.find(({ info }) => info === `text ${name}`);
    if (fence === undefined) throw new Error(`${this.#page} shows no output of ${name}`);
    const lines = fence.text.trimEnd().split('\n');
    const patterns = lines.map((line) =>
      line
        .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll(/[0-9a-f]{8}…/g, '[0-9a-f]{40}')
        .replaceAll(/\d+ ms/g, '\\d+ ms')
        .replaceAll('4000', String(this.#port)),
    );
    return new RegExp(patterns.join('\\n(?:.*\\n)*?'));
  }

  /** Ends what still runs, and removes the files. */
  async end(): Promise<void> {
    await endAll();
    rmSync(this.#directory, { recursive: true });
  }
}

const isProgram = (info: string): boolean =>
  fileNameOf(info) !== undefined && /^[jt]s\b(?!.* syntax)/.test(info);

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
