import { describe, expect, it } from '@jest/globals';
import { VirtualTimeScheduler } from 'rxjs';
import { clockFrom } from '../../../lib/flow/clock.ts';
import { Identity } from '../../../lib/model/identity.ts';
import { formatNodeAddress } from '../../../lib/model/address.ts';
import { secureDial } from '../../../lib/secure/index.ts';
import type { Connection, Self } from '../../../lib/transport/transport.ts';
import { discovered, libp2p, type Libp2pOptions } from '../../../transports/libp2p/index.ts';
import { framed } from '../../../transports/libp2p/frames.ts';
import { multiaddrOf } from '../../../transports/libp2p/multiaddr.ts';
import { Log } from '../websocket/support.ts';
import { fakeMultiaddr, FakeNetwork, FakeNode, peerIdOf, streamPair } from './fake.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const identityOf = (seed: number): Identity => Identity.fromSeed(new Uint8Array(32).fill(seed));

function selfOf(identity: Identity): Self {
  return {
    identity,
    nodeInfo: {
      protocolVersion: { p2p: 1, block: 0, app: 0 },
      nodeId: identity.id,
      listenAddress: '192.0.2.1:1',
      network: 'test',
      version: '1.0.0',
      channels: [],
      moniker: 'node',
      other: { txIndex: 'off', rpcAddress: '192.0.2.1:1' },
      features: [],
      addresses: [],
    },
  };
}

/** A node at /ip4/127.0.0.1/tcp/<4000 + seed>, and its transport. */
function made(network: FakeNetwork, seed: number, options: Partial<Libp2pOptions> = {}) {
  const identity = identityOf(seed);
  const node = new FakeNode(network, identity.publicKey, `/ip4/127.0.0.1/tcp/${4_000 + seed}`);
  const transport = libp2p({ node, multiaddr: fakeMultiaddr, ...options });
  return { identity, node, transport };
}

/** A dials B. Returns the streams' protocol, and how the handshakes turned out. */
async function connected(
  a: ReturnType<typeof made>,
  b: ReturnType<typeof made>,
  selves: readonly [Identity, Identity] = [a.identity, b.identity],
) {
  const incoming = new Log(b.transport.incoming$);
  await turn();
  const dialed = new Log(a.transport.dial(b.transport.endpoints[0] ?? { protocol: '' }));
  await turn();
  const [outbound] = dialed.values as [Connection];
  const [inbound] = incoming.values as [Connection];
  const links = [
    new Log(outbound.handshake(selfOf(selves[0]))),
    new Log(inbound.handshake(selfOf(selves[1]))),
  ];
  await turn();
  return {
    protocol: a.node.streams[0]?.protocol,
    ends: links.map(({ end }) => end),
    keys: links.map(({ values }) => values[0]?.publicKey),
    sent: () => Buffer.concat(a.node.streams[0]?.sent ?? []),
    links,
    texts: [String(outbound), String(inbound)],
  };
}

