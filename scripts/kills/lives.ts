import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a learner says once it has read its store. */
export interface Loaded {
  readonly known: readonly number[];
  /** The messages of its store events: there should be none. */
  readonly events: readonly string[];
}

/** What a learner says when it has learned a peer. */
export interface Learned {
  readonly learned: number;
  /** The date. */
  readonly atMs: number;
}

/** What one life of a node has done, and left. */
export interface Life {
  readonly learned: number;
  /** How many peers the next life has found. */
  readonly found: number;
  /** Peers that the next life has not found, although this one had found them. */
  readonly forgotten: number;
  /** How long before the kill the oldest peer was learned that the next life has not found. */
  readonly lostMs: number;
  /** What the next life has to say about the store. */
  readonly events: readonly string[];
}

const learner = fileURLToPath(new URL('learner.ts', import.meta.url));

/**
 * Lets a process learn peers and kills it (`SIGKILL`), again and again, with one database. Each
 * life is told when the next one has read what it left.
 *
 * @param lifeMs how long a life lasts from its first peer
 */
export async function* lives(directory: string, lifeMs: () => number): AsyncGenerator<Life> {
  let next = 0;
  let child = birth(directory, next);
  try {
    let { known } = await loadedBy(child);
    for (;;) {
      const { learned, killedAtMs } = await kill(child, lifeMs());
      next = 1 + Math.max(next, ...learned.map((each) => each.learned));
      child = birth(directory, next);
      const after = await loadedBy(child);
      const found = new Set(after.known);
      const lost = learned.filter((each) => !found.has(each.learned));
      yield {
        learned: learned.length,
        found: found.size,
        forgotten: known.filter((n) => !found.has(n)).length,
        lostMs: Math.max(0, ...lost.map(({ atMs }) => killedAtMs - atMs)),
        events: after.events,
      };
      known = after.known;
    }
  } finally {
    child.kill('SIGKILL');
  }
}

function birth(directory: string, next: number): ChildProcess {
  const execArgv = ['--conditions=source', '--import', 'tsx'];
  return fork(learner, [directory, String(next)], { execArgv });
}

async function loadedBy(child: ChildProcess): Promise<Loaded> {
  const [loaded] = (await once(child, 'message')) as [Loaded];
  return loaded;
}

/** Kills a learner after a while. What it has learned is complete only when it is gone. */
async function kill(
  child: ChildProcess,
  lifeMs: number,
): Promise<{ learned: readonly Learned[]; killedAtMs: number }> {
  const learned: Learned[] = [];
  child.on('message', (each: Learned) => learned.push(each));
  await once(child, 'message');
  await sleep(lifeMs);
  const killedAtMs = Date.now();
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
  return { learned, killedAtMs };
}
