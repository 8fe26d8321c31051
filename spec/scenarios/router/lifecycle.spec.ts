import { describe, expect, it } from '@jest/globals';
import { merge, NEVER, of, throwError } from 'rxjs';
import {
  createRouter,
  json,
  type Discipline,
  type Router,
  type RouterEvent,
  type Transport,
} from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { drops, heard } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { MockNode, identityOf } from '../../support/mock-node.ts';
import { MockConnection, MockTransport } from '../../support/mock-transport.ts';

const text = { id: 1, codec: json<string>() };
const memory = (): Transport => new MemoryNetwork().transport(identityOf(1).id);

describe('the life of a router', () => {
  it('start resolves once it listens; a second start rejects and does not affect the router', async () => {
    const net = simulate({ nodes: 2 });
    const { router } = net.node(0);
    await router.start();
    expect(router.snapshot().endpoints).toEqual([{ protocol: 'memory', path: router.id }]);
    await expect(router.start()).rejects.toMatchObject({ code: 'RXMESH_ALREADY_STARTED' });
    void net.node(1).router.start();
    net.settle();
    net.stop();
    await expect(router.start()).rejects.toMatchObject({ code: 'RXMESH_STOPPED' });
  });

  it('a second stop is the same stop; everything completes and no channel can be opened', async () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const { router } = net.node(0);
    const ends: string[] = [];
    const end = (name: string) => ({ complete: () => void ends.push(name) });
    router.peers$.subscribe(end('peers$'));
    router.events$.subscribe(end('events$'));
    chat(0).in$.subscribe(end('in$'));
    chat(0).closed$.subscribe(end('closed$'));
    const stopped = router.stop();
    expect(router.stop()).toBe(stopped);
    net.advance(0);
    await stopped;
    expect(ends.sort()).toEqual(['closed$', 'events$', 'in$', 'peers$']);
    expect(() => router.openChannel(text)).toThrow(
      expect.objectContaining({ code: 'RXMESH_STOPPED' }),
    );
    expect(() => router.peers.add(net.node(1).address)).toThrow(
      expect.objectContaining({ code: 'RXMESH_STOPPED' }),
    );
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('stop may come before start', async () => {
    const node = new MockNode();
    await node.router.stop();
    await expect(node.router.start()).rejects.toMatchObject({ code: 'RXMESH_STOPPED' });
    expect(node.transport.accepts).toBe(0);
    node.stop();
  });

  it('`await using` stops it', async () => {
    const node = new MockNode();
    {
      await using router = node.router;
      void router.start();
      expect(node.transport.live).toBe(1);
    }
    expect(node.transport.live).toBe(0);
    node.stop();
  });

  it('peers$ starts with the connected peers', () => {
    const net = simulate({ nodes: 3 });
    net.start();
    const up: string[] = [];
    net.node(0).router.peers$.subscribe(({ id, status }) => up.push(`${status} ${id}`));
    expect(up.sort()).toEqual([1, 2].map((node) => `up ${net.node(node).id}`).sort());
    net.stop();
  });

  it('start rejects if a transport cannot listen, and the router is then stopped', async () => {
    const net = simulate({ nodes: 1 });
    const transport = net.network.transport(identityOf(9).id);
    const taken = transport.incoming$.subscribe();
    const events: RouterEvent[] = [];
    const router: Router = createRouter({
      identity: identityOf(9),
      network: 'demo',
      transports: [transport],
      clock: net.clock,
    });
    router.events$.subscribe((event) => events.push(event));
    await expect(router.start()).rejects.toMatchObject({ code: 'RXMESH_LISTEN_FAILED' });
    expect(events).toEqual([expect.objectContaining({ type: 'transport-failed' })]);
    await expect(router.start()).rejects.toMatchObject({ code: 'RXMESH_STOPPED' });
    taken.unsubscribe();
    net.stop();
  });
});

describe('a transport that fails to listen with a foreign error', () => {
  it('start rejects with RXMESH_LISTEN_FAILED and that error as its cause', async () => {
    const cause = new Error('EADDRINUSE');
    const failing = Object.assign(new MockTransport(), { incoming$: throwError(() => cause) });
    const transports = [Object.assign(failing, { endpoints$: of([]) })];
    const router = createRouter({ identity: identityOf(1), network: 'demo', transports });
    await expect(router.start()).rejects.toMatchObject({ code: 'RXMESH_LISTEN_FAILED', cause });
  });
});

describe('stop at any moment', () => {
  it('while dialing: cancels the dial', () => {
    const node = new MockNode({ peers: { addresses: [`mock:${identityOf(2).id}`] } });
    node.start();
    expect(node.transport.live).toBe(2);
    node.stop();
    expect(node.events).toEqual([]);
  });

  it('closes an offered link as done, not as refused', () => {
    const node = new MockNode();
    const link = node.link('inbound', { accepts: false });
    node.start();
    node.arrive(of(link));
    node.stop();
    expect(link.closedFor).toBe('done');
  });

  it('rejects new addresses as soon as it begins', () => {
    const node = new MockNode();
    const link = node.link('inbound');
    node.start();
    node.arrive(of(link));
    node.router
      .openChannel({ id: 2, codec: json<string>() })
      .out.next({ to: node.peer.id, message: '' });
    void node.router.stop();
    expect(() => node.router.peers.add(`mock:${identityOf(7).id}`)).toThrow(
      expect.objectContaining({ code: 'RXMESH_STOPPED' }),
    );
    node.stop();
  });

  it('from within start, on the first connection event: start resolves', async () => {
    const transport = new MockTransport();
    const broken = new MockConnection(
      'inbound',
      throwError(() => new Error('bad')),
    );
    // It has a connection before it reports that it listens.
    const never = Object.assign(transport, { incoming$: of(broken), endpoints$: NEVER });
    const router = createRouter({ identity: identityOf(1), network: 'demo', transports: [never] });
    router.events$.subscribe(() => void router.stop());
    await router.start();
    expect(transport.closed).toBe(true);
  });

  it('peers see a normal close, not a failure', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    net.start();
    const begin = net.log.length;
    net.remove(0);
    expect(net.log.slice(begin).map(({ node, event }) => ({ node, ...event }))).toEqual([
      expect.objectContaining({ node: 0, type: 'peer-down' }),
      expect.objectContaining({
        node: 1,
        type: 'peer-down',
        error: expect.objectContaining({ code: 'RXMESH_CONNECTION_CLOSED' }),
      }),
    ]);
    expect(net.log[begin]?.event).not.toHaveProperty('error');
    net.stop();
  });
});

