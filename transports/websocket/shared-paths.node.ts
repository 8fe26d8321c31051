import type { Server } from 'node:http';

/** Paths on which our transports listen, by shared server. */
const taken = new WeakMap<Server, Set<string>>();

/** Claims a path of a server. Returns false if another of our transports has it. */
export function takePath(server: Server, path: string): boolean {
  const paths = taken.get(server) ?? new Set();
  if (paths.has(path)) return false;
  taken.set(server, paths.add(path));
  return true;
}

/** Releases a path. */
export function leavePath(server: Server, path: string): void {
  taken.get(server)?.delete(path);
}

/**
 * Whether the listener on `path` should answer requests for unclaimed paths: if all upgrade
 * listeners are ours, the first of them does.
 */
export function answersForOthers(server: Server, path: string): boolean {
  const paths = [...(taken.get(server) ?? [])];
  return server.listenerCount('upgrade') === paths.length && paths[0] === path;
}
