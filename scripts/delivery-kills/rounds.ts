import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { join } from 'node:path';

/** What the processes say. */
export interface Said {
  readonly address?: string;
  readonly handled?: number;
  readonly problem?: string;
}

/** How it went. */
export interface Outcome {
  readonly kills: { readonly sender: number; readonly receiver: number };
  /** The last number that was handled, as its database says. */
  readonly last: number;
  /** Messages left in the sender's database. */
  readonly left: number;
  readonly problems: readonly string[];
}

const sides = ['sender', 'receiver'] as const;
type Side = (typeof sides)[number];

/**
 * Delivers the numbers below `total` from one process to another, and kills (`SIGKILL`) either of
 * them again and again.
 */
export async function killWhileDelivering(
  directory: string,
  total: number,
  kills: number,
  onKill: (side: Side, handled: number) => void = () => undefined,
): Promise<Outcome> {
  const problems: string[] = [];
  const counts = { sender: 0, receiver: 0 };
  const children = new Map<Side, ChildProcess>();
  const port = String(await freePort());
  let handled = -1;
  let address = '';
  let wake = (): void => undefined;

  const start = (side: Side): void => {
    const own = side === 'sender' ? [address, String(total)] : [port];
    const script = fileURLToPath(new URL(`${side}.ts`, import.meta.url));
    const execArgv = ['--conditions=source', '--import', 'tsx'];
    const child = fork(script, [directory, ...own], { execArgv });
    child.on('message', (said: Said) => {
      if (said.problem !== undefined) problems.push(said.problem);
      if (said.address !== undefined) address = said.address;
      handled = Math.max(handled, said.handled ?? -1);
      wake();
    });
    children.set(side, child);
  };
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const kill = async (side: Side): Promise<void> => {
    const child = children.get(side);
    if (child === undefined) return;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  };

  try {
    start('receiver');
    await until(() => address !== '');
    start('sender');
    for (let round = 0; round < kills; round += 1) {
      // Anywhere in its share of the numbers, and between two messages of the receiver.
      const at = ((round + Math.random()) * total) / (kills + 1);
      await until(() => handled >= Math.floor(at / 50) * 50);
      await new Promise((resolve) => setTimeout(resolve, 10 * Math.random()));
      const side = sides[Math.random() < 0.5 ? 0 : 1];
      await kill(side);
      counts[side] += 1;
      onKill(side, handled);
      start(side);
    }
    await until(() => handled >= Math.floor((total - 1) / 50) * 50);
    // The last ones, and their acknowledgements.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  } finally {
    for (const side of sides) await kill(side);
  }
  const last = await open(join(directory, 'receiver'), (database) => database.get('last'));
  const left = await open(join(directory, 'sender'), (database) =>
    database
      .keys({ gt: 'rxmesh-deliveries/1/1/message/', lt: 'rxmesh-deliveries/1/1/message/~' })
      .all(),
  );
  return { kills: counts, last: Number(last ?? -1), left: left.length, problems };
}

async function open<T>(path: string, read: (database: ClassicLevel) => Promise<T>): Promise<T> {
  const database = new ClassicLevel(path);
  try {
    return await read(database);
  } finally {
    await database.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
