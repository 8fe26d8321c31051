import { afterEach, describe, expect, it } from '@jest/globals';
import { Process } from './pseudo-terminal.ts';
import { masked, nowhere } from './terminal.ts';

const started: Process[] = [];
afterEach(() => {
  for (const each of started.splice(0)) each.kill();
});

function inTerminal(args: readonly string[], env: Record<string, string> = {}): Process {
  const program = Process.inTerminal(args, env);
  started.push(program);
  return program;
}

function inShell(pipeline: string): Process {
  const program = Process.inShell(pipeline);
  started.push(program);
  return program;
}

const address = /(ws:\/\/[0-9a-f]{40}@127\.0\.0\.1:\d+)/;
const commands = [
  'id',
  'listen',
  'ping',
  'pub',
  'sub',
  'call',
  'peers',
  'inspect',
  'bench',
  'completion',
];

describe('in a pseudo-terminal', () => {
  it.each(commands)('the help of %s is coloured', async (command) => {
    const program = inTerminal([command, '--help']);
    expect(await program.ended).toBe(0);
    expect(program.output).toMatchSnapshot();
    expect(program.output).toContain('\u001B[1musage:\u001B[22m');
  });

  it('an error is red, and plain with NO_COLOR', async () => {
    const red = inTerminal(['ping', nowhere]);
    expect(await red.ended).toBe(1);
    expect(red.output).toMatchSnapshot();
    const plain = inTerminal(['ping', nowhere], { NO_COLOR: '1' });
    expect(await plain.ended).toBe(1);
    expect(plain.output).toMatchSnapshot();
  });

  it('Ctrl-C ends listen and ping with 0, and bench with 130', async () => {
    const node = inTerminal(['listen', '--bench', '--exchange']);
    const where = await node.prints(address);
    const ping = inTerminal(['ping', where, '--interval', '0.05']);
    await ping.prints(/round trip 2/);
    ping.type('\u0003');
    expect(await ping.ended).toBe(0);
    expect(ping.output).toMatch(
      /\^C\d+ round trips: min [\d.]+, median [\d.]+, max [\d.]+ ms\r\n$/,
    );
    const peers = inTerminal(['peers', where]);
    expect(await peers.ended).toBe(0);
    expect(masked(peers.output)).toMatchSnapshot();
    const bench = inTerminal(['bench', where, '--seconds', '30']);
    await bench.prints(/sending messages/);
    bench.type('\u0003');
    expect(await bench.ended).toBe(130);
    const done = inTerminal(['bench', where, '--seconds', '0.1']);
    expect(await done.ended).toBe(0);
    expect(done.output.replaceAll(/[\d.,]+/g, '<n>')).toMatchSnapshot();
    node.type('\u0003');
    expect(await node.ended).toBe(0);
    expect(node.output).toContain('\u001B[32mup\u001B[39m    ');
  });
});

describe('in pipes', () => {
  it('nothing is coloured, and errors are not on stdout', async () => {
    const program = inShell(
      `rxmesh ping ${nowhere} 2>/dev/null | cat; echo "exit \${PIPESTATUS[0]}"`,
    );
    expect(await program.ended).toBe(0);
    expect(program.output).toBe('exit 1\n');
  });

  it('head closes the pipe: sub ends quietly with 0, and pub with it', async () => {
    const sub = inShell('rxmesh sub 7 --listen 0 | head -n 2; echo "exits ${PIPESTATUS[*]}"');
    const where = await sub.prints(address);
    const pub = inShell(`yes 'a line' | head -n 1000000 | rxmesh pub 7 ${where}`);
    await sub.prints(/exits/);
    expect(sub.output.split('\n').slice(1)).toEqual(['a line', 'a line', 'exits 0 0', '']);
    pub.kill();
  });

  it('a node serves on when nobody reads its stderr', async () => {
    // It writes there at once that it cannot reach its peer.
    const node = inShell(`{ rxmesh listen --peer ${nowhere} 2>&1 >&3 | true; } 3>&1`);
    const where = await node.prints(address);
    const ping = inShell(`rxmesh ping ${where} --count 1`);
    expect(await ping.ended).toBe(0);
  });

  it('a full disk ends a command with one line and 1', async () => {
    const program = inShell('rxmesh --help > /dev/full');
    expect(await program.ended).toBe(1);
    expect(program.output).toBe('rxmesh: stdout: ENOSPC: no space left on device, write\n');
  });

  it('pub and sub move a file as it is, at the pace of the reader', async () => {
    const sub = inShell(
      'rxmesh sub 7 --listen 0 --bytes --count 1 | sha256sum; echo "$PIPESTATUS"',
    );
    const where = await sub.prints(address);
    const pub = inShell(`tee >(sha256sum >&2) < package-lock.json | rxmesh pub 7 ${where} --bytes`);
    expect(await Promise.all([pub.ended, sub.ended])).toEqual([0, 0]);
    const [sum = ''] = /^[0-9a-f]{64}/m.exec(pub.output) ?? [];
    expect(sub.output).toContain(`${sum}  -\n0\n`);
  });
});
