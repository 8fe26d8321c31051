import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { block, json, raw, type Channel } from '../../../lib/index.ts';
import { pipeTo } from '../../../operators/pipe-to.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { drops, heard } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { runs } from '../../support/runs.ts';

const text = { id: 5, codec: json<string>() };

const peerChannels = (net: Simulation, node: number): unknown[] =>
  net.log.flatMap((entry) =>
    entry.node === node && entry.event.type === 'peer-channel'
      ? [`${entry.event.channel} ${entry.event.open ? 'open' : 'closed'}`]
      : [],
  );

/** The number of dropped messages in a simulation's log. */
const dropCount = (net: Simulation): number =>
  net.log.reduce((sum, { event }) => sum + (event.type === 'message-dropped' ? event.count : 0), 0);

describe.each([0, 5])('channels at run time, latency %i ms', (latencyMs) => {
  it('peers learn of a channel opened after start, and messages flow', () => {
    const net = simulate({ nodes: 2, latencyMs });
    net.start();
    const sender = net.node(0).router.openChannel(text);
    net.advance(latencyMs);
    expect(peerChannels(net, 1)).toEqual(['5 open']);
    sender.out.next({ to: net.node(1).id, message: 'too early' });
    expect(drops(net)).toEqual(['0 outbound 5 channel-not-open']);
    const texts = heard(net, net.node(1).router.openChannel(text));
    net.advance(latencyMs);
    expect(peerChannels(net, 0)).toEqual(['5 open']);
    sender.out.next({ to: net.node(1).id, message: 'now' });
    net.advance(latencyMs);
    expect(texts).toEqual(['0: now']);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('peers learn of a closed channel and stop sending to it', () => {
    const net = simulate({ nodes: 2, latencyMs });
    const chat = net.openChannels(text);
    net.start();
    chat(1).close();
    net.advance(latencyMs);
    expect(peerChannels(net, 0)).toEqual(['5 closed']);
    chat(0).out.next({ to: net.node(1).id, message: 'x' });
    expect(drops(net)).toEqual(['0 outbound 5 channel-not-open']);
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });

  it('a channel that closes with messages in transit reports each of them as dropped', () => {
    const net = simulate({ nodes: 2, latencyMs });
    const chat = net.openChannels(text);
    net.start();
    for (let i = 0; i < 10; i += 1) chat(0).out.next({ to: net.node(1).id, message: `${i}` });
    if (latencyMs > 0) net.advance(1);
    chat(1).close();
    net.advance(1_000);
    expect(dropCount(net)).toBe(10);
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });

  it('a channel that is closed and reopened in one turn is closed and open again for peers', () => {
    const net = simulate({ nodes: 2, latencyMs });
    const chat = net.openChannels({ ...text, inbound: block(4) });
    net.start();
    const [to, router] = [net.node(1).id, net.node(1).router];
    for (let i = 0; i < 10; i += 1) chat(0).out.next({ to, message: `${i}` });
    if (latencyMs > 0) net.advance(1);
    chat(1).close();
    const texts = heard(net, router.openChannel({ ...text, inbound: block(4) }));
    net.advance(1_000);
    expect(peerChannels(net, 0)).toEqual(['5 closed', '5 open']);
    // What was on its way arrives, and what waited is reported.
    const arrived = latencyMs > 0 ? 4 : 0;
    expect(texts).toEqual(Array.from({ length: arrived }, (_, i) => `0: ${i}`));
    const lost = Array.from({ length: 10 - arrived }, () => '0 outbound 5 channel-not-open');
    expect(drops(net)).toEqual(lost);
    net.stop();
  });

  it('what a pipe sends to a channel that is closed and reopened in one turn arrives', () => {
    const net = simulate({ nodes: 2, latencyMs });
    const chat = net.openChannels({ ...text, inbound: block(4) });
    net.start();
    const [to, router] = [net.node(1).id, net.node(1).router];
    const envelopes = Array.from({ length: 10 }, (_, i) => ({ to, message: `${i}` }));
    pipeTo(chat(0))(envelopes).subscribe();
    if (latencyMs > 0) net.advance(1);
    chat(1).close();
    const texts = heard(net, router.openChannel({ ...text, inbound: block(4) }));
    net.advance(1_000);
    expect(texts).toEqual(envelopes.map(({ message }) => `0: ${message}`));
    expect(drops(net)).toEqual([]);
    net.stop();
  });
});

it('a channel that is opened, closed and reopened in one turn gets its credit', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const options = { ...text, inbound: block(1) };
  const chat = net.openChannels(options);
  net.start();
  const { id: to, router } = net.node(1);
  chat(0).out.next({ to, message: 'lost' });
  net.advance(1);
  chat(1).close();
  net.advance(100);
  router.openChannel(options).close();
  const texts = heard(net, router.openChannel(options));
  net.advance(100);
  chat(0).out.next({ to, message: 'got' });
  net.advance(100);
  expect(texts).toEqual(['0: got']);
  expect(drops(net)).toEqual(['1 inbound 5 channel-closed']);
  net.stop();
});

it('a peer that reconnects gets credit only for the free space in the lane', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const chat = net.openChannels({ ...text, inbound: block(8) });
  net.start();
  const [from, to] = [net.node(0).id, net.node(1).id];
  // One message is less than the share of the window that triggers new credit.
  const reader = chat(1).in$.subscribe();
  chat(0).out.next({ to, message: 'before' });
  net.advance(100);
  net.network.sever(from, to);
  net.settle();
  chat(0).out.next({ to, message: 'after' });
  net.advance(100);
  reader.unsubscribe();
  for (let i = 0; i < 20; i += 1) chat(0).out.next({ to, message: `${i}` });
  net.advance(1_000);
  expect(net.node(1).up.size).toBe(1);
  const texts = heard(net, chat(1));
  net.advance(1_000);
  expect(texts).toHaveLength(20);
  net.stop();
});

