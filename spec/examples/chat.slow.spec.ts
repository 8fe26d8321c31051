import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, run, type Program } from './program.ts';

afterEach(endAll);

async function addressOf(program: Program): Promise<string> {
  const output = await program.prints(/ws:\/\/\S+:\d+\n/);
  return /ws:\/\/\S+/.exec(output)?.[0] ?? '';
}

describe('examples/chat.ts', () => {
  it('shows three people what the others say, and that they come and go', async () => {
    const ann = run('chat.ts', '--name', 'ann', '--listen', '0');
    const annsAddress = await addressOf(ann);
    const bob = run('chat.ts', '--name', 'bob', '--listen', '0', '--peer', annsAddress);
    const bobsAddress = await addressOf(bob);
    const both = ['--peer', annsAddress, '--peer', bobsAddress];
    const cid = run('chat.ts', '--name', 'cid', '--listen', '0', ...both);

    await Promise.all([
      ann.prints(/\* bob is up\n[^]*\* cid is up\n/),
      bob.prints(/\* ann is up\n[^]*\* cid is up\n/),
      cid.prints(/\* (ann|bob) is up\n[^]*\* (ann|bob) is up\n/),
    ]);
    cid.type('hello, you two');
    await Promise.all([ann.prints(/^cid: hello, you two$/m), bob.prints(/^cid: hello, you two$/m)]);
    bob.type('red \x1b[31m is not for terminals');
    await ann.prints(/^bob: red \?\[31m is not for terminals$/m);

    cid.kill('SIGINT');
    expect(await cid.ended).toBe(0);
    await Promise.all([ann.prints(/^\* cid is down$/m), bob.prints(/^\* cid is down$/m)]);
    expect(cid.output).not.toContain('is down');
    bob.kill('SIGINT');
    expect(await bob.ended).toBe(0);
    await ann.prints(/^\* bob is down$/m);
    ann.type('anybody?');
    await ann.prints(/^\* nobody is here to read that$/m);
  });

  it('keeps the identity in a key file, and says in one line that a port is in use', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'chat-'));
    try {
      const key = ['--key', join(directory, 'key.json')];
      const first = run('chat.ts', '--name', 'ann', '--listen', '0', ...key);
      const address = await addressOf(first);
      const port = address.slice(address.lastIndexOf(':') + 1);
      const again = run('chat.ts', '--name', 'ann', '--listen', '0', ...key);
      const blocked = run('chat.ts', '--name', 'eve', '--listen', port);

      expect((await addressOf(again)).slice(0, 45)).toBe(address.slice(0, 45));
      expect(await blocked.ended).toBe(1);
      expect(blocked.output).toMatch(/^chat: cannot listen on [^\n]*\bport \d+: .*EADDRINUSE.*\n$/);
    } finally {
      await endAll();
      rmSync(directory, { recursive: true });
    }
  });
});
