import { describe, expect, it } from '@jest/globals';
import { createRouter, json, type Transport } from 'rxmesh';
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
import { of } from 'rxjs';
import { MockNode } from '../../support/mock-node.ts';
import { MockConnection, MockTransport } from '../../support/mock-transport.ts';

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
function wrapped(line: FaultyOptions, options: SimulationOptions): Wrapped {
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
const oneDials: SimulationOptions = {
  nodes: 2,
  knows: (node) => node === 0,
  options: (node) => ({
    peers: { disconnectCooldownMs: 10, retryMinMs: 10, wanted: node === 0 ? 8 : 0 },
  }),
};

/** The codes of the errors with which a node lost its peer. */
function downs(net: Simulation, node: number): readonly (string | undefined)[] {
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
function runOf(line: FaultyOptions, seconds?: number) {
  const both = wrapped(line, oneDials);
  const { invariants, ledger } = talk(both, seconds);
  invariants.finish();
  return { log: both.net.log.map(String), faults: both.faults, totals: ledger.totals() };
}

describe('two routers on a faulty line', () => {
  it.each([
    ['a cut', { cutAfterBytes: 20_000 }, 'CONNECTION_FAILED', 'CONNECTION_FAILED'],
    ['a cut after frames', { cutAfterFrames: 50 }, 'CONNECTION_FAILED', 'CONNECTION_FAILED'],
    ['a shortened frame', { truncateAfterBytes: 20_000 }, 'CONNECTION_CLOSED', 'RECORD_INVALID'],
    ['a flood', { flood: { afterBytes: 20_000, bytes: 9 } }, 'CONNECTION_CLOSED', 'RECORD_INVALID'],
    ['a flipped bit', { flipEveryBytes: 10_000 }, 'CONNECTION_CLOSED', 'RECORD_INVALID'],
  ] as const)('see %s as typed errors', (_, faults, sender, reader) => {
    const both = wrapped({ latencyMs: 5, faults }, oneDials);
    const { invariants } = talk(both);
    invariants.finish();
    const [first] = both.faults;
    const [dialer, listener] = first?.towards === 'listener' ? [sender, reader] : [reader, sender];
    const firstDown = (node: number): unknown => downs(both.net, node)[0];
    expect([firstDown(0), firstDown(1)]).toEqual([`RXMESH_${dialer}`, `RXMESH_${listener}`]);
  });

  it.each([
    ['a cut', { cutAfterBytes: 60 }, 'RXMESH_CONNECTION_FAILED'],
    ['a shortened frame', { truncateAfterBytes: 60 }, 'RXMESH_HANDSHAKE_FAILED'],
    ['a flood', { flood: { afterBytes: 60, bytes: 200 } }, 'RXMESH_HANDSHAKE_FAILED'],
    ['flipped bits', { flipEveryBytes: 4 }, 'RXMESH_HANDSHAKE_FAILED'],
  ] as const)('see %s during the handshake as a dial that failed', (_, faults, code) => {
    const { net } = wrapped({ faults }, oneDials);
    net.launch();
    net.advance(1_000);
    const codes = net.log.flatMap(({ node, event }) =>
      node === 0 && event.type === 'dial-failed' ? [event.error.code] : [],
    );
    expect(new Set(codes)).toEqual(new Set([code]));
    net.stop();
  });

  it('see refused dials, and meet all the same', () => {
    const { log, faults, totals } = runOf({ seed: 5, faults: { refuseDials: 0.7 } }, 1);
    const failed = log.filter((line) => line.includes('refused by a fault [RXMESH_DIAL_FAILED]'));
    expect(failed.length).toBeGreaterThan(0);
    expect(faults.map(({ type, connection }) => [type, connection])).toEqual(
      failed.map((_, nth) => ['refuse', nth]),
    );
    expect(totals).toEqual({ sent: 100, delivered: 100, told: 0, lost: 0 });
  });

  const everything: FaultyOptions = {
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

  it.each([1, 2, 3, 4, 5])('lose nothing untold, in order, whatever breaks: seed %i', (seed) => {
    const { faults, totals } = runOf({ ...everything, seed });
    const { sent, delivered, told, lost } = totals;
    expect(new Set(faults.map(({ type }) => type)).size).toBeGreaterThan(1);
    expect(delivered).toBeGreaterThan(200);
    expect(delivered).toBeLessThan(sent);
    expect(sent).toBe(delivered + told + lost);
  });

  it('log the same for the same seed, and something else for another', () => {
    const [one, again, another] = [1, 1, 2].map((seed) => runOf({ ...everything, seed }, 5));
    expect(again).toEqual(one);
    expect(another?.log).not.toEqual(one?.log);
    expect(another?.faults).not.toEqual(one?.faults);
  });

  it('lose nothing at all on a line that is only long and slow', () => {
    const { latencyMs, jitterMs, bytesPerSecond } = everything;
    const { faults, totals } = runOf({ latencyMs, jitterMs, bytesPerSecond } as FaultyOptions);
    expect(faults).toEqual([]);
    expect(totals).toEqual({ sent: 1_000, delivered: 1_000, told: 0, lost: 0 });
  });

  it('take a round trip for a dial, and another for each flight of the handshake', () => {
    const { net } = wrapped({ latencyMs: 50 }, oneDials);
    net.start();
    const up = net.log.flatMap(({ atMs, event }) => (event.type === 'peer-up' ? [atMs] : []));
    // The dial; the answer; the introduction; the acceptance.
    expect(up).toEqual([200, 250]);
    net.stop();
  });

  it('are cut, fall silent and go on', () => {
    const options = () => ({ keepAlive: { intervalMs: 200, timeoutMs: 600 } });
    const both = wrapped({ latencyMs: 5 }, { nodes: 2, options });
    const { net, line } = both;
    net.start();
    line().freeze();
    net.advance(500);
    line().thaw();
    net.advance(5_000);
    expect([downs(net, 0), downs(net, 1)]).toEqual([[], []]);
    line().freeze();
    net.advance(1_000);
    const timeout = 'RXMESH_PEER_TIMEOUT';
    expect([downs(net, 0), downs(net, 1)]).toEqual([[timeout], [timeout]]);
    line().thaw();
    net.advance(60_000);
    line().cut();
    net.advance(60_000);
    const failed = 'RXMESH_CONNECTION_FAILED';
    expect([downs(net, 0), downs(net, 1)]).toEqual([
      [timeout, failed],
      [timeout, failed],
    ]);
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });
});

describe('faulty', () => {
  const { transport } = new MockNode();

  it.each([
    [undefined, {}, 'faulty: transport must be a transport, got undefined'],
    [transport, { latency: 5 }, 'latency'],
    [transport, { latencyMs: -1 }, 'latencyMs must be a finite number of 0 or more'],
    [transport, { faults: { refuseDials: 2 } }, 'faults: refuseDials must be a number from 0 to 1'],
    [transport, { faults: { fragmentBytesMax: 2 } }, 'fragmentBytesMax'],
  ])('refuses %s with %j', (given, options, problem) => {
    expect(() => faulty(given as Transport, options as FaultyOptions)).toThrow(problem);
  });

  it('says so when a transport has connections without a socket, and closes them', () => {
    const mock = new MockTransport();
    const connections = [new MockConnection('outbound'), new MockConnection('inbound')] as const;
    mock.answer = () => of(connections[0]);
    const line = faulty(mock);
    const problems: string[] = [];
    const error = ({ message }: Error): void => void problems.push(message);
    line.dial({ protocol: 'mock' }).subscribe({ error });
    line.incoming$.subscribe({ error });
    mock.incoming.next(connections[1]);
    const problem = 'faulty: mock has connections without wrapSocket';
    expect(problems).toEqual([problem, problem]);
    expect(connections.map(({ closed }) => closed)).toEqual([true, true]);
  });
});