describe('the proof of a connection over libp2p', () => {
  const cases = [
    { a: true, b: true, encryption: '/noise', protocol: '/rxmesh/1/peer-key' },
    { a: true, b: true, encryption: '/tls/1.0.0', protocol: '/rxmesh/1/peer-key' },
    { a: true, b: true, encryption: '/plaintext/2.0.0', protocol: '/rxmesh/1' },
    { a: true, b: true, encryption: undefined, protocol: '/rxmesh/1' },
    { a: true, b: false, encryption: '/noise', protocol: '/rxmesh/1' },
    { a: false, b: true, encryption: '/noise', protocol: '/rxmesh/1' },
    { a: false, b: false, encryption: '/noise', protocol: '/rxmesh/1' },
  ];
  it.each(cases)('same keys: $a and $b, over $encryption: $protocol', async (each) => {
    const network = new FakeNetwork();
    const [a, b] = [made(network, 1, { sameKey: each.a }), made(network, 2, { sameKey: each.b })];
    a.node.encryption = b.node.encryption = each.encryption;
    const { protocol, ends, keys, texts } = await connected(a, b);
    expect([protocol, ends]).toEqual([each.protocol, ['complete', 'complete']]);
    expect(keys).toEqual([b.identity.publicKey, a.identity.publicKey]);
    const isKeyed = each.protocol.endsWith('peer-key');
    expect(texts.map((text) => text.includes('proved by libp2p'))).toEqual([isKeyed, isKeyed]);
  });

  it('encrypts once: with the same keys, libp2p gets the records as they are', async () => {
    for (const sameKey of [true, false]) {
      const network = new FakeNetwork();
      const [a, b] = [made(network, 1, { sameKey }), made(network, 2, { sameKey })];
      const { links, sent } = await connected(a, b);
      const [link] = links[0]?.values ?? [];
      link?.accept();
      link?.data(5, Buffer.from('in the clear'), 0, 12, true);
      link?.flush();
      expect(sent().includes('in the clear')).toBe(sameKey);
    }
  });

  it('fails for a router whose key is not that of its libp2p node', async () => {
    const network = new FakeNetwork();
    const [a, b] = [made(network, 1, { sameKey: true }), made(network, 2, { sameKey: true })];
    const { ends } = await connected(a, b, [identityOf(7), b.identity]);
    expect(ends).toEqual(['RXMESH_HANDSHAKE_FAILED', 'RXMESH_CONNECTION_FAILED']);
  });

  it('fails for a peer that says it has a key that libp2p has not proved', async () => {
    const network = new FakeNetwork();
    const [a, b] = [made(network, 1, { sameKey: true }), made(network, 2, { sameKey: true })];
    const dial = a.node.dial.bind(a.node);
    const remotePeer = peerIdOf(identityOf(7).publicKey);
    a.node.dial = async (...args) => ({ ...(await dial(...args)), remotePeer });
    const { ends, links } = await connected(a, b);
    expect(ends[0]).toBe('RXMESH_IDENTITY_MISMATCH');
    expect(links[0]?.values).toEqual([]);
    expect(a.node.streams[0]?.status).toBe('aborted');
  });

  it('refuses a stream of /rxmesh/1/peer-key on a connection that has proved no key', async () => {
    const { node, transport } = made(new FakeNetwork(), 1, { sameKey: true });
    const incoming = new Log(transport.incoming$);
    await turn();
    const [mine, theirs] = streamPair('/rxmesh/1/peer-key');
    const remotePeer = peerIdOf(identityOf(2).publicKey);
    const newStream = (): Promise<never> => Promise.reject(new Error('not used'));
    const connection = { remoteAddr: '/memory/9', remotePeer, newStream };
    node.handlers.get('/rxmesh/1/peer-key')?.(theirs, connection);
    await turn();
    expect([mine.status, incoming.values]).toEqual(['reset', []]);
  });
});

describe('streams that others open', () => {
  async function listening() {
    const scheduler = new VirtualTimeScheduler();
    const { node, transport } = made(new FakeNetwork(), 1, { clock: clockFrom(scheduler) });
    const incoming = new Log(transport.incoming$);
    await turn();
    const remotePeer = peerIdOf(identityOf(2).publicKey);
    const newStream = (): Promise<never> => Promise.reject(new Error('not used'));
    const open = () => {
      const [mine, theirs] = streamPair();
      node.handlers.get('/rxmesh/1')?.(theirs, { remoteAddr: '/memory/9', remotePeer, newStream });
      return mine;
    };
    return { scheduler, node, transport, incoming, open };
  }

  it('are connections once their hello is there', async () => {
    const { incoming, open } = await listening();
    const stream = open();
    expect(incoming.values).toEqual([]);
    stream.send(framed(secureDial().hello));
    await turn();
    expect(incoming.values.map(({ remote }) => remote)).toEqual([
      { protocol: 'libp2p', path: '/memory/9' },
    ]);
  });

  it('are refused, with the reason, for something else than a hello', async () => {
    const { incoming, open } = await listening();
    const stream = open();
    let said = '';
    stream.addEventListener('message', ({ data }) => {
      said = Buffer.from(data as Uint8Array).toString('latin1', 4);
    });
    stream.send(framed(new Uint8Array(37)));
    await turn();
    expect(incoming.values).toEqual([]);
    expect(said).toContain('did not begin with an rxmesh hello');
  });

  it('are reset after 10 s without a hello', async () => {
    const { scheduler, open } = await listening();
    const stream = open();
    scheduler.flush();
    await turn();
    expect([scheduler.frame, stream.status]).toEqual([10_000, 'reset']);
  });

  it('are 256 without a hello at most: the oldest one goes', async () => {
    const { open } = await listening();
    const streams = Array.from({ length: 257 }, open);
    await turn();
    const statuses = streams.map(({ status }) => status);
    expect(statuses).toEqual(['reset', ...Array<string>(256).fill('open')]);
  });

  it('leave when they end, with their timers', async () => {
    const { scheduler, open } = await listening();
    open().abort(new Error('away'));
    await turn();
    scheduler.flush();
    expect(scheduler.frame).toBe(0);
  });

  it('are reset when it stops listening', async () => {
    const { scheduler, node, transport, incoming, open } = await listening();
    const stream = open();
    incoming.subscription.unsubscribe();
    await turn();
    scheduler.flush();
    expect([stream.status, node.handlers.size, transport.endpoints]).toEqual(['reset', 0, []]);
  });
});

