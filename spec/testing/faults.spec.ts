import { describe, expect, it } from '@jest/globals';
import { json, raw } from '../../lib/index.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { heard, updates } from '../support/heard.ts';
import { trackLeaks } from '../support/leaks.ts';

const text = { id: 0x10, codec: json<string>() };
const alive = { keepAlive: { intervalMs: 1_000, timeoutMs: 3_000 } };

/** The codes with which peers went down at a node, with the time since `sinceMs`. */
function ends(net: Simulation, node: number, sinceMs: number): string[] {
  return net.log.flatMap(({ atMs, node: at, event }) =>
    at === node && event.type === 'peer-down' && atMs >= sinceMs
      ? [`${event.error?.code ?? 'none'} after ${atMs - sinceMs}`]
      : [],
  );
}

describe('lines of a simulated network', () => {
  it('draws the latency from a range, for each frame, and keeps the order', () => {
    const net = simulate({ nodes: 2, latencyMs: [20, 40], seed: 3 });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    const delays: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      const sentMs = net.now();
      const before = log.length;
      chat(0).out.next({ broadcast: true, message: String(i) });
      net.clock.advanceUntil(() => log.length > before, 100);
      delays.push(net.now() - sentMs);
    }
    expect(log).toEqual(Array.from({ length: 40 }, (_, i) => `0: ${i}`));
    expect([Math.min(...delays), Math.max(...delays)]).toEqual([20, 40]);
    expect(new Set(delays).size).toBeGreaterThan(10);
    net.stop();
  });

  it('has lines that differ by direction', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    net.latencyMs = (from) => (from === 0 ? 100 : 3);
    const logs = [heard(net, chat(0)), heard(net, chat(1))];
    for (const node of [0, 1]) chat(node).out.next({ broadcast: true, message: 'x' });
    net.advance(3);
    expect(logs).toEqual([['1: x'], []]);
    net.advance(97);
    expect(logs).toEqual([['1: x'], ['0: x']]);
    net.stop();
  });

  it('shares the bandwidth of a line among its channels, in each direction', () => {
    const net = simulate({ nodes: 2, bytesPerSecond: 100_000, latencyMs: 10 });
    const [one, other] = [1, 2].map((id) => net.openChannels({ id, codec: raw() }));
    if (one === undefined || other === undefined) throw new Error('no channels');
    net.start();
    const startMs = net.now();
    const took = { one: 0, other: 0, back: 0 };
    one(1).in$.subscribe(() => (took.one = net.now() - startMs));
    other(1).in$.subscribe(() => (took.other = net.now() - startMs));
    one(0).in$.subscribe(() => (took.back = net.now() - startMs));
    const message = new Uint8Array(1_000);
    for (let i = 0; i < 100; i += 1) {
      one(0).out.next({ broadcast: true, message });
      other(0).out.next({ broadcast: true, message });
      one(1).out.next({ broadcast: true, message });
    }
    net.advance(10_000);
    // 200 kB one way, 100 kB the other, at 100 kB/s. The link takes a while to fill the line.
    expect(took.back).toBeGreaterThan(1_000);
    expect(took.back).toBeLessThan(1_500);
    for (const ms of [took.one, took.other]) {
      expect(ms).toBeGreaterThan(1_800);
      expect(ms).toBeLessThan(2_500);
    }
    net.stop();
  });

  it.each([
    [{ latencyMs: -1 }, /^latencyMs must be a finite number of 0 or more, or a range/],
    [{ latencyMs: [5, 4] }, /^latencyMs must be a finite number of 0 or more, or a range/],
    [{ bytesPerSecond: 0 }, /^bytesPerSecond must be a number above 0, got 0/],
  ] as const)('refuses %j', (lines, problem) => {
    expect(() => simulate({ nodes: 2, ...lines })).toThrow(problem);
  });
});

