import type { Contestant } from './contestant.ts';

/** How a contestant is presented. */
export interface Entry {
  readonly name: string;
  /** What it is, for the report. */
  readonly about: string;
  readonly isEncrypted: boolean;
  /**
   * Whether it encodes and decodes each message; else it carries frames that were encoded before.
   */
  readonly isDecoded: boolean;
  /** Whether several independent streams share a connection. */
  readonly hasChannels: boolean;
  /** In a process that runs another contestant, it is not loaded. */
  load(): Promise<Contestant>;
}

const whole = { isEncrypted: true, isDecoded: true, hasChannels: true };
const bare = { isEncrypted: false, isDecoded: false, hasChannels: false };

/** All who carry messages between processes. */
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
    name: 'libp2p',
    about: 'js-libp2p over TCP, with noise and yamux: sent one by one, `stream.send` for each',
    ...whole,
    load: async () => (await import('./libp2p.ts')).libp2p,
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

/** @throws {RangeError} there is none of that name */
export async function contestantOf(name: string): Promise<Contestant> {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry.load();
}
