import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import type { Link } from 'rxmesh';
import { floodLink, keyed, keyedFrom } from './keyed.ts';
import { flood, frame, type Target, tcp, times, upgraded } from './raw-socket.ts';

/** An attack, which is a row of the table. */
export interface Row {
  readonly name: string;
  /** How long it lasts. */
  readonly seconds: number;
  /** Whether new nodes try to join during the attack, all of which must succeed. */
  readonly strangers?: boolean;
  /** Limit on additional memory outside the heap, 48 MiB by default. */
  readonly externalMiB?: number;
  /** Runs in a separate process, which is killed at the end. */
  readonly attack: (target: Target) => Promise<unknown>;
}

const pong = 0x8a;
const ping = 0x89;
/** The first frame of a fragmented binary message, and a continuation that is not the last. */
const firstPiece = 0x02;
const nextPiece = 0x00;

/** Loopback addresses from `127.0.0.2`, each of which counts as a host. */
const hosts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `127.0.0.${index + 2}`);

const forever = async (again: () => Promise<unknown>): Promise<never> => {
  for (;;) {
    await again().catch(() => undefined);
    await sleep(20);
  }
};

/** Runs `count` loops concurrently, each of which repeats `again`. */
const many = (count: number, again: (index: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, index) => forever(() => again(index))));

/** Runs `each` loops from every host. */
const fromHosts = (
  hostCount: number,
  each: number,
  again: (host: string) => Promise<unknown>,
): Promise<unknown> => {
  const names = hosts(hostCount);
  return many(hostCount * each, (index) => again(names[index % hostCount] ?? ''));
};

const links = (target: Target, write: (link: Link) => void): Promise<unknown> =>
  many(31, async () => floodLink(await keyed(target), write));

/** Runs `then` on the streams of 32 peers after both sides have accepted. */
const accepted = (target: Target, then: (stream: Socket) => Promise<void>): Promise<unknown> =>
  fromHosts(4, 8, async (host) => {
    const { link, stream } = await keyedFrom(target, host);
    link.accept();
    link.flush();
    await sleep(100);
    await then(stream);
  });

const closed = (socket: { once: (event: 'close', heard: () => void) => unknown }): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

/** Add a row here. */
export const rows: readonly Row[] = [
  { name: 'nothing', seconds: 3, attack: () => sleep(60_000) },
  {
    name: 'records of one ping, 31 identities',
    seconds: 8,
    attack: (target) =>
      links(target, (link) => {
        link.ping();
        link.flush();
      }),
  },
  {
    name: 'channels that open and close, 31 identities',
    seconds: 8,
    attack: (target) =>
      links(target, (link) => {
        for (let toggles = 0; toggles < 6_000; toggles += 1) {
          link.channelClosed(1);
          link.credit(1, 0, 0);
        }
        link.flush();
      }),
  },
  {
    name: 'empty pongs, 8 sockets of one host without a key',
    seconds: 6,
    attack: (target) =>
      fromHosts(1, 8, async (host) =>
        flood(await upgraded(target, host), times(10_000, frame(pong))),
      ),
  },
  {
    name: 'empty pings, 32 sockets of four hosts without a key',
    seconds: 6,
    attack: (target) =>
      fromHosts(4, 8, async (host) =>
        flood(await upgraded(target, host), times(10_000, frame(ping))),
      ),
  },
  {
    name: 'empty binary frames, 32 sockets of four hosts without a key',
    seconds: 6,
    attack: (target) =>
      fromHosts(4, 8, async (host) =>
        flood(await upgraded(target, host), times(10_000, frame(0x82))),
      ),
  },
  {
    name: 'WebSocket pongs of 32 accepted peers of four hosts',
    seconds: 6,
    attack: (target) => accepted(target, (stream) => flood(stream, times(10_000, frame(pong)))),
  },
  {
    name: 'WebSocket pings of 32 accepted peers of four hosts',
    seconds: 6,
    attack: (target) => accepted(target, (stream) => flood(stream, times(10_000, frame(ping)))),
  },
  {
    name: 'pieces of a message between pongs, 8 sockets without a key',
    seconds: 6,
    externalMiB: 24,
    attack: (target) => {
      const pongs = times(10_000, frame(pong));
      return fromHosts(1, 8, async (host) => {
        const socket = await upgraded(target, host);
        socket.write(frame(firstPiece, Uint8Array.of(1)));
        await flood(socket, Buffer.concat([frame(nextPiece, Uint8Array.of(1)), pongs]));
      });
    },
  },
  {
    name: 'pieces of a message, one in each read, 64 sockets of eight hosts',
    seconds: 6,
    externalMiB: 24,
    attack: (target) =>
      fromHosts(8, 8, async (host) => {
        const socket = await upgraded(target, host);
        socket.write(frame(firstPiece, Uint8Array.of(1)));
        for (let pieces = 0; pieces < 14; pieces += 1) {
          await sleep(30);
          socket.write(Buffer.concat([frame(nextPiece, new Uint8Array(100)), frame(pong)]));
        }
        await closed(socket);
      }),
  },
  {
    name: '256 idle TCP connections of four hosts',
    seconds: 6,
    strangers: true,
    attack: (target) => fromHosts(4, 64, async (host) => closed(await tcp(target, host))),
  },
  {
    name: '64 idle WebSockets of eight hosts',
    seconds: 6,
    strangers: true,
    attack: (target) => fromHosts(8, 8, async (host) => closed(await upgraded(target, host))),
  },
  {
    name: '12 proven peers of one host that do not accept',
    seconds: 6,
    strangers: true,
    attack: (target) =>
      many(12, async () => {
        const link = await keyed(target);
        while (!link.closed) await sleep(100);
      }),
  },
  {
    name: '96 proven peers of 32 hosts that do not accept',
    seconds: 8,
    strangers: true,
    attack: (target) =>
      fromHosts(32, 3, async (host) => {
        await closed((await keyedFrom(target, host)).stream);
        // Faster reconnects would exhaust the node's 64 connections per second, which is a
        // different attack.
        await sleep(2_000);
      }),
  },
];
