import { randomUUID } from 'node:crypto';
import { access, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import type { FileContent, PlatformFiles } from './files.ts';

/** How long an empty file is looked at for a text: another process has reserved its name. */
const reservedMs = 500;
/** How often. */
const reservedLookMs = 10;

/** What stands behind the name of a file in that of its draft. */
const DRAFT_SUFFIX = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Files, through `node:fs`. */
export const platformFiles: PlatformFiles = {
  read: async (path) => {
    let content = await readIfExists(path);
    for (let ms = 0; content?.text === '' && ms < reservedMs; ms += reservedLookMs) {
      await setTimeout(reservedLookMs);
      content = await readIfExists(path);
    }
    return content;
  },

  create: async (path, text) => {
    const draft = `${path}.${randomUUID()}.tmp`;
    try {
      await write(draft, text);
      const outcome = await publish(draft, path);
      if (outcome === 'created') await syncDirectory(dirname(path));
      return outcome;
    } finally {
      await remove(draft);
    }
  },

  removeDrafts: async (path) => {
    const name = basename(path);
    const isDraft = (each: string): boolean =>
      each.startsWith(name) && DRAFT_SUFFIX.test(each.slice(name.length));
    try {
      for (const each of (await readdir(dirname(path))).filter(isDraft))
        await remove(join(dirname(path), each));
    } catch (error) {
      // A directory that we may not list or change. A draft is as private as the file, which is
      // good.
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    }
  },
};

async function readIfExists(path: string): Promise<FileContent | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      // Of the file that is open, whatever has its name by now.
      const { mode } = await file.stat();
      const text = await file.readFile('utf8');
      // Windows has no modes: Node makes up one, which says nothing about who may read.
      const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0;
      return isOpen ? { text, openMode: (mode & 0o777).toString(8) } : { text };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Gives a draft its name. A link to a name that exists fails, also when two processes try at the
 * same moment, and no reader finds half a file.
 */
async function publish(draft: string, path: string): Promise<'created' | 'exists'> {
  try {
    await link(draft, path);
    return 'created';
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return 'exists';
    if (!hasCode(error, 'ENOENT')) return reserve(draft, path);
    // Whoever has created the file has removed all drafts.
    if (await exists(path)) return 'exists';
    throw error;
  }
}

/**
 * The same where there are no hard links (FAT, some network and user-space file systems): an empty
 * file takes the name, which one process can do, and the draft replaces it. A process that is
 * killed in between leaves the empty file: who reads it says so.
 */
async function reserve(draft: string, path: string): Promise<'created' | 'exists'> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return 'exists';
    throw error;
  }
  try {
    await rename(draft, path);
    return 'created';
  } catch (error) {
    await remove(path);
    throw error;
  }
}

/** Makes new names in a directory outlast a power cut, where the system can. */
async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories, and writes names by itself.
  if (process.platform === 'win32') return;
  try {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    // One that may not be listed, or a file system that syncs no directories.
    if (!hasCode(error, 'EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EISDIR')) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
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
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return codes.some((code) => code === error.code);
}
