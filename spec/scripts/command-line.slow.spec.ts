import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const scripts = [
  'breaks',
  'comet-blocks',
  'delivery-cost',
  'delivery-kills',
  'fuzz',
  'gossip-network',
  'hostile',
  'inspect-cost',
  'kills',
  'message-cost',
  'metrics-cost',
  'simulate',
  'store-cost',
  'test:interop',
];

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, ...args: readonly string[]): Ended {
  return spawnSync('npm', ['run', '--silent', script, '--', ...args], { encoding: 'utf8' });
}

describe('the command line of a script', () => {
  it.each(scripts)('npm run %s refuses an option that it does not know, in words', (script) => {
    const { status, stderr } = run(script, '--bogus');
    expect(status).toBe(2);
    expect(stderr).toContain("Unknown option '--bogus'");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each(['fuzz', 'hostile'])('npm run %s -- --help says how it is used', (script) => {
    const { status, stdout } = run(script, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain(`npm run ${script}`);
  });
});

describe('a number on the command line', () => {
  it.each([
    ['kills', '--kills', 'ten'],
    ['kills', '--kills', '0'],
    ['kills', '--most', '1.5'],
    ['store-cost', '--peers', ''],
    ['fuzz', '--index', '-1'],
  ])('npm run %s -- %s %j is refused', (script, option, value) => {
    const { status, stderr } = run(script, `${option}=${value}`);
    expect(status).toBe(2);
    expect(stderr).toContain(`${option} must be a whole number of at least`);
  });
});

describe('a name that nothing has', () => {
  it.each([
    ['fuzz', ['--target', 'nothing-such'], 'no target nothing-such'],
    ['hostile', ['nothing-such'], 'no row has "nothing-such"'],
  ])('npm run %s %j ends with what there is', (script, args, text) => {
    const { status, stderr } = run(script, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(text);
  });
});

describe('npm run simulate refuses before any work, in one line,', () => {
  it.each([
    ['--close 2 --traffic pipe', '--close is not for --traffic pipe: a pipe ends with its channel'],
    ['--table --twice', '--table cannot be combined with --twice'],
    ['--table --seeds 2', '--table cannot be combined with --seeds'],
    ['--table --memory', '--table cannot be combined with --memory'],
    ['--table --svg a.svg', '--table cannot be combined with --svg'],
    ['--wanted 100', '--wanted must be at most --max-connected (32), got 100'],
    ['--max-connected 4 --wanted 5', '--wanted must be at most --max-connected (4), got 5'],
    ['--svg no-such-directory/a.svg', '--svg: cannot write to the file: ENOENT'],
    ['--svg scripts', '--svg: cannot write to the file: EISDIR'],
    ['--bytes 4194305', '--bytes must be a whole number from 4 to 4194304'],
    ['--lane 1048577', '--lane must be a whole number from 1 to 1048576'],
    ['--max-connected 1000001', '--max-connected must be a whole number from 1 to 1000000'],
    ['--nodes 1000001', '--nodes must be a whole number from 1 to 1000000'],
    ['--minutes Infinity', '--minutes must be a number from 0 to 1000000, got Infinity'],
    ['--rate 1e9', '--rate must be a number from 0 to 1000000, got 1e9'],
    ['--only 1-99999999999', '--only takes numbers up to 10000000, got 1-99999999999'],
  ])('%s', (line, text) => {
    const { status, stdout, stderr } = run('simulate', ...line.split(' '));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`simulate: ${text}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('npm run gossip-network refuses before any work, in one line,', () => {
  it.each([
    ['--nodes 10.5', '--nodes must be a whole number from 2 to 1000000, got 10.5'],
    ['--nodes 1e12', '--nodes must be a whole number from 2 to 1000000'],
    ['--bytes 5', '--bytes must be a whole number from 10 to 1000000, got 5'],
    ['--nodes 10 --publishers 11', '--publishers must be a whole number from 1 to 10, got 11'],
  ])('%s', (line, text) => {
    const { status, stdout, stderr } = run('gossip-network', ...line.split(' '));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`gossip-network: ${text}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
