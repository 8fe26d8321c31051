/** The recipe for file transfer, with a file of 1 GiB: the memory of both processes stays flat. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Program } from '../examples/program.ts';
import { PagePrograms } from './page-programs.ts';

const mebibyte = 2 ** 20;
/** What Node, the loader of TypeScript and the router take, and a few megabytes of chunks. */
const residentMebibytesMax = 400;

let page: PagePrograms;
let server: Program;
let address: string;

beforeEach(async () => {
  page = await PagePrograms.of('docs/recipes/file-transfer.md');
  server = page.run('server.ts', page.file('.'));
  address = /(ws:\S+)/.exec(await server.prints(/client\.ts ws:\S+/))?.[1] ?? '';
});
afterEach(() => page.end());

const fetching = (name: string): Program =>
  page.run('client.ts', address, name, page.file(`fetched-${name}`));

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Writes a file of different mebibytes. */
async function fill(name: string, mebibytes: number): Promise<string> {
  const block = randomBytes(mebibyte);
  const file = await open(page.file(name), 'w');
  for (let n = 0; n < mebibytes; n += 1) {
    block.writeUInt32LE(n);
    await file.appendFile(block);
  }
  await file.close();
  return page.file(name);
}

/** The peak resident memory of a process so far, as Linux counts it, in MiB. */
function peakMebibytes({ pid }: Program): number {
  const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

describe('docs/recipes/file-transfer', () => {
  it('fetches a file, and says what it has of it', async () => {
    const path = await fill('notes.bin', 3);
    const client = fetching('notes.bin');
    expect(await client.ended).toBe(0);
    expect(client.output).toMatch(page.shown('client.ts'));
    expect(await digestOf(page.file('fetched-notes.bin'))).toBe(await digestOf(path));
  });

  it('refuses a name that leads out of the directory, and one that is not there', async () => {
    for (const [name, text] of [
      ['../notes.bin', 'a name has no directories'],
      ['none.bin', 'there is no file none.bin'],
    ] as const) {
      const client = page.run('client.ts', address, name, page.file('target'));
      expect(await client.ended).toBe(1);
      expect(client.output).toContain(`${name}: ${text}`);
    }
  });

  it('moves 1 GiB in flat memory, though it is cancelled once', async () => {
    const path = await fill('big.bin', 1024);
    const first = fetching('big.bin');
    await first.prints(/big\.bin: 20 %/);
    first.kill('SIGINT');
    expect(await first.ended).toBe(1);
    expect(first.output).toContain('big.bin: cancelled');
    await server.prints(/big\.bin: left/);
    const part = page.file('fetched-big.bin.part');
    const bytesBefore = statSync(part).size;
    expect(bytesBefore).toBeLessThan(1024 * mebibyte);

    const second = fetching('big.bin');
    await second.prints(/big\.bin: 100 %/);
    const peaks = { server: peakMebibytes(server), client: peakMebibytes(second) };
    writeFileSync(process.stderr.fd, `peak resident memory in MiB: ${JSON.stringify(peaks)}\n`);
    expect(await second.ended).toBe(0);
    expect(existsSync(part)).toBe(false);
    expect(await digestOf(page.file('fetched-big.bin'))).toBe(await digestOf(path));
    expect(Math.max(peaks.server, peaks.client)).toBeLessThan(residentMebibytesMax);
  }, 300_000);
});
