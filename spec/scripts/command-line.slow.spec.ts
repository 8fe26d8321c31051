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

describe('options that exclude each other', () => {
  it('npm run simulate -- --close with pipes is refused, and says why', () => {
    const { status, stderr } = run('simulate', '--close', '2', '--traffic', 'pipe');
    expect(status).toBe(2);
    expect(stderr).toContain('--close is not for --traffic pipe: a pipe ends with its channel');
  });
});
