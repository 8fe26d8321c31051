/** The programs of the recipes, as processes over real sockets. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { certificate, certificateKey } from '../support/certificate.ts';
import { filesIn } from './documents.ts';
import { PagePrograms } from './page-programs.ts';
import type { Program } from '../examples/program.ts';

let page: PagePrograms;
afterEach(() => page.end());

const openPage = async (file: string): Promise<void> => {
  page = await PagePrograms.of(file);
};

const open = (name: string): Promise<void> => openPage(`docs/${name}.md`);

/** The address that a program prints, as the last word of a line with this beginning. */
async function addressFrom(program: Program, beginning: string): Promise<string> {
  const pattern = new RegExp(`^${beginning}.* (wss?://\\S+)$`, 'm');
  return pattern.exec(await program.prints(pattern))?.[1] ?? '';
}

const linesOf = (file: string): readonly string[] =>
  readFileSync(page.file(file), 'utf8').trimEnd().split('\n');

describe('the first program', () => {
  it.each(['README.md', 'docs/start.md'])('%s: Ann hears what Bob says', async (file) => {
    await openPage(file);
    const ann = page.run('ann.mjs');
    const bob = page.run('bob.mjs', await addressFrom(ann, 'node bob.mjs'));
    expect(await bob.ended).toBe(0);
    expect(await ann.prints(/heard/)).toMatch(page.shown('ann.mjs'));
  });
});

describe('docs/recipes', () => {
  it('request-response: three answers at a time, and a refusal', async () => {
    await open('recipes/request-response');
    const server = page.run('server.ts');
    const client = page.run('client.ts', await addressFrom(server, 'npx tsx client.ts'));
    expect(await client.ended).toBe(0);
    expect(client.output).toMatch(page.shown('client.ts'));
  });

  it('worker-pool: all jobs are done, though a worker is killed at one', async () => {
    await open('recipes/worker-pool');
    const boss = page.run('boss.ts');
    const address = await addressFrom(boss, 'npx tsx worker.ts');
    const [one, other] = [page.run('worker.ts', address), page.run('worker.ts', address)];
    await Promise.all([one.prints(/works on/), other.prints(/works on/)]);
    other.kill('SIGKILL');
    expect(await boss.ended).toBe(0);
    expect(boss.output).toMatch(/^job \d+ is handed out again$/m);
    expect(boss.output).toMatch(page.shown('boss.ts'));
  });

  it('batching: every row is stored, most of them a hundred at a time', async () => {
    await open('recipes/batching');
    const collector = page.run('collector.ts', page.file('rows.jsonl'));
    const sensor = page.run('sensor.ts', await addressFrom(collector, 'npx tsx sensor.ts'));
    expect(await sensor.ended).toBe(0);
    expect(sensor.output).toMatch(page.shown('sensor.ts'));
    expect(await collector.prints(/stored 50 rows/)).toMatch(page.shown('collector.ts'));
    collector.kill('SIGINT');
    expect(await collector.ended).toBe(0);
    expect(linesOf('rows.jsonl')).toHaveLength(1_050);
  });

  it('dashboard: the newest value of each sensor that is there', async () => {
    await open('recipes/dashboard');
    const dashboard = page.run('dashboard.ts');
    const address = await addressFrom(dashboard, 'npx tsx sensor.ts');
    const one = page.run('sensor.ts', '21', address);
    page.run('sensor.ts', '35', address);
    await dashboard.prints(/^2 up: \w{4} (?:2[123]|3[567]), \w{4} (?:2[123]|3[567])$/m);
    one.kill('SIGKILL');
    await dashboard.prints(/^1 up: \w{4} 3[567]$/m);
  });

  it('relay: what is hot passes from one network to the other', async () => {
    await open('recipes/relay');
    const relay = page.run('relay.ts');
    const office = page.run('office.ts', await addressFrom(relay, 'npx tsx office.ts'));
    const machine = page.run('machine.ts', await addressFrom(relay, 'npx tsx machine.ts'));
    expect(await machine.ended).toBe(0);
    expect(await office.prints(/90 °C/)).toMatch(page.shown('office.ts'));
    expect(office.output).not.toMatch(/(?:65|70) °C/);
  });

  it('reconnect: each order is stored once, though the receiver is killed', async () => {
    await open('recipes/reconnect');
    const directory = page.file('receiver');
    const first = page.run('receiver.ts', directory);
    const address = await addressFrom(first, 'npx tsx sender.ts');
    const sender = page.run('sender.ts', address, page.file('sender'));
    await first.prints(/stores 500,/);
    first.kill('SIGKILL');
    await first.ended;
    const second = page.run('receiver.ts', directory);
    expect(await sender.ended).toBe(0);
    expect(sender.output).toMatch(page.shown('sender.ts'));
    expect(second.output).toMatch(/stores 2000, the 2000th/);
  });

  it('stopping: SIGTERM ends it in order', async () => {
    await open('recipes/stopping');
    const service = page.run('service.ts');
    await service.prints(/^running$/m);
    service.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.output).toMatch(page.shown('service.ts'));
  });

  it('https: a message over TLS, with a certificate of one’s own', async () => {
    await open('recipes/https');
    writeFileSync(page.file('cert.pem'), certificate);
    writeFileSync(page.file('key.pem'), certificateKey);
    const server = page.run('server.ts', page.file('cert.pem'), page.file('key.pem'));
    const address = await addressFrom(server, 'npx tsx client.ts');
    const client = page.run('client.ts', address, page.file('cert.pem'));
    expect(await client.ended).toBe(0);
    expect(await server.prints(/hello/)).toMatch(page.shown('server.ts'));
  });

  it('testing: the tests of node:test pass', async () => {
    await open('recipes/testing');
    const test = page.run('chat.test.mjs');
    expect(await test.ended).toBe(0);
    expect(test.output).toMatch(/# pass 2$/m);
  });
});

describe('these tests', () => {
  it('run every page that has programs of several files', async () => {
    await open('start');
    const tested = readFileSync(new URL(import.meta.url), 'utf8');
    const untested = filesIn('docs', '.md').filter(
      (file) => PagePrograms.areIn(file) && !tested.includes(`open('${file.slice(5, -3)}')`),
    );
    // In this order, they are run by spec/browser/recipe.browser.spec.ts, scripts/docker-recipe.mjs
    // and spec/docs/file-transfer.slow.spec.ts.
    expect(untested).toEqual(
      ['browser', 'docker', 'file-transfer'].map((name) => `docs/recipes/${name}.md`),
    );
  });
});