describe('the libp2p transport', () => {
  it('follows the addresses of its node, and tells only changes', async () => {
    const { node, transport } = made(new FakeNetwork(), 1);
    const heard = new Log(transport.endpoints$);
    const incoming = new Log(transport.incoming$);
    await turn();
    node.emit('self:peer:update');
    node.addresses = ['/memory/5/p2p/12D3'];
    node.emit('self:peer:update');
    const last = heard.values.at(-1)?.[0] ?? { protocol: '' };
    expect([heard.values.map(({ length }) => length), multiaddrOf(last)]).toEqual([
      [0, 1, 1],
      '/memory/5/p2p/12D3',
    ]);
    incoming.subscription.unsubscribe();
    expect(node.listenerCount('self:peer:update')).toBe(0);
  });

  it('with `listen: false` completes at once, and answers nobody', async () => {
    const { node, transport } = made(new FakeNetwork(), 1, { listen: false });
    expect(new Log(transport.incoming$).end).toBe('complete');
    await turn();
    expect(node.handlers.size).toBe(0);
  });

  it('reports why it cannot listen', async () => {
    const { node, transport } = made(new FakeNetwork(), 1);
    node.handleError = new Error('Handler already registered');
    const incoming = new Log(transport.incoming$);
    await turn();
    expect(incoming.end).toBe('RXMESH_LISTEN_FAILED');
  });

  it.each([
    [{ multiaddr: fakeMultiaddr }, 'node must be a node of libp2p'],
    [{ node: { dial: 1 }, multiaddr: fakeMultiaddr }, 'node must be a node of libp2p'],
    [{ multiaddr: 'text' }, 'must be'],
    [{ sameKey: 1 }, 'must be'],
    [{ samekey: true }, 'samekey'],
  ])('rejects %j', (options, text) => {
    expect(() => libp2p(options as unknown as Libp2pOptions)).toThrow(text);
  });
});

it('a libp2p node that fails to forget a protocol does no harm', async () => {
  const { node, transport } = made(new FakeNetwork(), 1, { sameKey: true });
  const asked: string[] = [];
  node.unhandle = (name) => {
    asked.push(name);
    return Promise.reject(new Error('Database is not open'));
  };
  const log = new Log(transport.incoming$);
  await turn();
  log.subscription.unsubscribe();
  // An unhandled rejection would end the process.
  await turn();
  expect(asked).toHaveLength(2);
});

describe('discovered', () => {
  it('gives the addresses of peers with ed25519 keys', () => {
    const { node } = made(new FakeNetwork(), 1);
    const log = new Log(discovered(node));
    const { publicKey, id } = identityOf(2);
    const peerId = peerIdOf(publicKey);
    // Nobody can dial the second one, which a stranger may announce all the same.
    const multiaddrs = [
      '/ip4/192.0.2.1/tcp/1',
      '/dns4/1.2/tcp/1',
      `/ip4/192.0.2.1/tcp/2/p2p/${peerId.toString()}`,
    ];
    node.emit('peer:discovery', { detail: { id: peerId, multiaddrs } });
    const rsa = { type: 'RSA', toString: () => 'QmYyQ' };
    node.emit('peer:discovery', { detail: { id: rsa, multiaddrs } });
    expect(log.values.map(formatNodeAddress)).toEqual(
      [1, 2].map((port) => `libp2p://${id}@192.0.2.1:${port}/tcp/p2p/${peerId.toString()}`),
    );
    log.subscription.unsubscribe();
    expect(node.listenerCount('peer:discovery')).toBe(0);
  });
});
