import { setTimeout as sleep } from 'node:timers/promises';
import { defer, filter, firstValueFrom, map, merge, mergeMap, throwError } from 'rxjs';
import { webSocket } from '../../transports/websocket/index.ts';
import { aborted } from '../flow/abort.ts';
import {
  createRouter,
  Identity,
  logTo,
  type NodeId,
  parseNodeAddress,
  type PeerUpdate,
  type Router,
  type RouterEvent,
  type RouterOptions,
  RxmeshError,
} from '../index.ts';
import type { OptionSpecs, Values } from './command.node.ts';
import { secondsAsMs, wholeNumber } from './parse.node.ts';
import { note, type Terminal } from './terminal.node.ts';
import { Stopped, UsageError } from './usage-error.ts';

/** The network of nodes whose command line names none. */
const defaultNetwork = 'rxmesh';
/** How long a command waits for a peer to come up, in milliseconds. */
const connectMs = 10_000;
/** How often a node looks whether its lanes are empty, in milliseconds. */
const lookMs = 20;

/** The options of every command that makes a node. */
export const nodeOptions: OptionSpecs = {
  network: { value: 'name', text: `the network of the other nodes; default ${defaultNetwork}` },
  key: { value: 'file', text: 'the key file of this node; default: a new key each time' },
};

/** The options of commands that connect to something. */
export const connectOptions: OptionSpecs = {
  timeout: { value: 'seconds', text: 'how long connecting may take; default 10' },
};

/** The options of commands that dial a node. */
export const dialOptions: OptionSpecs = { ...nodeOptions, ...connectOptions };

/** Where a node listens. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `[host:]port`.
 * @throws {UsageError} if it is no such place
 */
export function listenPlace(option: string, text: string): ListenPlace {
  const [, bracketed, plain = '127.0.0.1', port] =
    /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d+)$/.exec(text) ?? [];
  if (port === undefined) throw new UsageError(`${option} must be [host:]port, got "${text}"`);
  return { host: bracketed ?? plain, port: wholeNumber(option, port, 0, 65_535) };
}

/** Makes a router from a command's options, lets `work` use it, and stops it. */
export async function withNode(
  values: Values,
  options: Partial<RouterOptions> & { readonly listen?: ListenPlace | undefined },
  work: (router: Router) => Promise<void>,
): Promise<void> {
  const { listen, ...more } = options;
  const key = values.text('key');
  const router = createRouter({
    identity: key === undefined ? await Identity.generate() : await Identity.load(key),
    network: values.text('network') ?? defaultNetwork,
    transports: [webSocket(listen === undefined ? {} : { listen })],
    ...more,
  });
  try {
    await work(router);
  } finally {
    await router.stop();
  }
}

/**
 * Dials a node, and resolves when it is up.
 *
 * @throws {RxmeshError} if it cannot be reached, or is another node
 * @throws {Stopped} if the command is stopped first
 */
export async function dialed(
  router: Router,
  address: string,
  { values, terminal }: { readonly values: Values; readonly terminal: Terminal },
): Promise<PeerUpdate> {
  const { ms, late, signal } = connectSignal(values, terminal);
  try {
    return await router.peers.dial(parseNodeAddress(address), { signal });
  } catch (error) {
    if (terminal.signal.aborted) throw new Stopped();
    if (late.aborted)
      throw new Error(`${address} is not up after ${ms / 1_000} s`, { cause: error });
    throw withHint(error);
  }
}

/** What ends the attempt to connect: `--timeout`, or the end of the command. */
export function connectSignal(
  values: Values,
  terminal: Terminal,
): { readonly ms: number; readonly late: AbortSignal; readonly signal: AbortSignal } {
  const given = values.text('timeout');
  const ms = given === undefined ? connectMs : secondsAsMs('--timeout', given);
  const late = AbortSignal.timeout(ms);
  return { ms, late, signal: AbortSignal.any([terminal.signal, late]) };
}

/** Says which option helps against an error. */
function withHint(error: unknown): unknown {
  if (!(error instanceof RxmeshError) || error.code !== 'RXMESH_INCOMPATIBLE') return error;
  if (!error.message.includes('network')) return error;
  const { code, message, peer } = error;
  return new RxmeshError(code, `${message}: pass --network`, { ...(peer && { peer }) });
}

/** A peer whose answers a command waits for. */
export interface Asked {
  readonly router: Router;
  readonly peer: NodeId;
  readonly terminal: Terminal;
}

/**
 * Does work that only a connected peer lets end.
 *
 * @throws {RxmeshError} `RXMESH_PEER_DOWN` when the peer disconnects
 * @throws {Stopped} if the command is stopped first
 */
export function whileUp<T>({ router, peer, terminal }: Asked, work: () => Promise<T>): Promise<T> {
  const stopped$ = aborted(terminal.signal).pipe(map(() => new Stopped()));
  const down$ = router.events$.pipe(
    filter((event) => event.type === 'peer-down'),
    filter((event) => event.peer === peer),
    map(({ error }) => disconnected(peer, error)),
  );
  const end$ = merge(stopped$, down$).pipe(mergeMap((error) => throwError(() => error)));
  const task$ = defer(() => {
    if (!router.isUp(peer)) throw disconnected(peer);
    return work();
  });
  return firstValueFrom(merge(end$, task$));
}

function disconnected(peer: NodeId, error?: RxmeshError): RxmeshError {
  const why = error === undefined ? '' : `: ${error.message}`;
  return new RxmeshError('RXMESH_PEER_DOWN', `the node has disconnected${why}`, { peer });
}

/** Events that are no news. */
const quiet: readonly RouterEvent['type'][] = [
  'peer-up',
  'peer-channel',
  'peer-command',
  'recipient-awaited',
];

/** Writes what goes wrong to stderr, a line each, except events of the types in `without`. */
export function warnings(
  router: Router,
  terminal: Terminal,
  without: readonly RouterEvent['type'][] = [],
): void {
  const write = (text: string): void => note(terminal, `rxmesh: ${text}`);
  const isNews = (event: RouterEvent): boolean => {
    // What this node ends itself, and what nobody reads any more because it ends.
    if (event.type === 'peer-down' && event.error === undefined) return false;
    if (event.type === 'message-dropped' && event.direction === 'inbound') {
      if (event.reason === 'node-stopped') return false;
    }
    return ![...quiet, ...without].includes(event.type);
  };
  router.events$
    .pipe(filter(isNews))
    .subscribe(logTo({ debug: write, info: write, warn: write, error: write }));
}

/** Resolves when every lane to a peer is empty, or the command is to stop. */
export async function drained(router: Router, { signal }: Terminal): Promise<void> {
  const isWaiting = (): boolean =>
    router
      .snapshot()
      .peers.some(({ channels }) => channels.some((each) => each.outbound.depth > 0));
  while (!signal.aborted && isWaiting()) await sleep(lookMs);
}

/** Resolves when the command is to stop. */
export function stopped({ signal }: Terminal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
