import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

describe('keys of handshakes', () => {
  it('are made without end, however often garbage is collected meanwhile', async () => {
    const flags = ['--conditions=source', '--import', 'tsx', '--max-semi-space-size=1'];
    const script = new URL('many-keys.ts', import.meta.url).pathname;
    // Node 20 waited for itself for ever after some ten thousand, when they were exported.
    const run = promisify(execFile)(process.execPath, [...flags, script, '40000'], {
      timeout: 100_000,
    });
    expect(Number((await run).stdout)).toBe(400);
  });
});
