import { describe, expect, it } from '@jest/globals';
import type { Transport } from 'rxmesh';
import { faulty, type FaultyOptions } from 'rxmesh/testing';
import { of } from 'rxjs';
import { MockNode } from '../../support/mock-node.ts';
import { MockConnection, MockTransport } from '../../support/mock-transport.ts';
import { downs, everything, itBreaks, oneDials, runOf, wrapped } from './two-routers.ts';

describe('two routers on a faulty line', () => {
  // For longer, and with more seeds: faulty-transport.slow.spec.ts.
  itBreaks(3, [1]);

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

describe('a line that is frozen when a node disconnects', () => {
  it('tells the other node only when it is thawed', () => {
    const { net, line } = wrapped({ latencyMs: 5 }, oneDials);
    net.start();
    line().freeze();
    net.node(0).router.peers.disconnect(net.node(1).id);
    net.advance(5_000);
    expect(downs(net, 1)).toEqual([]);
    line().thaw();
    net.advance(100);
    expect(downs(net, 1)).toHaveLength(1);
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
