import { setTimeout as sleep } from 'node:timers/promises';
import { type PeerUpdate, type Router, RxmeshError, systemClock } from '../../index.ts';
import { printable } from '../../model/quote.ts';
import type { Command } from '../command.node.ts';
import { medianOf } from '../median.ts';
import { dialed, dialOptions, warnings, withNode } from '../node.node.ts';
import { secondsAsMs, wholeNumber } from '../parse.node.ts';
import { printLine, type Terminal } from '../terminal.node.ts';

/** How long a node may take to answer a ping, in milliseconds. */
const answerMs = 5_000;
/** How often to look whether an answer has come, in milliseconds. */
const lookMs = 2;

/** `rxmesh ping`: is a node there, and how far away? */
export const ping: Command = {
  name: 'ping',
  summary: 'dials a node, shows who it is and its channels, and measures round trips',
  positionals: ['<address>'],
  options: {
    count: { value: 'n', short: 'c', text: 'how many round trips; default: until Ctrl-C' },
    interval: { value: 'seconds', short: 'i', text: 'the time between two; default 1' },
    ...dialOptions,
    json: { text: 'prints one JSON object per line' },
  },
  notes: ['An address is what rxmesh listen prints: ws://<node ID>@host:port.'],
  examples: ['rxmesh ping ws://…@127.0.0.1:4000 --count 3'],
  async run({ positionals: [address = ''], values }, terminal) {
    const count = values.text('count');
    const times = count === undefined ? Infinity : wholeNumber('--count', count, 1, 1_000_000);
    const pauseMs = secondsAsMs('--interval', values.text('interval') ?? '1');
    const show = values.has('json') ? jsonLines(terminal) : textLines(terminal);
    await withNode(values, {}, async (router) => {
      await router.start();
      const fromMs = systemClock.now();
      const peer = await dialed(router, address, { values, terminal });
      warnings(router, terminal, ['peer-down']);
      await show.up(address, router, { peer, connectedMs: systemClock.now() - fromMs });
      const roundTrips: number[] = [];
      while (!terminal.signal.aborted && roundTrips.length < times) {
        if (roundTrips.length > 0) await pause(pauseMs, terminal);
        const ms = await roundTrip(router, peer, terminal);
        if (ms === undefined) break;
        roundTrips.push(ms);
        await show.roundTrip(roundTrips.length, ms);
      }
      if (roundTrips.length > 0) await show.summary(roundTrips);
    });
  },
};

/** Undefined if the command was stopped. */
async function roundTrip(
  router: Router,
  { id }: PeerUpdate,
  { signal }: Terminal,
): Promise<number | undefined> {
  const lastMs = (): number | undefined =>
    router.snapshot().peers.find((peer) => peer.id === id)?.roundTripMs;
  const before = lastMs();
  const untilMs = systemClock.now() + answerMs;
  // Asks connected peers for a sign of life, which is a ping.
  router.peers.redial();
  while (!signal.aborted) {
    await sleep(lookMs);
    if (!router.isUp(id)) {
      throw new RxmeshError('RXMESH_PEER_DOWN', 'the node has disconnected', { peer: id });
    }
    // A fraction of a millisecond is part of it, so two are never the same.
    const ms = lastMs();
    if (ms !== undefined && ms !== before) return ms;
    if (systemClock.now() > untilMs) throw new Error(`no answer within ${answerMs / 1_000} s`);
  }
  return undefined;
}

async function pause(ms: number, { signal }: Terminal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

interface Up {
  readonly peer: PeerUpdate;
  /** How long dialing, the handshake and the acceptance took. */
  readonly connectedMs: number;
}

/** How results are written. */
interface Lines {
  up(address: string, router: Router, up: Up): Promise<void>;
  roundTrip(number: number, ms: number): Promise<void>;
  summary(roundTrips: readonly number[]): Promise<void>;
}

const rounded = (ms: number): number => Number(ms.toFixed(3));

function textLines(terminal: Terminal): Lines {
  return {
    async up(address, router, { peer, connectedMs }) {
      const name = printable(monikerOf(router, peer));
      const channels = peer.channels.length === 0 ? 'none' : peer.channels.join(', ');
      await printLine(terminal, `${address} is up: ${name}, in ${connectedMs.toFixed(1)} ms`);
      await printLine(terminal, `channels: ${channels}`);
    },
    roundTrip: (number, ms) => printLine(terminal, `round trip ${number}: ${ms.toFixed(2)} ms`),
    summary(roundTrips) {
      const [min, median, max] = spread(roundTrips).map((ms) => ms.toFixed(2));
      const trips = roundTrips.length === 1 ? '1 round trip' : `${roundTrips.length} round trips`;
      return printLine(terminal, `${trips}: min ${min}, median ${median}, max ${max} ms`);
    },
  };
}

function jsonLines(terminal: Terminal): Lines {
  const print = (value: unknown): Promise<void> => printLine(terminal, JSON.stringify(value));
  return {
    up: (_, router, { peer, connectedMs }) =>
      print({
        event: 'up',
        peer: peer.id,
        moniker: monikerOf(router, peer),
        channels: peer.channels,
        connectedMs: rounded(connectedMs),
      }),
    roundTrip: (number, ms) => print({ event: 'round-trip', number, ms: rounded(ms) }),
    summary(roundTrips) {
      const [minMs, medianMs, maxMs] = spread(roundTrips).map(rounded);
      return print({ event: 'summary', count: roundTrips.length, minMs, medianMs, maxMs });
    },
  };
}

function monikerOf(router: Router, { id }: PeerUpdate): string {
  return router.snapshot().peers.find((peer) => peer.id === id)?.moniker ?? '';
}

function spread(roundTrips: readonly number[]): readonly [number, number, number] {
  return [Math.min(...roundTrips), medianOf(roundTrips), Math.max(...roundTrips)];
}
