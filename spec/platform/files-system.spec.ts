/** What `create` asks of the file system, in which order, and how it does without hard links. */
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

let log: string[] = [];
/** What a link fails with; undefined where there are links. */
let linkFails: string | undefined;
/** Done at the moment of each link. */
let atLink: () => Promise<void> = () => Promise.resolve();

const failing = (code: string): Error => Object.assign(new Error(code), { code });
const nameOf = (path: unknown): string =>
  basename(String(path)).replace(/\.[-0-9a-f]+\.tmp/, '.tmp');

jest.unstable_mockModule('node:fs/promises', () => ({
  ...fs,
  open: async (path: string, flags: string, mode?: number) => {
    const handle = await fs.open(path, flags, mode);
    log.push(`open ${nameOf(path)} ${flags}`);
    const sync = handle.sync.bind(handle);
    handle.sync = () => {
      log.push(`sync ${nameOf(path)}`);
      return sync();
    };
    return handle;
  },
  link: async (from: string, to: string) => {
    await atLink();
    log.push(`link ${nameOf(from)} ${nameOf(to)}`);
    if (linkFails !== undefined) throw failing(linkFails);
    return fs.link(from, to);
  },
  rename: (from: string, to: string) => {
    log.push(`rename ${nameOf(from)} ${nameOf(to)}`);
    return fs.rename(from, to);
  },
  unlink: (path: string) => {
    log.push(`unlink ${nameOf(path)}`);
    return fs.unlink(path);
  },
}));
const { platformFiles } = await import('../../lib/platform/files.node.ts');

let directory = '';
beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'rxmesh-files-'));
  [log, linkFails, atLink] = [[], undefined, () => Promise.resolve()];
});
afterEach(() => fs.rm(directory, { recursive: true }));
const file = () => join(directory, 'key');

describe('S-06 creating a file', () => {
  it('syncs the text, gives it its name, and syncs the directory', async () => {
    expect(await platformFiles.create(file(), 'text')).toBe('created');
    expect(log).toEqual([
      'open key.tmp wx',
      'sync key.tmp',
      'link key.tmp key',
      `open ${basename(directory)} r`,
      `sync ${basename(directory)}`,
      'unlink key.tmp',
    ]);
  });

  it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EMLINK'])(
    'works where a link fails with %s: the draft replaces an empty file',
    async (code) => {
      linkFails = code;
      expect(await platformFiles.create(file(), 'text')).toBe('created');
      expect(log.slice(2)).toEqual([
        'link key.tmp key',
        'open key wx',
        'rename key.tmp key',
        `open ${basename(directory)} r`,
        `sync ${basename(directory)}`,
        'unlink key.tmp',
      ]);
      expect(await platformFiles.read(file())).toEqual({ text: 'text' });
      expect(await platformFiles.create(file(), 'second')).toBe('exists');
      expect(await fs.readFile(file(), 'utf8')).toBe('text');
      expect((await fs.stat(file())).mode & 0o777).toBe(0o600);
      expect(await fs.readdir(directory)).toEqual(['key']);
    },
  );

  it('is done by one of many without links, and the others read the whole of it', async () => {
    linkFails = 'EPERM';
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, async (_, i) => {
        const outcome = await platformFiles.create(file(), `text ${i}`);
        const content = await platformFiles.read(file());
        return { outcome, text: content?.text };
      }),
    );
    const created = outcomes.findIndex(({ outcome }) => outcome === 'created');
    expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(new Set(outcomes.map(({ text }) => text))).toEqual(new Set([`text ${created}`]));
    expect(await fs.readdir(directory)).toEqual(['key']);
  });

  it('finds the file when another process has created it, and removed all drafts', async () => {
    atLink = async () => {
      await fs.writeFile(file(), 'theirs');
      await platformFiles.removeDrafts(file());
    };
    expect(await platformFiles.create(file(), 'ours')).toBe('exists');
    expect(await fs.readFile(file(), 'utf8')).toBe('theirs');
  });

  it('leaves an empty file to the process that has reserved it, for a while', async () => {
    await fs.writeFile(file(), '', { mode: 0o600 });
    const reading = platformFiles.read(file());
    await fs.writeFile(file(), 'text');
    expect(await reading).toEqual({ text: 'text' });
  });
});
