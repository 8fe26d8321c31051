import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

/** An environment for processes, possibly with a separate network. */
export interface Surroundings {
  /** The command prefix that runs a process in it; empty if it is the bench's own environment. */
  readonly prefix: readonly string[];
  end(): void;
}

/** Minimum, initial and maximum TCP buffer at each end. */
const bufferBytes = '4096 65536 262144';

const setUp = `
  ip link set lo up &&
  echo ${bufferBytes} > /proc/sys/net/ipv4/tcp_wmem &&
  echo ${bufferBytes} > /proc/sys/net/ipv4/tcp_rmem &&
  echo ready && exec cat`;

/**
 * Creates a network namespace whose TCP buffers are as small as over a real line. On loopback,
 * Linux buffers several megabytes, which take half a minute at 1 Mbit/s, and Node has no option to
 * change that.
 *
 * Needs Linux and permission to create user namespaces, which most machines grant without root.
 * Elsewhere, processes run in the normal environment.
 */
export async function smallBuffers(): Promise<Surroundings> {
  const none: Surroundings = { prefix: [], end: () => undefined };
  if (process.platform !== 'linux') return none;
  const options = ['--user', '--map-root-user', '--net'];
  // It exits when its stdin closes, and so with this process.
  const holder = spawn('unshare', [...options, 'sh', '-c', setUp], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const end = (): void => void holder.kill();
  const isReady = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    // `once` rejects if the command does not exist.
    once(holder, 'close').then(
      () => false,
      () => false,
    ),
  ]);
  if (!isReady || holder.pid === undefined) return none;
  const target = ['--target', String(holder.pid), '--user', '--preserve-credentials', '--net'];
  return { prefix: ['nsenter', ...target], end };
}
