import { describe, expect, it } from '@jest/globals';
import { filter, map } from 'rxjs';
import { json } from '../../lib/codec/json.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { DirectEnvelope } from '../../lib/model/envelope.ts';
import { simulate } from '../../lib/testing/simulation.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { trackLeaks } from '../support/leaks.ts';
import { size } from '../support/runs.ts';

const lanes = { codec: json<number>(), inbound: block(16), outbound: block(16) };
/**
 * The most messages in transit through two hops: an outbound and an inbound lane each, and one
 * message at each pipe.
 */
const onTheWayMax = 2 * (16 + 16) + 2;

describe('a relay of pipes', () => {
  it('P-3 a slow consumer at the end slows the origin: nothing is lost and no lane exceeds its bounds', () => {
    const net = simulate({ nodes: 3, latencyMs: 5, knows: (a, b) => Math.abs(a - b) === 1 });
    const first = net.openChannels({ id: 1, ...lanes });
    const second = net.openChannels({ id: 2, ...lanes });
    net.start();
    const { clock } = net;
    const last = 400;

    let made = 0;
    function* numbers(): Generator<DirectEnvelope<number>> {
      while (made < last) yield { to: net.node(1).id, message: (made += 1) };
    }
    let sent: unknown;
    pipeTo(first(0), { clock })(numbers()).subscribe((report) => (sent = report));

    let relayed: unknown;
    first(1)
      .in$.pipe(
        filter(({ message }) => message % 4 !== 0),
        map(({ message }) => ({ to: net.node(2).id, message })),
        pipeTo(second(1), { clock }),
      )
      .subscribe((report) => (relayed = report));

    const heard: number[] = [];
    const demand = second(2).in$.consume({
      next: ({ message }) => heard.push(message),
      error: (error) => {
        throw error as Error;
      },
      complete: () => undefined,
    });
    let mostOnTheWay = 0;
    let deepest = 0;
    for (let taken = 0; taken < 300; taken += 1) {
      demand.request(1);
      net.advance(10);
      // Includes the messages that the filter skipped.
      mostOnTheWay = Math.max(mostOnTheWay, made - (heard.at(-1) ?? 0));
      for (const { router } of net.nodes) {
        for (const { channels } of router.snapshot().peers) {
          for (const { inbound, outbound } of channels) {
            deepest = Math.max(deepest, inbound.depth, outbound.depth);
          }
        }
      }
    }
    expect(deepest).toBe(16);
    expect(sent).toEqual({ accepted: last, dropped: 0 });
    const all = Array.from({ length: last }, (_, i) => i + 1);
    expect(heard).toEqual(all.filter((number) => number % 4 !== 0));
    expect(mostOnTheWay).toBeLessThanOrEqual(Math.ceil((onTheWayMax * 4) / 3) + 1);
    expect(mostOnTheWay).toBeGreaterThan(16);
    demand.unsubscribe();
    first(1).close();
    expect(relayed).toEqual({ accepted: 300, dropped: 0 });
    expect(net.log.filter(({ event }) => event.type === 'message-dropped')).toEqual([]);
    net.stop();
  });
});

describe('the clock of pipeTo', () => {
  it("is the channel's: in a simulation it continues after the messages of the current turn", () => {
    const net = simulate({ nodes: 2, latencyMs: 10 });
    const wide = { inbound: block(16_384), outbound: block(16_384) };
    const channel = net.openChannels({ id: 1, codec: json<number>(), ...wide });
    let received = 0;
    channel(1).in$.subscribe(() => (received += 1));
    net.start();
    const envelope = { to: net.node(1).id, message: 1 };
    const envelopes = Array.from({ length: 12_000 }, () => envelope);
    pipeTo(channel(0))(envelopes).subscribe();
    net.advance(500);
    expect(received).toBe(12_000);
    net.stop();
  });
});

describe('slowPeer: drop, at a router', () => {
  it.each([0, 1, 5, 25])('L-24 peers that keep up miss nothing, %i ms away', (latencyMs) => {
    const net = simulate({ nodes: 3, latencyMs });
    const channel = net.openChannels({ id: 1, codec: json<number>(), slowPeer: 'drop' });
    const got = [0, 0];
    for (const peer of [1, 2])
      channel(peer).in$.subscribe(() => (got[peer - 1] = (got[peer - 1] ?? 0) + 1));
    net.start();
    const many = size(5_000, 1_000);
    const envelopes = Array.from({ length: many }, (_, message) => ({
      broadcast: true as const,
      message,
    }));
    const log: unknown[] = [];
    pipeTo(channel(0))(envelopes).subscribe((report) => log.push(report));
    net.advance(30_000);
    expect([got, log]).toEqual([[many, many], [{ accepted: 2 * many, dropped: 0 }]]);
    net.stop();
  });
});

describe('slowPeer: evictAfterMs, at a router', () => {
  it('closes the connection and reports the peer, and the others get every message', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const channel = net.openChannels({ id: 1, ...lanes, slowPeer: { evictAfterMs: 500 } });
    net.start();
    const heard: number[] = [];
    channel(1).in$.subscribe(({ message }) => heard.push(message));
    const startMs = net.now();
    let endedMs = NaN;
    const all = Array.from({ length: 100 }, (_, message) => ({
      broadcast: true as const,
      message,
    }));
    pipeTo(channel(0), { clock: net.clock })(all).subscribe(() => (endedMs = net.now()));
    net.advance(1_000);
    expect(heard).toEqual(all.map(({ message }) => message));
    expect(endedMs - startMs).toBeGreaterThanOrEqual(500);
    expect(endedMs - startMs).toBeLessThan(600);
    const types = ['peer-reported', 'message-dropped', 'peer-down'];
    const told = net.log.filter(({ node, event }) => node === 0 && types.includes(event.type));
    const peer = net.node(2).id;
    expect(told.map(({ event }) => event)).toMatchObject([
      { type: 'peer-reported', peer, severity: 'disconnect', error: { code: 'RXMESH_SLOW_PEER' } },
      { type: 'peer-down', peer },
      { type: 'message-dropped', peer, reason: 'peer-down' },
    ]);
    net.stop();
  });
});

trackLeaks();