describe('sending on a closed channel', () => {
  it('send errors, out reports a drop, and a waiting send fails', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels({ ...text, inbound: { strategy: 'block', capacity: 1 } });
    net.start();
    const to = net.node(1).id;
    const codes: unknown[] = [];
    const error = ({ code }: { code: unknown }): void => void codes.push(code);
    const channel = chat(0);
    channel.out.next({ to, message: 'delivered' });
    net.advance(0);
    const sends = Array.from({ length: 258 }, () => channel.send({ to, message: 'x' }));
    merge(...sends).subscribe({ error });
    expect(codes).toEqual([]);
    channel.close();
    expect(codes).toEqual(['RXMESH_CHANNEL_CLOSED']);
    channel.send({ to, message: 'x' }).subscribe({ error });
    channel.out.next({ to, message: 'x' });
    channel.close();
    expect(codes).toEqual(['RXMESH_CHANNEL_CLOSED', 'RXMESH_CHANNEL_CLOSED']);
    expect(new Set(drops(net))).toEqual(new Set(['0 outbound 1 channel-closed']));
    const texts = heard(net, chat(1));
    expect(texts).toEqual(['0: delivered']);
    net.stop();
  });
});

describe('options', () => {
  it('one error lists every invalid option', () => {
    const options = {
      identity: 'me',
      network: '',
      transports: [{}],
      moniker: 'ä',
      version: 7,
      protocolVersion: { block: -1 },
      timeouts: { dialMs: 1.5, dreamMs: 1 },
      limits: { handshakes: 0 },
      discipline: 'fair',
      keepAlive: { intervalMs: -1, timeout: 1 },
      colour: 'red',
    };
    let message = '';
    try {
      createRouter(options as never);
    } catch (error) {
      expect(error).toMatchObject({ code: 'RXMESH_OPTIONS_INVALID' });
      ({ message } = error as Error);
    }
    for (const name of [
      ...['identity', 'network', 'transports', 'moniker', 'version', 'protocolVersion.block'],
      ...['timeouts.dialMs', 'timeouts.dreamMs', 'limits.handshakes', 'discipline', 'colour'],
      ...['keepAlive.intervalMs', 'keepAlive.timeout'],
    ]) {
      expect(message).toContain(name);
    }
  });

  it.each([
    [{ moniker: '' }, /moniker must be .*1 to 256 printable/],
    [{ moniker: '  ' }, /moniker .*not only spaces/],
    [{ network: ' ' }, /network .*not only spaces/],
    [{ version: ' ' }, /version .*not only spaces/],
    [{ clock: 5 }, /clock must be an object with the functions/],
    [{ random: 0.5 }, /random must be a function, got 0\.5/],
  ])('rejects %p, which every peer would refuse or which could not work', (wrong, text) => {
    const good = { identity: identityOf(1), network: 'x', transports: [memory()] };
    expect(() => createRouter({ ...good, ...(wrong as object) })).toThrow(text);
  });

  it('undefined values and a partial version get defaults', () => {
    const half = { protocolVersion: { block: 7 } as never, version: '' };
    const nothing = { clock: undefined, random: undefined, moniker: undefined } as object;
    const net = simulate({ nodes: 2, options: () => half });
    net.start();
    expect([...net.node(0).up]).toEqual([net.node(1).id]);
    net.stop();
    const good = { identity: identityOf(1), network: 'x', transports: [memory()] };
    const peers = { addresses: [`memory:${identityOf(2).id}`] };
    expect(() => createRouter({ ...good, ...nothing, peers })).not.toThrow();
  });

  it('the keepAlive timeout must not be shorter than the interval', () => {
    const good = { identity: identityOf(1), network: 'x', transports: [memory()] };
    expect(() => createRouter({ ...good, keepAlive: { timeoutMs: 5_000 } })).toThrow(
      /keepAlive\.timeoutMs must be at least intervalMs \(10000\), got 5000/,
    );
    expect(() => createRouter({ ...good, keepAlive: { intervalMs: 60_000 } })).not.toThrow();
  });

  it('peers are validated with the other options', () => {
    const good = { identity: identityOf(1), network: 'x', transports: [memory()] };
    const peers = { maxConnected: 0, persistent: [`memory:${identityOf(1).id}`, 'nonsense'] };
    expect(() => createRouter({ ...good, moniker: 'ä', peers })).toThrow(
      /moniker.*maxConnected.*names this node itself.*nonsense/s,
    );
    const wrong = [
      [
        { maxConected: 5 },
        /there is no option peers\.maxConected \(did you mean peers\.maxConnected\?\)$/,
      ],
      [['ws://a@b'], /peers must be an object, got an array$/],
      [
        { persistent: [undefined, 7] },
        /persistent has undefined, which is not an address; .* has 7,/,
      ],
      [{ addresses: 'ws://a@b' }, /addresses must be an array of addresses, got "ws:\/\/a@b"$/],
    ] as const;
    for (const [given, text] of wrong) {
      expect(() => createRouter({ ...good, peers: given as never })).toThrow(text);
    }
  });

  it('the discipline is consulted about the channels of each connection', () => {
    const seen: number[][] = [];
    const discipline = (): Discipline => {
      const ranked: number[] = [];
      seen.push(ranked);
      return { rank: ({ channel, priority }) => ranked.push(channel, priority) };
    };
    const net = simulate({ nodes: 3, options: (node) => (node === 0 ? { discipline } : {}) });
    const chat = net.openChannels({ id: 5, codec: json<string>(), priority: 9 });
    net.start();
    const texts = [heard(net, chat(1)), heard(net, chat(2))];
    chat(0).out.next({ broadcast: true, message: 'hello' });
    net.advance(0);
    expect(texts).toEqual([['0: hello'], ['0: hello']]);
    expect(seen.filter(({ length }) => length > 0)).toEqual([
      [5, 9],
      [5, 9],
    ]);
    net.stop();
  });

  it('a channel reports every invalid option in one error', () => {
    const net = simulate({ nodes: 1 });
    const wrong = { id: -1, codec: {}, inbound: {}, outbound: 1, messageBytesMax: 0 };
    expect(() => net.node(0).router.openChannel(wrong as never)).toThrow(
      /id .*codec .*inbound .*outbound .*messageBytesMax /s,
    );
    net.stop();
  });
});
