import { setTimeout as later } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { concatMap, config, from, map, Subject } from 'rxjs';
import { block, json } from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { drops, heard, updates } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { size } from '../../support/runs.ts';

const text = { id: 1, codec: json<string>() };

describe('subscribers that throw', () => {
  afterEach(() => {
    config.onUnhandledError = null;
  });

  it('L-30 affect no other subscriber, channel or peer', async () => {
    const net = simulate({ nodes: 3 });
    const chat = net.openChannels(text);
    const errors = new Set<unknown>();
    config.onUnhandledError = (error) => errors.add((error as Error).message);
    const throws = (name: string) => (): never => {
      throw new Error(name);
    };
    net.node(1).router.peers$.subscribe(throws('peers$'));
    net.node(1).router.reports$.subscribe(throws('reports$'));
    chat(1).in$.subscribe(throws('in$'));
    chat(1)
      .in$.pipe(map(throws('map')))
      .subscribe();
    const texts = heard(net, chat(1));
    const seen = updates(net, 1);
    net.start();
    net.node(0).router.events$.subscribe(throws('events$'));
    chat(0).out.next({ to: net.node(1).id, message: 'one' });
    net.advance(0);
    chat(1).reports.next({ peer: net.node(0).id, severity: 'note', reason: 'for a test' });
    chat(0).out.next({ to: net.node(1).id, message: 'two' });
    net.advance(0);
    net.remove(2);
    expect(texts).toEqual(['0: one', '0: two']);
    expect(seen.sort()).toEqual(['down 2', 'up 0', 'up 2']);
    net.stop();
    expectIdle(net.clock.scheduler);
    // RxJS reports unhandled errors from platform timers. They run in order, so this one comes
    // last.
    await later(1);
    expect(errors).toEqual(new Set(['peers$', 'in$', 'map', 'events$', 'reports$']));
  });

  it('a stream into `out` that fails raises an event, and the channel stays open', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const source = new Subject<{ broadcast: true; message: string }>();
    source.subscribe(chat(0).out);
    const error = new Error('broken');
    source.error(error);
    expect(net.log.at(-1)).toEqual({
      atMs: 0,
      node: 0,
      event: { type: 'source-failed', channel: 1, error },
    });
    const texts = heard(net, chat(1));
    chat(0).out.next({ broadcast: true, message: 'still here' });
    net.advance(0);
    expect(texts).toEqual(['0: still here']);
    net.stop();
  });
});

describe.each([0, 3])('slow subscribers, latency %i ms', (latencyMs) => {
  it('an unread channel holds up neither another channel nor another peer', () => {
    const net = simulate({ nodes: 3, latencyMs });
    const idle = net.openChannels({ ...text, id: 2, inbound: block(4), outbound: block(8) });
    const chat = net.openChannels(text);
    net.start();
    for (let i = 0; i < 100; i += 1) {
      idle(0).out.next({ broadcast: true, message: `${i}` });
    }
    net.advance(1_000);
    const texts = [heard(net, chat(1)), heard(net, chat(2))];
    const others = heard(net, idle(2));
    for (let i = 0; i < 100; i += 1) chat(0).out.next({ broadcast: true, message: `${i}` });
    net.advance(1_000);
    expect(texts.map(({ length }) => length)).toEqual([100, 100]);
    // In one turn the outbound lane took 8, of which 4 had moved on to the inbound lane.
    expect(others).toEqual(Array.from({ length: 8 }, (_, i) => `0: ${i}`));
    expect(drops(net)).toEqual(Array(2 * 92).fill('0 outbound 2 lane-full'));
    expect(net.node(0).up.size).toBe(2);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('with block lanes and send, everything arrives in order however late it is read', () => {
    const net = simulate({ nodes: 2, latencyMs });
    const chat = net.openChannels({ ...text, inbound: block(4), outbound: block(4) });
    net.start();
    const to = net.node(1).id;
    let sent = 0;
    from(Array.from({ length: 200 }, (_, i) => `${i}`))
      .pipe(concatMap((message) => chat(0).send({ to, message })))
      .subscribe(() => (sent += 1));
    net.advance(1_000);
    expect(sent).toBe(8);
    const texts = heard(net, chat(1));
    net.advance(10_000);
    expect(texts).toEqual(Array.from({ length: 200 }, (_, i) => `0: ${i}`));
    net.stop();
  });

  it('a subscriber that replies during delivery gets every message once, in order', () => {
    const many = size(2_000, 400);
    const net = simulate({ nodes: 2, latencyMs });
    const chat = net.openChannels({ ...text, inbound: block(2) });
    chat(1)
      .in$.pipe(map(({ from: to, message }) => ({ to, message })))
      .subscribe(chat(1).out);
    net.start();
    const texts: string[] = [];
    const to = net.node(1).id;
    chat(0).in$.subscribe(({ message }) => {
      texts.push(message);
      if (texts.length < many) chat(0).out.next({ to, message: `${texts.length}` });
    });
    chat(0).out.next({ to, message: '0' });
    net.advance(20_000);
    expect(texts).toEqual(Array.from({ length: many }, (_, i) => `${i}`));
    net.stop();
  });
});
