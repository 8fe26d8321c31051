import { randomUUID } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import type { PlatformFiles } from './files.ts';

/** Files, through `node:fs`. */
export const platformFiles: PlatformFiles = {
  read: async (path) => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  },

  // The text is complete under another name before a link gives it this one: a link to a name that
  // exists fails, also when two processes try at the same moment, and no reader finds half a file.
  create: async (path, text) => {
    const draft = `${path}.${randomUUID()}.tmp`;
    try {
      await write(draft, text);
      await link(draft, path);
      return 'created';
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return 'exists';
      throw error;
    } finally {
      await remove(draft);
    }
  },
};

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** Not by `instanceof`: errors of Node are of another realm where code runs in a `vm` context. */
function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
