/** `rxmesh inspect` in a terminal and in a shell, on nodes in processes of their own. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { endInspected, type Inspected, startInspected } from '../support/inspected.ts';
import { Process } from './pseudo-terminal.ts';
import { shape } from './terminal.ts';

const nodes: Inspected[] = [];
const started: Process[] = [];

beforeAll(async () => {
  // ann sends orders to bob, who takes none.
  const ann = await startInspected('ann');
  nodes.push(ann, await startInspected('bob', ann.address));
});

afterEach(() => {
  for (const each of started.splice(0)) each.kill();
});

afterAll(async () => {
  await Promise.all(nodes.map(endInspected));
});

function inTerminal(...args: readonly string[]): Process {
  const program = Process.inTerminal(['inspect', nodes[0]?.url ?? '', ...args]);
  started.push(program);
  return program;
}

function inShell(pipeline: string): Process {
  const program = Process.inShell(pipeline.replace('$url', `'${nodes[0]?.url ?? ''}'`));
  started.push(program);
  return program;
}

describe('rxmesh inspect', () => {
  it('says in a pipe who waits for whom', async () => {
    const program = inShell('rxmesh inspect $url | cat; echo "exit ${PIPESTATUS[0]}"');
    expect(await program.ended).toBe(0);
    const { output } = program;
    expect(shape(output)).toMatchSnapshot();
    expect(output).toMatch(/^Stalled for \d+(?:\.\d)? s: channel 17 \(0x11\) to bob$/m);
    expect(output).toMatch(/^ {2}cause: Peer bob \(\w{8}\) takes nothing on this channel/m);
    expect(output).toMatch(/^ {2}who waits: [\d,]+ sends of this node wait behind 8 messages/m);
    expect(output).toMatch(/^17 \(0x11\) +to bob +\[#{10}\] 100 % +8 of 8 .* block$/m);
    // Five a second, of either side.
    const [, arrived = '', sent = ''] =
      /^16 \(0x10\) +1 +[\d,]+ +(\d+) +[\d,]+ +(\d+) /m.exec(output) ?? [];
    for (const rate of [arrived, sent]) expect(Math.abs(Number(rate) - 5)).toBeLessThanOrEqual(2);
  });

  it('gives machines the stall in one object', async () => {
    const program = inShell('rxmesh inspect $url --once --json');
    expect(await program.ended).toBe(0);
    const shown = JSON.parse(program.output) as {
      peers: { key: string; moniker: string }[];
      stalls: unknown[];
      lanes: unknown[];
    };
    const [{ key, moniker } = { key: '', moniker: '' }] = shown.peers;
    expect(moniker).toBe('bob');
    const lane = { key: `${key}/17/outbound`, strategy: 'block', depth: 8, limit: 8, credit: 0 };
    expect(shown.lanes).toContainEqual(expect.objectContaining({ ...lane, fill: 1 }));
    const stall = { kind: 'stalled', channel: 17, peers: [key], lanes: [lane.key] };
    expect(shown.stalls).toEqual([expect.objectContaining(stall)]);
  });

  it('draws over its last picture in a terminal, in colour, until Ctrl-C', async () => {
    const program = inTerminal('--interval', '0.2');
    await program.prints(/(?:Stalled for[^]*){6}/);
    program.type('\u0003');
    expect(await program.ended).toBe(0);
    const pictures = program.output.split('\u001B[?7l').slice(1);
    expect(pictures.length).toBeGreaterThan(5);
    for (const [i, picture] of pictures.entries()) {
      const lines = picture.split('\r\n').length - 1;
      expect(lines).toBeLessThan(24);
      // Up by as many lines as there were.
      if (i < pictures.length - 1) expect(picture).toContain(`\u001B[${lines}A\r\u001B[J`);
    }
    const last = pictures.at(-1) ?? '';
    expect(last).toContain('\u001B[1mnode\u001B[22m ');
    expect(last).toMatch(/\[31mStalled for [\d.]+ s:.{5} channel 17/);
    expect(last).toContain('\u001B[32mup   \u001B[39m');
    expect(last).toContain('\u001B[31m[##########] 100 %\u001B[39m');
  });

  it('asks for the token on a terminal, and does not show it', async () => {
    const url = new URL(nodes[0]?.url ?? '');
    const program = Process.inTerminal(['inspect', `${url.origin}/`, '--once']);
    started.push(program);
    await program.prints(/token: /);
    const token = url.searchParams.get('token') ?? '';
    program.type(`${token}\r`);
    expect(await program.ended).toBe(0);
    expect(program.output).toMatch(/^token: \r?\n/);
    expect(program.output).toContain('channel 17 (0x11)');
    expect(program.output).not.toContain(token);
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends when the user answers with %s', async (_, key) => {
    const { origin } = new URL(nodes[0]?.url ?? '');
    const program = Process.inTerminal(['inspect', `${origin}/`]);
    started.push(program);
    await program.prints(/token: /);
    program.type(key);
    expect(await program.ended).toBe(130);
  });

  it('takes the token from stdin or the environment, so that no list of processes has it', async () => {
    const { origin, searchParams } = new URL(nodes[0]?.url ?? '');
    const token = searchParams.get('token') ?? '';
    for (const pipeline of [
      `printf '%s\\n' '${token}' | rxmesh inspect ${origin} --once --token-stdin`,
      `RXMESH_INSPECT_TOKEN='${token}' rxmesh inspect ${origin} --once`,
    ]) {
      const program = inShell(pipeline);
      expect(await program.ended).toBe(0);
      expect(program.output).toMatch(/^Stalled for \d+(?:\.\d)? s: channel 17 \(0x11\) to bob$/m);
    }
    const wrong = inShell(`RXMESH_INSPECT_TOKEN=wrong rxmesh inspect ${origin} --once`);
    expect(await wrong.ended).toBe(1);
    expect(wrong.output).toContain('refuses the token');
    const none = inShell(`rxmesh inspect ${origin} --token-stdin < /dev/null`);
    expect(await none.ended).toBe(2);
    expect(none.output).toContain('there is no token on stdin');
  });

  it('ends with 1 when the node is killed', async () => {
    const eve = await startInspected('eve', nodes[0]?.address);
    nodes.push(eve);
    const program = Process.inTerminal(['inspect', eve.url]);
    started.push(program);
    await program.prints(/known peers up/);
    await endInspected(eve);
    expect(await program.ended).toBe(1);
    expect(program.output).toContain('the inspector is gone: the node has probably stopped');
  });
});
