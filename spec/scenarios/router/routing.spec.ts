import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  json,
  parseNodeId,
  raw,
  type Channel,
  type NodeId,
  type OutboundEnvelope,
  type RxmeshError,
} from '../../../lib/index.ts';
import type { Simulation } from '../../../lib/testing/index.ts';
import { simulate } from '../../support/maker.ts';
import { drops, heard } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';

const [a, b, c] = [0, 1, 2];
const unknown = parseNodeId('ab'.repeat(20));

describe.each([0, 4])('three nodes with two channels, latency %i ms', (latencyMs) => {
  let net: Simulation;
  let first: (node: number) => Channel<string>;
  let second: (node: number) => Channel<string>;
  let texts: string[][];
  let others: string[][];

  beforeEach(() => {
    net = simulate({ nodes: 3, latencyMs });
    first = net.openChannels({ id: 1, codec: json<string>() });
    second = net.openChannels({ id: 2, codec: json<string>() });
    texts = net.nodes.map(({ index }) => heard(net, first(index)));
    others = net.nodes.map(({ index }) => heard(net, second(index)));
    net.start();
  });

  afterEach(() => {
    expect(others).toEqual([[], [], []]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  const id = (node: number): NodeId => net.node(node).id;
  const nothing = [[], [], []];

  it('R-10 delivers to the addressed peer only', () => {
    first(a).out.next({ to: id(b), message: 'hello' });
    net.advance(1_000);
    expect(texts).toEqual([[], ['0: hello'], []]);
    expect(drops(net)).toEqual([]);
  });

  it('R-11 drops an envelope without a message', () => {
    first(a).out.next({ to: id(b) } as OutboundEnvelope<string>);
    net.advance(1_000);
    expect(texts).toEqual(nothing);
    expect(drops(net)).toEqual(['0 outbound 1 encode-failed']);
  });

  it('R-12 drops a message of the wrong type at the receiver', () => {
    first(a).close();
    const wrong = net.node(a).router.openChannel({ id: 1, codec: raw() });
    net.advance(1_000);
    wrong.out.next({ to: id(b), message: Uint8Array.of(0xff, 0x00) });
    net.advance(1_000);
    expect(texts).toEqual(nothing);
    expect(drops(net)).toEqual(['1 inbound 1 decode-failed']);
    expect(net.log.at(-1)?.event).toMatchObject({
      peer: id(a),
      error: { code: 'RXMESH_DECODE_FAILED', peer: id(a), channel: 1 },
    });
    expect(net.node(b).up.has(id(a))).toBe(true);
  });

  it('R-13 drops a message to an unknown peer', () => {
    first(a).out.next({ to: unknown, message: 'x' });
    net.advance(1_000);
    expect(texts).toEqual(nothing);
    expect(drops(net)).toEqual(['0 outbound 1 unknown-peer']);
  });

  it('R-14 drops an envelope that has no recipient and is not a broadcast', () => {
    const nobody = { broadcast: false, message: 'x' } as unknown as OutboundEnvelope<string>;
    first(a).out.next(nobody);
    first(a).out.next({ message: 'x' } as OutboundEnvelope<string>);
    let code: unknown;
    first(a)
      .send(nobody)
      .subscribe({ error: (error: unknown) => (code = (error as RxmeshError).code) });
    net.advance(1_000);
    expect(code).toBe('RXMESH_UNDELIVERABLE');
    expect(texts).toEqual(nothing);
    expect(drops(net)).toEqual(Array(3).fill('0 outbound 1 no-recipient'));
  });

  it('B-05 drops an envelope that is empty, and nothing else', () => {
    first(a).out.next({} as OutboundEnvelope<string>);
    first(a).out.next({ to: id(b), message: 'hello' });
    net.advance(1_000);
    expect(texts).toEqual([[], ['0: hello'], []]);
    expect(drops(net)).toEqual(['0 outbound 1 no-recipient']);
    for (const { up } of net.nodes) expect(up.size).toBe(2);
  });

  it('R-15 drops a message to the sender itself', () => {
    first(a).out.next({ to: id(a), message: 'x' });
    net.advance(1_000);
    expect(texts).toEqual(nothing);
    expect(drops(net)).toEqual(['0 outbound 1 to-self']);
  });

  it('R-16 drops a message to a removed peer without waiting for it', () => {
    net.remove(b);
    const reports: unknown[] = [];
    first(a)
      .send({ to: id(b), message: 'x' })
      .subscribe((report) => reports.push(report));
    expect(reports).toEqual([{ accepted: 0, dropped: 1 }]);
    expect(texts).toEqual(nothing);
    expect(drops(net)).toEqual(['0 outbound 1 unknown-peer']);
  });

  it('R-17 and R-18: after all that, messages still arrive, and the other channel stays silent', () => {
    first(a).out.next({ to: id(b) } as OutboundEnvelope<string>);
    first(a).out.next({ to: unknown, message: 'x' });
    first(a).out.next({ message: 'x' } as OutboundEnvelope<string>);
    first(a).out.next({ to: id(a), message: 'x' });
    net.remove(b);
    first(a).out.next({ to: id(b), message: 'x' });
    first(c).out.next({ to: id(a), message: 'fine' });
    net.advance(1_000);
    expect(texts).toEqual([['2: fine'], [], []]);
  });
});

describe.each([0, 4])('a broadcast among four nodes, latency %i ms', (latencyMs) => {
  let net: Simulation;
  let chat: (node: number) => Channel<string>;
  let texts: string[][];

  beforeEach(() => {
    net = simulate({ nodes: 4, latencyMs });
    chat = net.openChannels({ id: 1, codec: json<string>() });
    texts = net.nodes.map(({ index }) => heard(net, chat(index)));
    net.start();
  });

  afterEach(() => {
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('R-19 reaches every other node once, and not the sender', () => {
    chat(1).out.next({ broadcast: true, message: 'all' });
    net.advance(1_000);
    expect(texts).toEqual([['1: all'], [], ['1: all'], ['1: all']]);
  });

  it('R-20 reaches the remaining nodes when one has gone', () => {
    net.remove(3);
    const reports: unknown[] = [];
    chat(0)
      .send({ broadcast: true, message: 'all' })
      .subscribe((report) => reports.push(report));
    net.advance(1_000);
    expect(reports).toEqual([{ accepted: 2, dropped: 0 }]);
    expect(texts).toEqual([[], ['0: all'], ['0: all'], []]);
    expect(drops(net)).toEqual([]);
  });

  it('skips the peers that an envelope excepts', () => {
    const [one, two] = [net.node(1).id, net.node(2).id];
    chat(0).out.next({ broadcast: true, except: one, message: 'x' });
    chat(0).out.next({ broadcast: true, except: [one, two], message: 'y' });
    net.advance(1_000);
    expect(texts).toEqual([[], [], ['0: x'], ['0: x', '0: y']]);
  });
});
