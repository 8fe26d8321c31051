import type { Server } from 'node:http';

/** Paths on which transports of ours listen, by the server that they share. */
const taken = new WeakMap<Server, Set<string>>();

/** Takes a path of a server; false if somebody of ours has it already. */
export function takePath(server: Server, path: string): boolean {
  const paths = taken.get(server) ?? new Set();
  if (paths.has(path)) return false;
  taken.set(server, paths.add(path));
  return true;
}

/** Gives it back. */
export function leavePath(server: Server, path: string): void {
  taken.get(server)?.delete(path);
}

/**
 * Whether the listener on `path` is to answer for the paths that nobody has: if all who take
 * upgrades are ours, the first one of them.
 */
export function answersForOthers(server: Server, path: string): boolean {
  const paths = [...(taken.get(server) ?? [])];
  return server.listenerCount('upgrade') === paths.length && paths[0] === path;
}
