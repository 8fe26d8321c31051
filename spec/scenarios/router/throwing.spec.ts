import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { throwError } from 'rxjs';
import { createRouter, fair, json, type Discipline } from '../../../lib/index.ts';
import type { RouterOptions } from '../../../lib/router/options.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { platformCrypto } from '../../../lib/platform/crypto.node.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { expectAlive, failedAt } from '../../support/alive.ts';
import { drops, heard } from '../../support/heard.ts';
import { identityOf, MockNode } from '../../support/mock-node.ts';
import { mistake, once, throwingClock } from '../../support/throwing.ts';
import { collectUnhandled } from '../../support/unhandled.ts';

const unhandled = collectUnhandled();
afterEach(() => void jest.restoreAllMocks());

const ignore = (): void => undefined;
const address = `mock:${identityOf(2).id}`;

describe('L-30 a callback option that throws raises an event, and the node keeps running', () => {
  it.each<[string, () => number]>([
    ['throws', once(() => 0)],
    ['returns NaN', () => NaN],
    ['returns 1', () => 1],
  ])('random that %s: uses 0.5 instead', async (_, random) => {
    const peers = { addresses: [address], retryMinMs: 100, retryJitterMs: 50 };
    // Ordering the peers draws the first number.
    let asked = 0;
    const node = new MockNode({ peers, random: () => (asked++ === 0 ? 0 : random()) });
    node.transport.answer = () => throwError(() => new Error('nobody there'));
    node.start();
    expect(failedAt(node)).toEqual(['random']);
    const { error } = node.events.find(({ type }) => type === 'callback-failed') as {
      error: Error;
    };
    expect(error).toMatchObject({ code: 'RXMESH_CALLBACK_FAILED' });
    expect(node.transport.dials).toHaveLength(1);
    node.clock.advance(124);
    expect(node.transport.dials).toHaveLength(1);
    node.clock.advance(1);
    expect(node.transport.dials).toHaveLength(2);
    expectAlive(node);
    node.stop();
    expect(await unhandled()).toEqual([]);
  });

  it('random before anyone subscribes: reported at the start', () => {
    const node = new MockNode({ peers: { addresses: [address] }, random: once(() => 0) });
    node.start();
    expect(failedAt(node)).toEqual(['random']);
    node.stop();
  });

  it('random on every call: reported once, until it has worked again', () => {
    let works = false;
    const random = (): number => {
      if (!works) throw mistake;
      return 0;
    };
    const node = new MockNode({ random });
    node.start();
    const learn = (seed: number): unknown => node.router.peers.add(`mock:${identityOf(seed).id}`);
    for (const seed of [3, 4, 5]) learn(seed);
    expect(failedAt(node)).toEqual(['random']);
    works = true;
    learn(6);
    works = false;
    learn(7);
    expect(failedAt(node)).toEqual(['random', 'random']);
    node.stop();
  });

  it.each(['now', 'schedule', 'afterTurn'] as const)('clock.%s', async (name) => {
    const time = new VirtualClock();
    const clock = throwingClock(name, time);
    const network = new MemoryNetwork({ clock: time, protection: 'trusted' });
    const node = (seed: number, options: Partial<RouterOptions>) => {
      const identity = identityOf(seed);
      const transports = [network.transport(identity.id)];
      return { identity, network: 'demo', transports, clock: time, ...options };
    };
    const addresses = [`memory:${identityOf(2).id}`];
    const [one, two] = [
      createRouter(node(1, { clock, peers: { addresses } })),
      createRouter(node(2, {})),
    ];
    const failed: string[] = [];
    one.events$.subscribe((event) => {
      if (event.type === 'callback-failed') failed.push(event.callback);
    });
    const channels = [one, two].map((each) => each.openChannel({ id: 1, codec: json<string>() }));
    const texts: string[] = [];
    channels[1]?.in$.subscribe(({ message }) => texts.push(message));
    for (const each of [two, one]) void each.start();
    // What the failing clock does not schedule runs on the system's timers.
    for (let i = 0; i < 3; i += 1) {
      time.advance(10_000);
      await unhandled();
    }
    channels[0]?.out.next({ broadcast: true, message: 'hello' });
    time.advance(0);
    expect([failed, texts]).toEqual([[`clock.${name}`], ['hello']]);
    for (const each of [one, two]) void each.stop();
    time.advance(60_000);
    expect(await unhandled()).toEqual([]);
  });

  it.each<[string, () => () => Discipline]>([
    ['discipline', () => once(fair)],
    ['rank', () => () => ({ ...fair(), rank: once(() => 0) })],
    ['served', () => () => ({ ...fair(), served: once(ignore) })],
  ])('%s: the connection ends and is restored', async (name, discipline) => {
    const options = { discipline: discipline() };
    const net = simulate({ nodes: 2, options: (node) => (node === 0 ? options : {}) });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    net.start();
    const texts = heard(net, chat(1));
    const say = (message: string): void => {
      chat(0).out.next({ broadcast: true, message });
      net.advance(0);
    };
    say('first');
    net.advance(5_000);
    net.settle();
    const codes = net.log.flatMap(({ node, event }) =>
      event.type === 'peer-down' && node === 0 ? [event.error?.code] : [],
    );
    expect(codes).toEqual(['RXMESH_DISCIPLINE_FAILED']);
    // Each connection gets its own discipline, and these throw at the first message of each.
    if (name === 'discipline') {
      say('second');
      expect(texts.at(-1)).toBe('0: second');
    }
    net.stop();
    expect(await unhandled()).toEqual([]);
  });

  it.each(['encode', 'decode'] as const)('%s of a codec: the message is dropped', async (name) => {
    const net = simulate({ nodes: 2 });
    const codec = json<string>();
    const throwing = {
      encode: { ...codec, encode: once((message: string) => codec.encode(message)) },
      decode: { ...codec, decode: once((bytes: Uint8Array) => codec.decode(bytes)) },
    };
    const chat = net.openChannels({ id: 1, codec: throwing[name] });
    net.start();
    const texts = heard(net, chat(1));
    for (const message of ['one', 'two']) {
      chat(0).out.next({ broadcast: true, message });
      net.advance(0);
    }
    const [node, direction] = name === 'encode' ? [0, 'outbound'] : [1, 'inbound'];
    expect(texts).toEqual(['0: two']);
    expect(drops(net)).toEqual([`${node} ${direction} 1 ${name}-failed`]);
    net.stop();
    expect(await unhandled()).toEqual([]);
  });

  it('sign of an identity: the handshake fails, and the next one succeeds', async () => {
    let signs = 0;
    const original = platformCrypto.ed25519Signer.bind(platformCrypto);
    const signer = jest.spyOn(platformCrypto, 'ed25519Signer').mockImplementation((seed) => {
      const sign = original(seed);
      return (message) => {
        signs += 1;
        if (signs === 1) throw mistake;
        return sign(message);
      };
    });
    const peers = { retryJitterMs: 0, retryMinMs: 10 };
    const net = simulate({ nodes: 2, protection: 'proven', options: () => ({ peers }) });
    net.start();
    expect(signs).toBeGreaterThan(1);
    signer.mockRestore();
    const failures = net.log.flatMap(({ event }) =>
      event.type === 'dial-failed' || event.type === 'connection-refused' ? [event.error] : [],
    );
    expect(failures.length).toBeGreaterThan(0);
    net.stop();
    expect(await unhandled()).toEqual([]);
  });

  it('latencyMs of a memory network: the frame arrives without delay, and the error is reported', async () => {
    const clock = new VirtualClock();
    let works = true;
    const latencyMs = (): number => {
      if (!works) throw mistake;
      return 1;
    };
    const network = new MemoryNetwork({ clock, latencyMs, protection: 'trusted' });
    const nodes = [1, 2].map((seed) => {
      const identity = identityOf(seed);
      const transports = [network.transport(identity.id)];
      const addresses = seed === 1 ? [`memory:${identityOf(2).id}`] : [];
      return createRouter({ identity, network: 'demo', transports, clock, peers: { addresses } });
    });
    const channels = nodes.map((each) => each.openChannel({ id: 1, codec: json<string>() }));
    const texts: string[] = [];
    channels[1]?.in$.subscribe(({ message }) => texts.push(message));
    for (const each of [...nodes].reverse()) void each.start();
    clock.advance(100);
    works = false;
    channels[0]?.out.next({ broadcast: true, message: 'hello' });
    clock.advance(0);
    works = true;
    expect(texts).toEqual(['hello']);
    for (const each of nodes) void each.stop();
    clock.advance(60_000);
    expect(new Set(await unhandled())).toEqual(new Set([mistake]));
  });
});