it('a message partly received when the channel closes is reported as dropped', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const chat = net.openChannels({ id: 5, codec: raw() });
  net.start();
  chat(0).out.next({ to: net.node(1).id, message: new Uint8Array(1_000_000) });
  net.advance(7);
  chat(1).close();
  net.advance(1_000);
  expect(drops(net)).toEqual(['1 inbound 5 channel-closed']);
  expect(net.node(0).up.size).toBe(1);
  net.stop();
});

it('a message partly written when the connection fails is reported as dropped', () => {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const chat = net.openChannels({ id: 5, codec: raw() });
  net.start();
  const [from, to] = [net.node(0).id, net.node(1).id];
  chat(0).out.next({ to, message: new Uint8Array(1_000_000) });
  chat(0).out.next({ to, message: new Uint8Array(1) });
  net.advance(7);
  net.network.sever(from, to);
  expect(drops(net)).toEqual(Array(2).fill('0 outbound 5 peer-down'));
  expect(dropCount(net)).toBe(2);
  net.stop();
});

describe('channels that open and close at both ends at arbitrary times', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('send' as const), n: fc.integer({ min: 1, max: 9 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), n: fc.nat({ max: 8 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('toggle' as const), n: fc.nat({ max: 1 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('reopen' as const), n: fc.nat({ max: 1 }) }),
    },
  );

  it('every message is delivered or reported as dropped, no one violates the protocol, and traffic recovers', () => {
    const scenario = fc.record({
      latencyMs: fc.constantFrom(0, 3),
      capacity: fc.constantFrom(1, 2, 5),
      bytes: fc.constantFrom(1, 5_000, 200_000),
      isRead: fc.boolean(),
      steps: fc.array(step, { maxLength: 30 }),
    });
    fc.assert(
      fc.property(scenario, ({ latencyMs, capacity, bytes, isRead, steps }) => {
        const net = simulate({ nodes: 2, latencyMs });
        let sent = 0;
        let got = 0;
        const channels: (Channel<Uint8Array> | undefined)[] = [];
        const read = (channel: Channel<Uint8Array> | undefined): void => {
          channel?.in$.subscribe(() => (got += 1));
        };
        const open = (node: number): void => {
          const options = { id: 5, codec: raw(), inbound: block(capacity), outbound: block(8) };
          const channel = net.node(node).router.openChannel(options);
          if (isRead) read(channel);
          channels[node] = channel;
        };
        const toggle = (node: number): void => {
          if (channels[node] === undefined) open(node);
          else {
            channels[node].close();
            channels[node] = undefined;
          }
        };
        [0, 1].forEach(open);
        net.start();
        const send = (node: number, n: number): void => {
          for (let i = 0; i < n; i += 1) {
            const to = net.node(1 - node).id;
            channels[node]?.out.next({ to, message: new Uint8Array(bytes) });
            if (channels[node] !== undefined) sent += 1;
          }
        };
        for (const each of steps) {
          if (each.do === 'wait') net.advance(each.n);
          else if (each.do === 'send') [0, 1].forEach((node) => send(node, each.n));
          else if (each.do === 'toggle') toggle(each.n);
          else {
            toggle(each.n);
            if (channels[each.n] === undefined) toggle(each.n);
          }
        }
        [0, 1].forEach((node) => channels[node] ?? toggle(node));
        net.advance(1_000);
        if (!isRead) channels.forEach(read);
        net.advance(10_000);
        expect({ sent, told: got + dropCount(net) }).toEqual({ sent, told: sent });
        got = 0;
        [0, 1].forEach((node) => send(node, 1));
        net.advance(1_000);
        expect(got).toBe(2);
        expect(net.log.map(({ event }) => event.type)).not.toContain('peer-down');
        net.stop();
        expectIdle(net.clock.scheduler);
      }),
      { seed: 21, numRuns: runs(60) },
    );
  });
});

describe('peers without a common channel', () => {
  it('connect soon after one opens a channel that the other has', () => {
    const net = simulate({ nodes: 2, latencyMs: 1 });
    for (const node of [0, 1]) net.node(node).router.openChannel({ ...text, id: node });
    net.launch();
    net.advance(30_000);
    expect(net.nodes.map(({ up }) => up.size)).toEqual([0, 0]);
    net.node(0).router.openChannel({ ...text, id: 1 });
    net.node(1).router.openChannel({ ...text, id: 0 });
    net.advance(60_000);
    expect(net.nodes.map(({ up }) => up.size)).toEqual([1, 1]);
    net.stop();
  });
});
