import { hasGo, install } from '../cometbft/install.ts';
import type { Contestant } from './contestant.ts';

/** A contestant's description and loader. */
export interface Entry {
  readonly name: string;
  /** Description for the report. */
  readonly about: string;
  readonly isEncrypted: boolean;
  /** Whether it encodes and decodes each message, rather than carrying pre-encoded frames. */
  readonly isDecoded: boolean;
  /** Whether one connection can carry several independent streams. */
  readonly hasChannels: boolean;
  /** Whether it can run on this machine. Default: yes. */
  isHere?(): boolean;
  /** Prepares this machine for it, before any process loads it. */
  prepare?(log: (text: string) => void): void;
  /** Loads the contestant. Processes load only the one they run. */
  load(): Promise<Contestant>;
}

const whole = { isEncrypted: true, isDecoded: true, hasChannels: true };
const bare = { isEncrypted: false, isDecoded: false, hasChannels: false };

/** The contestants that carry messages between processes, in the order of the report. */
export const entries: readonly Entry[] = [
  {
    name: 'rxmesh',
    about: 'rxmesh over WebSocket: `pipeTo` from a generator, `in$.consume` at the receiver',
    ...whole,
    load: async () => (await import('./rxmesh.ts')).rxmesh,
  },
  {
    name: 'rxmesh-operators',
    about: 'the same, with `in$.pipe(map(…), filter(…)).subscribe(…)` at the receiver',
    ...whole,
    load: async () => (await import('./rxmesh.ts')).rxmeshOperators,
  },
  {
    name: 'comet',
    about: "rxmesh over CometBFT's own wire, in its records and packets of 1 KiB",
    ...whole,
    load: async () => (await import('./rxmesh.ts')).rxmeshComet,
  },
  {
    name: 'cometbft',
    about: "CometBFT's own p2p in Go, without its rate limits; measured where Go is installed",
    ...whole,
    hasChannels: false,
    isHere: hasGo,
    prepare: install,
    load: async () => (await import('./cometbft.ts')).cometBft,
  },
  {
    name: 'libp2p',
    about: 'js-libp2p over TCP, with noise and yamux: sent one by one, `stream.send` for each',
    ...whole,
    load: async () => (await import('./libp2p.ts')).libp2p,
  },
  {
    name: 'rxmesh-libp2p',
    about: 'rxmesh over js-libp2p on TCP, with noise and yamux, and its own encryption inside',
    ...whole,
    load: async () => (await import('./rxmesh-libp2p.ts')).rxmeshLibp2p,
  },
  {
    name: 'rxmesh-libp2p-same-key',
    about: 'the same with `sameKey`: noise is the only proof and encryption',
    ...whole,
    load: async () => (await import('./rxmesh-libp2p.ts')).rxmeshLibp2pSameKey,
  },
  {
    name: 'secret-stream',
    about: '@hyperswarm/secret-stream over TCP: sent one by one, `write` for each',
    ...whole,
    hasChannels: false,
    load: async () => (await import('./secret-stream.ts')).secretStream,
  },
  {
    name: 'rsocket',
    about: 'rsocket-js over TCP: sent one by one, in a stream that the receiver requests',
    ...whole,
    isEncrypted: false,
    load: async () => (await import('./rsocket.ts')).rsocket,
  },
  {
    name: 'ws',
    about: 'a bare WebSocket: sent one by one',
    ...bare,
    load: async () => (await import('./ws.ts')).ws,
  },
  {
    name: 'ws-batches',
    about: 'a bare WebSocket: frames behind their lengths, in batches of 64 KiB made by hand',
    ...bare,
    load: async () => (await import('./ws.ts')).wsBatches,
  },
  {
    name: 'socket',
    about: 'node:net with records of 64 KiB, sealed with ChaCha20-Poly1305 by node:crypto',
    ...bare,
    isEncrypted: true,
    load: async () => (await import('./socket.ts')).socket,
  },
  {
    name: 'parts',
    about:
      'the same, with each message encoded and decoded by the codec of rxmesh: its parts, without the router',
    ...whole,
    hasChannels: false,
    load: async () => (await import('./parts.ts')).parts,
  },
];

/** The contestants that can run on this machine. */
export function entriesHere(): readonly Entry[] {
  return entries.filter(({ isHere }) => isHere?.() ?? true);
}

/** @throws {RangeError} if there is no contestant of that name */
export function entryOf(name: string): Entry {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry;
}

/** @throws {RangeError} if there is no contestant of that name */
export async function contestantOf(name: string): Promise<Contestant> {
  return entryOf(name).load();
}
