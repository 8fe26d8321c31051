import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

describe('keys of handshakes', () => {
  it('do not deadlock Node when garbage is collected while they are made', async () => {
    const flags = ['--conditions=source', '--import', 'tsx', '--max-semi-space-size=1'];
    const script = new URL('many-keys.ts', import.meta.url).pathname;
    // Node 20 deadlocks after some ten thousand if the public halves are exported.
    const run = promisify(execFile)(process.execPath, [...flags, script, '40000'], {
      timeout: 100_000,
    });
    expect(Number((await run).stdout)).toBe(400);
  });
});
