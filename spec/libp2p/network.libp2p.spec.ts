import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { within } from './within.ts';
import type { NetworkReport } from './network-report.ts';

const source = fileURLToPath(new URL('network-node.ts', import.meta.url));
/** What each process runs. As one file, a process starts with a tenth of the work. */
const program = fileURLToPath(new URL('dist/network-node.mjs', import.meta.url));
/** Packages in CommonJS import what Node has. */
const banner = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;
const size = 20;

/** A process, and what it has told. */
class Member {
  readonly process: ChildProcess;
  readonly heard = new Map<string, number>();
  address: string | undefined;
  peers = 0;

  constructor(seed: number, bootstrap: readonly string[]) {
    this.process = fork(program, [String(seed), ...bootstrap], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.process.on('message', (report: NetworkReport) => this.#take(report));
  }

  #take(report: NetworkReport): void {
    if ('address' in report) this.address = report.address;
    else if ('peers' in report) this.peers = report.peers;
    else this.heard.set(report.heard, (this.heard.get(report.heard) ?? 0) + 1);
  }
}

const members: Member[] = [];

beforeAll(async () => {
  await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: banner },
  });
});

afterAll(() => {
  for (const { process } of members) process.kill('SIGKILL');
});

/** Waits until all of these but the publisher have heard a text, each once. */
async function allHear(live: readonly Member[], publisher: Member, text: string): Promise<void> {
  publisher.process.send(text);
  const others = live.filter((member) => member !== publisher);
  await within(120_000, () => others.every(({ heard }) => heard.has(text)));
  expect(others.map(({ heard }) => heard.get(text))).toEqual(others.map(() => 1));
}

describe('twenty processes over libp2p on TCP, with one address to begin with', () => {
  it('find each other, gossip, and survive the end of five with the one they began with', async () => {
    const first = new Member(1, []);
    members.push(first);
    await within(120_000, () => first.address !== undefined);
    for (let seed = 2; seed <= size; seed += 1) {
      members.push(new Member(seed, [first.address ?? '']));
    }
    // Nobody but the first was told of more than one address.
    await within(300_000, () => members.every(({ peers }) => peers >= 3));

    await allHear(members, first, 'from the first');
    await allHear(members, members[size - 1] ?? first, 'from the last');

    const [dead, live] = [members.slice(0, 5), members.slice(5)];
    for (const { process } of dead) process.kill('SIGKILL');
    const [sixth = first] = live;
    await allHear(live, sixth, 'while five are dying');
    await within(120_000, () => live.every(({ peers }) => peers >= 3));
    for (const [i, publisher] of live.entries()) await allHear(live, publisher, `from ${i}`);
  }, 500_000);
});
