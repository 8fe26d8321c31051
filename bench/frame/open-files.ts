import { readFileSync } from 'node:fs';

/** Open files that a process needs besides its connections. */
const otherFiles = 200;

/**
 * Checks that this process, and each one that it starts, may open that many connections.
 *
 * @param max how many files it may have open; by default the limit of the system
 * @throws {Error} if the limit is too low
 */
export function requireFiles(connections: number, max: number = openFilesMax()): void {
  const needed = connections + otherFiles;
  if (max >= needed) return;
  throw new Error(
    `${connections} connections need ${needed} open files a process, and ${max} are allowed: ` +
      `raise the limit with "ulimit -n ${needed}"`,
  );
}

/**
 * The limit on open files; Infinity where the system does not report it. Node raises its soft limit
 * to the hard limit at startup, so the soft limit is the one that counts.
 */
function openFilesMax(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // The file exists only on Linux.
    return Infinity;
  }
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Infinity : Number(soft);
}
