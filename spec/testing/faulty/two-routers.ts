import { expect, it } from '@jest/globals';
import { createRouter, json } from 'rxmesh';
import {
  faulty,
  type FaultyOptions,
  type FaultyTransport,
  type FrameFault,
  simulate,
  type Simulation,
  type SimulationOptions,
  watchInvariants,
} from 'rxmesh/testing';

interface Numbered {
  readonly n: number;
  readonly text: string;
}

interface Wrapped {
  readonly net: Simulation;
  /** The transport of node 0. */
  readonly line: () => FaultyTransport;
  readonly faults: FrameFault[];
}

/** Nodes of which node 0 is on lines with these options. */
export function wrapped(line: FaultyOptions, options: SimulationOptions): Wrapped {
  const lines: FaultyTransport[] = [];
  const faults: FrameFault[] = [];
  const net = simulate({
    protection: 'encrypted',
    ...options,
    makeRouter: (given) => {
      const { clock } = given;
      if (lines.length > 0) return createRouter(given);
      const transports = given.transports.map((transport) => faulty(transport, { clock, ...line }));
      for (const transport of transports) {
        transport.faults$.subscribe((fault) => faults.push(fault));
        lines.push(transport);
      }
      return createRouter({ ...given, transports });
    },
  });
  const first = (): FaultyTransport => {
    const [transport] = lines;
    if (transport === undefined) throw new Error('no transport is wrapped');
    return transport;
  };
  return { net, line: first, faults };
}

/** Node 0 dials node 1, but not the other way round, and at once again. */
export const oneDials: SimulationOptions = {
  nodes: 2,
  knows: (node) => node === 0,
  options: (node) => ({
    peers: { disconnectCooldownMs: 10, retryMinMs: 10, wanted: node === 0 ? 8 : 0 },
  }),
};

/** The codes of the errors with which a node lost its peer. */
export function downs(net: Simulation, node: number): readonly (string | undefined)[] {
  return net.log.flatMap((entry) =>
    entry.node === node && entry.event.type === 'peer-down' ? [entry.event.error?.code] : [],
  );
}

const text = 'x'.repeat(200);

/** Sends numbered messages both ways for some seconds. */
function talk({ net }: Wrapped, seconds = 10) {
  const invariants = watchInvariants(net);
  const channel = net.openChannels({ id: 1, codec: json<Numbered>() });
  const ledger = invariants.ledger(channel, ({ n }) => n);
  net.start();
  for (let n = 1; n <= seconds * 100; n += 1) {
    ledger.send(n % 2, (n + 1) % 2, { n, text });
    net.advance(10);
  }
  return { invariants, ledger };
}

/** A run: what the nodes log, what the transport reports, and what became of the messages. */
export function runOf(line: FaultyOptions, seconds?: number) {
  const both = wrapped(line, oneDials);
  const { invariants, ledger } = talk(both, seconds);
  invariants.finish();
  return { log: both.net.log.map(String), faults: both.faults, totals: ledger.totals() };
}

/** All that can go wrong, on a slow line. */
export const everything: FaultyOptions = {
  ...{ latencyMs: 20, jitterMs: 20, bytesPerSecond: 60_000 },
  faults: {
    cutAfterBytes: [3_000, 200_000],
    truncateAfterBytes: [3_000, 200_000],
    cutAfterFrames: [50, 800],
    flipEveryBytes: 60_000,
    flood: { afterBytes: [0, 200_000], bytes: 100_000 },
    refuseDials: 0.2,
  },
};

/** Two routers talk for some seconds on a line that breaks, once for each seed with all faults. */
export function itBreaks(seconds: number, seeds: readonly number[]): void {
  it.each([
    ['a cut', { cutAfterBytes: 20_000 }, 'CONNECTION_FAILED', 'CONNECTION_FAILED'],
    ['a cut after frames', { cutAfterFrames: 50 }, 'CONNECTION_FAILED', 'CONNECTION_FAILED'],
    ['a shortened frame', { truncateAfterBytes: 20_000 }, 'CONNECTION_CLOSED', 'RECORD_INVALID'],
    ['a flood', { flood: { afterBytes: 20_000, bytes: 9 } }, 'CONNECTION_CLOSED', 'RECORD_INVALID'],
    ['a flipped bit', { flipEveryBytes: 10_000 }, 'CONNECTION_CLOSED', 'RECORD_INVALID'],
  ] as const)('see %s as typed errors', (_, faults, sender, reader) => {
    const both = wrapped({ latencyMs: 5, faults }, oneDials);
    const { invariants } = talk(both, seconds);
    invariants.finish();
    const [first] = both.faults;
    const [dialer, listener] = first?.towards === 'listener' ? [sender, reader] : [reader, sender];
    const firstDown = (node: number): unknown => downs(both.net, node)[0];
    expect([firstDown(0), firstDown(1)]).toEqual([`RXMESH_${dialer}`, `RXMESH_${listener}`]);
  });

  it.each(seeds)('lose nothing untold, in order, whatever breaks: seed %i', (seed) => {
    const { faults, totals } = runOf({ ...everything, seed });
    const { sent, delivered, told, lost } = totals;
    expect(new Set(faults.map(({ type }) => type)).size).toBeGreaterThan(1);
    expect(delivered).toBeGreaterThan(200);
    expect(delivered).toBeLessThan(sent);
    expect(sent).toBe(delivered + told + lost);
  });
}
