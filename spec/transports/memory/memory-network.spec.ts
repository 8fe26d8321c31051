import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from '@jest/globals';
import { clockFrom } from '../../../lib/flow/clock.ts';
import { RxmeshError } from '../../../lib/model/error.ts';
import type { NodeId } from '../../../lib/model/id.ts';
import { Identity } from '../../../lib/model/identity.ts';
import type { NodeInfo } from '../../../lib/model/node-info.ts';
import { encodeNodeInfo } from '../../../lib/secure/node-info-codec.ts';
import type { Link } from '../../../lib/transport/link.ts';
import type { Connection, Transport } from '../../../lib/transport/transport.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { trackLeaks } from '../../support/leaks.ts';

const identityOf = (seed: number): Identity => Identity.fromSeed(new Uint8Array(32).fill(seed));
const [a, b, c, d] = [identityOf(1), identityOf(2), identityOf(3), identityOf(4)];

function nodeInfo(nodeId: NodeId): NodeInfo {
  return {
    protocolVersion: { p2p: 1, block: 1, app: 1 },
    nodeId,
    listenAddress: '',
    network: 'test',
    version: '',
    channels: [],
    moniker: 'test',
    other: { txIndex: '', rpcAddress: '' },
    features: [],
    addresses: [],
  };
}

function accept(transport: Transport): Connection[] {
  const connections: Connection[] = [];
  transport.incoming$.subscribe((connection) => connections.push(connection));
  return connections;
}

/** What a dial notifies, as it comes. */
function dial(from: Transport, to: Identity): { connection?: Connection; code?: string } {
  const result: { connection?: Connection; code?: string } = {};
  from.dial({ protocol: 'memory', path: to.id }).subscribe({
    next: (connection) => {
      result.connection = connection;
    },
    error: (error: unknown) => {
      result.code = error instanceof RxmeshError ? error.code : String(error);
    },
  });
  return result;
}

/** The lengths of all frames that a connection sends from now on. */
function sentBy(connection: Connection | undefined): readonly number[] {
  const lengths: number[] = [];
  connection?.wrapSocket?.((socket) => {
    const send = socket.send.bind(socket);
    return Object.assign(socket, {
      send: (frame: Uint8Array) => {
        lengths.push(frame.length);
        send(frame);
      },
    });
  });
  return lengths;
}

/** The link of one side, and the code with which it ended. */
function handshake(connection: Connection, identity: Identity): { link?: Link; code?: string } {
  const result: { link?: Link; code?: string } = {};
  const none = (): void => undefined;
  connection.handshake({ identity, nodeInfo: nodeInfo(identity.id) }).subscribe({
    next: (link) => {
      result.link = link;
      const calls = { data: none, credit: none, channelClosed: none, accepted: none };
      const more = { messageLimit: none, ping: none, pong: none, drained: none, recordEnd: none };
      link.attach({ ...calls, ...more, ended: (error) => (result.code = error?.code ?? 'none') });
    },
    error: (error: unknown) => {
      result.code = error instanceof RxmeshError ? error.code : String(error);
    },
  });
  return result;
}

/** One side of a connection: see `handshake`. */
type Side = ReturnType<typeof handshake>;

function pair(network: MemoryNetwork): { one: Side; other: Side } {
  const [from, to] = [network.transport(a.id), network.transport(b.id)];
  const accepted = accept(to);
  const { connection } = dial(from, b);
  const [inbound] = accepted;
  if (connection === undefined || inbound === undefined) throw new Error('not connected');
  return { one: handshake(connection, a), other: handshake(inbound, b) };
}

