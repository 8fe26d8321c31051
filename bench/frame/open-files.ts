import { readFileSync } from 'node:fs';

/** Files that a process needs open besides its connections. */
const otherFiles = 200;

/**
 * Sees to it that this process, and so each that it starts, may have so many connections.
 *
 * @param max how many files it may have open; by default as many as the system says
 * @throws {Error} the system allows fewer open files than that
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
 * Node raises its soft limit to the hard one when it starts, so that the soft one is what counts.
 * Infinity where the system does not tell.
 */
function openFilesMax(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Only Linux has it.
    return Infinity;
  }
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Infinity : Number(soft);
}
