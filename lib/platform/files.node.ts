import { randomUUID } from 'node:crypto';
import { access, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import type { FileContent, PlatformFiles } from './files.ts';

/**
 * How long to wait for the content of an empty file: another process may have reserved its name.
 */
const reservedMs = 500;
/** How often to check it. */
const reservedLookMs = 10;

/** The suffix that a draft adds to the name of its file. */
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
      // We may not list or change this directory. A leftover draft is as private as the file
      // itself.
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    }
  },
};

async function readIfExists(path: string): Promise<FileContent | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      // Of the opened file, whichever file has its name by now.
      const { mode } = await file.stat();
      const text = await file.readFile('utf8');
      // Windows has no modes: the one Node makes up does not say who may read the file.
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
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    // The system's message names only the draft, which nobody has asked for.
    if (!hasCode(cause, 'ENOENT')) throw cause;
    const error = new Error(`the directory ${dirname(path)} does not exist`, { cause });
    throw Object.assign(error, { code: 'ENOENT' });
  });
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Gives a draft its final name. Linking fails if the name exists, even if two processes try at the
 * same moment, and no reader ever sees half a file.
 */
async function publish(draft: string, path: string): Promise<'created' | 'exists'> {
  try {
    await link(draft, path);
    return 'created';
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return 'exists';
    if (!hasCode(error, 'ENOENT')) return reserve(draft, path);
    // The process that created the file has removed all drafts.
    if (await exists(path)) return 'exists';
    throw error;
  }
}

/**
 * Does the same where there are no hard links (FAT, some network and user-space file systems): an
 * empty file reserves the name, which only one process can do, and the draft then replaces it. A
 * process killed in between leaves the empty file behind; readers report it.
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

/** Makes new names in a directory survive a power failure, if the system can. */
async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open directories, and persists names by itself.
  if (process.platform === 'win32') return;
  try {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    // A directory that may not be listed, or a file system that cannot sync directories.
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

/** Not `instanceof`: in a `vm` context, Node's errors come from another realm. */
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return codes.some((code) => code === error.code);
}