describe('faults of a simulated network', () => {
  it('a muted line ends by the keep-alive of the node that hears nothing', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, options: () => alive });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(0));
    const sinceMs = net.now();
    net.mute(0, 1);
    chat(1).out.next({ broadcast: true, message: 'still heard' });
    net.advance(10_000);
    expect(log).toEqual(['1: still heard']);
    expect(ends(net, 1, sinceMs)).toEqual([expect.stringMatching(/^RXMESH_PEER_TIMEOUT after /)]);
    expect(net.node(0).up.size + net.node(1).up.size).toBe(0);
    net.heal();
    net.settle();
    net.stop();
  });

  it('what a silence held back arrives after it heals, without a gap', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    net.silence([0], [1]);
    const messages = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const message of messages) chat(0).out.next({ broadcast: true, message });
    net.advance(60_000);
    expect(log).toEqual([]);
    net.heal();
    net.advance(100);
    expect(log).toEqual(messages.map((message) => `0: ${message}`));
    net.stop();
  });

  describe('a connection that a silent crash left half-open', () => {
    /** Node 0 dials node 1, which does not come back by itself. */
    function halfOpen() {
      const net = simulate({ nodes: 2, latencyMs: 100, knows: [[1], []] });
      const chat = net.openChannels({ id: 1, codec: json<string>() });
      net.start();
      net.crash(1, { silently: true });
      net.advance(1000);
      const downAtMs: number[] = [];
      net.node(0).router.events$.subscribe(({ type }) => {
        if (type === 'peer-down') downAtMs.push(net.now());
      });
      const send = (): number => {
        chat(0).out.next({ broadcast: true, message: 'x' });
        return net.now();
      };
      return { net, send, downAtMs };
    }

    it('is reset a round trip after it was used, once the node is back', () => {
      const { net, send, downAtMs } = halfOpen();
      net.restart(1);
      net.advance(500);
      const sentAtMs = send();
      net.advance(1000);
      expect(downAtMs).toEqual([sentAtMs + 200]);
      net.stop();
    });

    it('is not reset by a node that was back for a moment only', () => {
      const { net, send, downAtMs } = halfOpen();
      net.restart(1);
      net.advance(10);
      send();
      net.crash(1, { silently: true });
      net.advance(1000);
      send();
      net.advance(1000);
      expect(downAtMs).toEqual([]);
      net.stop();
    });

    it('is not reset by a node that hears nothing, until it does', () => {
      const { net, send, downAtMs } = halfOpen();
      net.mute(0, 1);
      net.restart(1);
      send();
      net.advance(1000);
      expect(downAtMs).toEqual([]);
      net.heal();
      const healedAtMs = net.now();
      net.advance(1000);
      expect(downAtMs).toEqual([healedAtMs + 200]);
      net.stop();
    });
  });

  it('a silent crash leaves the others half-open, until keep-alive finds out', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, options: () => alive });
    net.start();
    const sinceMs = net.now();
    net.crash(0, { silently: true });
    net.advance(2_000);
    expect([...net.node(1).up]).toEqual([net.node(0).id]);
    net.advance(5_000);
    expect(ends(net, 1, sinceMs)).toEqual([expect.stringMatching(/^RXMESH_PEER_TIMEOUT after /)]);
    net.stop();
  });

  it('a node that is back after a silent crash is up again at once: its dial replaces the dead link', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, options: () => alive });
    const chat = net.openChannels(text);
    net.start();
    net.crash(0, { silently: true });
    net.advance(500);
    net.restart(0);
    net.clock.advanceUntil(() => net.node(0).up.size === 1, 10_000);
    const log = heard(net, chat(1));
    chat(0).out.next({ broadcast: true, message: 'back' });
    net.advance(50);
    expect(log).toEqual(['0: back']);
    net.stop();
  });

  it.each([100, 40_000])(
    'settle waits for a node that is back %d ms after a silent crash',
    (ms) => {
      const net = simulate({ nodes: 3, latencyMs: 5 });
      net.start();
      net.crash(0, { silently: true });
      net.advance(ms);
      net.restart(0);
      net.settle();
      expect(net.nodes.map(({ up }) => up.size)).toEqual([2, 2, 2]);
      const settledAtMs = net.now();
      net.settle();
      expect(net.now()).toBe(settledAtMs);
      net.stop();
    },
  );

  it('a frozen node does nothing, and then everything late, without losing a message', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, options: () => alive });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    const seen = [updates(net, 0), updates(net, 1)];
    net.freeze(1, 2_000);
    chat(0).out.next({ broadcast: true, message: 'to a frozen node' });
    chat(1).out.next({ broadcast: true, message: 'from it' });
    net.advance(1_999);
    expect(log).toEqual([]);
    net.advance(1);
    expect(log).toEqual(['0: to a frozen node']);
    net.advance(10_000);
    expect(seen).toEqual([[], []]);
    net.stop();
  });

  it('a node frozen for longer than the keep-alive is given up, and comes back', () => {
    const net = simulate({
      nodes: 2,
      latencyMs: 5,
      options: () => ({ ...alive, peers: { disconnectCooldownMs: 100, retryJitterMs: 0 } }),
    });
    net.start();
    const seen = [updates(net, 0), updates(net, 1)];
    net.freeze(1, 20_000);
    net.advance(10_000);
    expect(seen).toEqual([['down 1'], []]);
    net.advance(20_000);
    expect(seen.map((each) => each.join())).toEqual(['down 1,up 1', 'down 0,up 0']);
    expect(() => net.freeze(2, 1)).toThrow(RangeError);
    net.crash(1);
    expect(() => net.freeze(1, 1)).toThrow(/^freeze: node 1 .* has stopped already$/);
    net.stop();
  });

  it('a slow node reads one frame at a time, from whichever peer, and loses nothing', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const chat = net.openChannels(text);
    net.start();
    net.advance(1_000);
    const startMs = net.now();
    const arrivals: string[] = [];
    chat(2).in$.subscribe(({ message }) => arrivals.push(`${net.now() - startMs}: ${message}`));
    net.slow(2, 50);
    for (const n of [1, 2]) {
      chat(0).out.next({ to: net.node(2).id, message: `a${n}` });
      chat(1).out.next({ to: net.node(2).id, message: `b${n}` });
      net.advance(1);
    }
    net.advance(999);
    expect(arrivals.map((each) => each.split(':')[0])).toEqual(['5', '55', '105', '155']);
    expect(arrivals.map((each) => each.split(' ')[1]).toSorted()).toEqual(['a1', 'a2', 'b1', 'b2']);

    // Fast again, also in the middle of its work.
    const before = net.now();
    for (const n of [3, 4]) {
      chat(0).out.next({ to: net.node(2).id, message: `a${n}` });
      net.advance(1);
    }
    net.advance(20);
    expect(arrivals).toHaveLength(5);
    net.slow(2, 0);
    expect(arrivals).toHaveLength(6);
    expect([arrivals.at(-1), net.now()]).toEqual([`${before - startMs + 22}: a4`, before + 22]);
    net.slow(2, 50);
    net.advance(100);
    net.stop();
    expect(() => net.slow(2, -1)).toThrow('msPerFrame');
  });

  it('a frozen node can crash and start again, and a network stops with a frozen node', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const chat = net.openChannels(text);
    net.start();
    net.freeze(1, 60_000);
    net.freeze(2, 3_600_000);
    const log = heard(net, chat(1));
    chat(0).out.next({ broadcast: true, message: 'lost' });
    net.advance(100);
    net.crash(1);
    net.restart(1);
    net.clock.advanceUntil(() => net.node(1).up.has(net.node(0).id), 60_000);
    expect(log).toEqual([]);
    net.stop();
  });
});

describe('the log as text', () => {
  it('has a line for each event, with the time and the node', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, knows: (node) => node === 0 });
    net.start();
    const [a, b] = net.nodes.map(({ id }) => id);
    const up = (id = ''): string => `peer ${id} (${id.slice(0, 8)}) is up`;
    expect(net.log.join('\n')).toBe(
      `      15 ms  node 1  ${up(a)}, inbound, memory:${a}\n` +
        `      20 ms  node 0  ${up(b)}, outbound, memory:${b}`,
    );
    net.stop();
  });

  it('keeps the latest entries, and passes each one on', () => {
    const net = simulate({ nodes: 4, latencyMs: 5, logMax: 3 });
    const lines: string[] = [];
    net.log$.subscribe((entry) => lines.push(String(entry)));
    net.start();
    net.stop();
    expect(lines.length).toBeGreaterThan(12);
    expect(net.log.map(String)).toEqual(lines.slice(-3));
  });
});

trackLeaks();
