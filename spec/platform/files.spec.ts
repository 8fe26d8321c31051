import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { platformFiles as node } from '../../lib/platform/files.node.ts';
import { platformFiles as web } from '../../lib/platform/files.web.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rxmesh-files-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});
const file = () => join(directory, 'file');

describe('files in Node', () => {
  it('are created with their text, for their owner only, and read', async () => {
    expect(await node.read(file())).toBeUndefined();
    expect(await node.create(file(), 'text ✓')).toBe('created');
    expect(await node.read(file())).toEqual({ text: 'text ✓' });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('are left alone when they exist', async () => {
    await writeFile(file(), 'first');
    expect(await node.create(file(), 'second')).toBe('exists');
    expect(await readFile(file(), 'utf8')).toBe('first');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('are created by one of many who try at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, i) => node.create(file(), String(i))),
    );
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const text = String(outcomes.indexOf('created'));
    expect(await node.read(file())).toEqual({ text });
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('are not created in a directory that is missing', async () => {
    await expect(node.create(join(directory, 'none', 'file'), 'text')).rejects.toMatchObject({
      message: `the directory ${join(directory, 'none')} does not exist`,
      code: 'ENOENT',
    });
  });

  it('cannot be read when they are something else', async () => {
    await mkdir(file());
    await expect(node.read(file())).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('files in browsers', () => {
  it('do not exist, and every call says so', async () => {
    await expect(web.read('file')).rejects.toThrow('no files');
    await expect(web.create('file', 'text')).rejects.toThrow('no files');
    await expect(web.removeDrafts('file')).rejects.toThrow('no files');
  });
});