describe('a memory network', () => {
  it('TM-01 refuses an id that is in use, until its transport is closed', () => {
    const network = new MemoryNetwork();
    const first = network.transport(a.id);
    expect(() => network.transport(a.id)).toThrow(TypeError);
    first.close();
    first.close();
    expect(network.transport(a.id).protocols).toEqual(['memory']);
  });

  it('closing an old transport twice leaves the new one of the same node alone', () => {
    const network = new MemoryNetwork();
    const old = network.transport(a.id);
    old.close();
    accept(network.transport(a.id));
    old.close();
    expect(dial(network.transport(b.id), a).connection).toBeDefined();
  });

  it('fails a dial to a node that does not listen, or does not exist', () => {
    const network = new MemoryNetwork();
    const from = network.transport(a.id);
    network.transport(b.id);
    expect([dial(from, b).code, dial(from, c).code]).toEqual([
      'RXMESH_DIAL_FAILED',
      'RXMESH_DIAL_FAILED',
    ]);
  });

  it('connects synchronously without latency, the handshake included', () => {
    const { one, other } = pair(new MemoryNetwork());
    expect([one, other]).toEqual([{ link: expect.anything() }, { link: expect.anything() }]);
  });

  it('takes one way there and one way back for a dial', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = clockFrom(scheduler);
    const latencyMs = (from: string) => (from === a.id ? 30 : 12);
    const network = new MemoryNetwork({ clock, latencyMs });
    const [from, to] = [network.transport(a.id), network.transport(b.id)];
    const times: [string, number][] = [];
    to.incoming$.subscribe(() => times.push(['accepted', clock.now()]));
    from
      .dial({ protocol: 'memory', path: b.id })
      .subscribe(() => times.push(['dialed', clock.now()]));
    from
      .dial({ protocol: 'memory', path: c.id })
      .subscribe({ error: () => times.push(['refused', clock.now()]) });
    scheduler.flush();
    expect(times).toEqual([
      ['accepted', 30],
      ['dialed', 42],
      ['refused', 42],
    ]);
  });

  it('cancels a dial on its way back, and cuts the connection', () => {
    const scheduler = new VirtualTimeScheduler();
    const network = new MemoryNetwork({ clock: clockFrom(scheduler), latencyMs: 10 });
    const accepted = accept(network.transport(b.id));
    const from = network.transport(a.id);
    const dialing = from.dial({ protocol: 'memory', path: b.id }).subscribe();
    scheduler.schedule(() => dialing.unsubscribe(), 15);
    scheduler.flush();
    const [inbound] = accepted;
    if (inbound === undefined) throw new Error('not accepted');
    expect(handshake(inbound, b).code).toBe('RXMESH_CONNECTION_FAILED');
  });

  it('severs the connections of two nodes, which may dial each other again', () => {
    const network = new MemoryNetwork();
    const { one, other } = pair(network);
    network.sever(a.id, c.id);
    expect([one.code, other.code]).toEqual([undefined, undefined]);
    network.sever(b.id, a.id);
    expect([one.code, other.code]).toEqual([
      'RXMESH_CONNECTION_FAILED',
      'RXMESH_CONNECTION_FAILED',
    ]);
    expect(dial(network.transport(c.id), b).connection).toBeDefined();
  });

  it('partitions into islands, and heals', () => {
    const network = new MemoryNetwork();
    const { one, other } = pair(network);
    const third = network.transport(c.id);
    network.partition([a.id, c.id], [b.id]);
    expect([one.code, other.code]).toEqual([
      'RXMESH_CONNECTION_FAILED',
      'RXMESH_CONNECTION_FAILED',
    ]);
    expect(dial(third, b).code).toBe('RXMESH_DIAL_FAILED');
    network.partition([a.id], [b.id]);
    expect(dial(third, b).connection).toBeDefined();
    network.partition([c.id], [b.id]);
    network.heal();
    expect(dial(third, b).connection).toBeDefined();
  });

  it('is silent between islands: connections stand, dials are not answered, until it heals', () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock });
    const { one, other } = pair(network);
    const third = network.transport(c.id);
    network.silence([a.id, c.id], [b.id]);
    one.link?.close('done');
    const unanswered = dial(third, b);
    clock.advance(60_000);
    expect([one.code, other.code]).toEqual(['none', undefined]);
    expect(unanswered).toEqual({});
    expect(clock.dueTimesMs).toEqual([]);
    network.heal();
    clock.advance(0);
    expect(other.code).toBe('RXMESH_PEER_REFUSED');
    expect(dial(third, b).connection).toBeDefined();
  });

  it('cuts what was silent when it is partitioned instead', () => {
    const network = new MemoryNetwork();
    const { one, other } = pair(network);
    network.silence([a.id], [b.id]);
    network.partition([a.id], [b.id]);
    expect([one.code, other.code]).toEqual([
      'RXMESH_CONNECTION_FAILED',
      'RXMESH_CONNECTION_FAILED',
    ]);
    network.heal();
  });

  it('loses one direction when it is muted, dials and their answers included, until it heals', () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock });
    const { one, other } = pair(network);
    const [third, fourth] = [network.transport(c.id), network.transport(d.id)];
    accept(third);
    accept(fourth);
    network.mute(a.id, b.id);
    network.mute(c.id, d.id);
    network.mute(c.id, a.id);
    // Neither does the dial arrive, nor the answer to the other side's dial.
    expect([dial(third, d), dial(fourth, c)]).toEqual([{}, {}]);
    one.link?.close('done');
    expect([one.code, other.code]).toEqual(['none', undefined]);
    network.heal();
    clock.advance(0);
    expect(other.code).toBe('RXMESH_PEER_REFUSED');
    expect(dial(third, d).connection).toBeDefined();
  });

  it('isolates a node: only its own connections are cut', () => {
    const network = new MemoryNetwork();
    const { one, other } = pair(network);
    const accepted = accept(network.transport(c.id));
    const { connection } = dial(network.transport(d.id), c);
    network.isolate(c.id);
    expect([one.code, other.code]).toEqual([undefined, undefined]);
    const sides = [connection, accepted[0]].map((side) => side && handshake(side, a).code);
    expect(sides).toEqual(['RXMESH_CONNECTION_FAILED', 'RXMESH_CONNECTION_FAILED']);
    network.isolate(a.id);
    expect([one.code, other.code]).toEqual([
      'RXMESH_CONNECTION_FAILED',
      'RXMESH_CONNECTION_FAILED',
    ]);
  });

  it('resets a half-open connection when the node that abandoned it is back and hears of it', () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, latencyMs: 1 });
    const [from, to] = [network.transport(a.id), network.transport(b.id)];
    const accepted = accept(to);
    const dialed = dial(from, b);
    clock.advance(2);
    const sides = [dialed.connection, accepted[0]].map((side, i) => {
      return side && handshake(side, i === 0 ? a : b);
    });
    clock.advance(10);
    network.abandon(b.id);
    clock.advance(60_000);
    expect(sides.map((side) => side?.code)).toEqual([undefined, 'RXMESH_CONNECTION_FAILED']);
    to.close();
    network.transport(b.id);
    sides[0]?.link?.close('done');
    clock.advance(10);
    expect(sides[0]?.code).toBe('none');
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('keeps a dial to a frozen node, and the answer to a frozen one, until it goes on', () => {
    const network = new MemoryNetwork();
    const accepted = accept(network.transport(b.id));
    const from = network.transport(a.id);
    network.freeze(b.id);
    const first = dial(from, b);
    expect([first.connection === undefined, accepted.length]).toEqual([false, 0]);
    network.thaw(b.id);
    expect(accepted).toHaveLength(1);
    network.freeze(a.id);
    const second = dial(from, b);
    expect([second.connection, accepted.length]).toEqual([undefined, 2]);
    network.thaw(a.id);
    expect(second.connection).toBeDefined();
  });

  it('sends the same on every machine: encrypted connections offer no AES', () => {
    const network = new MemoryNetwork({ protection: 'encrypted' });
    const [from, to] = [network.transport(a.id), network.transport(b.id)];
    const accepted = accept(to);
    const dialed = dial(from, b).connection;
    const lengths = [sentBy(accepted[0]), sentBy(dialed)];
    if (dialed === undefined || accepted[0] === undefined) throw new Error('not connected');
    const links = [handshake(accepted[0], b), handshake(dialed, a)];
    expect(links.map(({ link }) => link === undefined)).toEqual([false, false]);
    // Key, signature and node info, and the tag; the listener's hello stands in front.
    const introduction = ({ id }: Identity) => 96 + encodeNodeInfo(nodeInfo(id)).length + 16;
    expect(lengths.map(([first]) => first)).toEqual([37 + introduction(b), introduction(a)]);
  });

  it.each([0, -1, NaN])('refuses a bandwidth of %p', (bytesPerSecond) => {
    expect(() => new MemoryNetwork({ bytesPerSecond })).toThrow(
      /^bytesPerSecond must be a number above 0, got /,
    );
  });

  it.each([-1, NaN, Infinity])('refuses a latency of %p', (latencyMs) => {
    expect(() => new MemoryNetwork({ latencyMs })).toThrow(RangeError);
  });
});

trackLeaks();
