import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

/** Where processes run whose network is not that of the machine. */
export interface Surroundings {
  /** What a command line begins with, to run in them; empty: they are those of the bench. */
  readonly prefix: readonly string[];
  end(): void;
}

/** What the system buffers of a TCP connection at each end, at least, at first, and at most. */
const bufferBytes = '4096 65536 262144';

const setUp = `
  ip link set lo up &&
  echo ${bufferBytes} > /proc/sys/net/ipv4/tcp_wmem &&
  echo ${bufferBytes} > /proc/sys/net/ipv4/tcp_rmem &&
  echo ready && exec cat`;

/**
 * A network of its own in which the system buffers as much of a connection as it would over a line.
 * On loopback Linux buffers some megabytes, which a line of 1 Mbit/s takes half a minute to carry,
 * and Node has no option for that.
 *
 * Needs Linux, and leave to make namespaces, which does not take root on most machines. Elsewhere
 * everything runs as it is.
 */
export async function smallBuffers(): Promise<Surroundings> {
  const none: Surroundings = { prefix: [], end: () => undefined };
  if (process.platform !== 'linux') return none;
  const options = ['--user', '--map-root-user', '--net'];
  // It ends with its stdin, so with this process.
  const holder = spawn('unshare', [...options, 'sh', '-c', setUp], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const end = (): void => void holder.kill();
  const isReady = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    // It rejects if there is no such command.
    once(holder, 'close').then(
      () => false,
      () => false,
    ),
  ]);
  if (!isReady || holder.pid === undefined) return none;
  const target = ['--target', String(holder.pid), '--user', '--preserve-credentials', '--net'];
  return { prefix: ['nsenter', ...target], end };
}
