import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import { json, type Channel } from '../../../lib/index.ts';
import type { Simulation } from '../../../lib/testing/index.ts';
import { simulate } from '../../support/maker.ts';
import { heard, updates } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { size } from '../../support/runs.ts';

const nodes = size(8, 4);
const others = Array.from({ length: nodes - 1 }, (_, node) => node + 1);

describe.each([0, 7])('a mesh in which all nodes but one echo, latency %i ms', (latencyMs) => {
  let net: Simulation;
  let chat: (node: number) => Channel<string>;

  beforeEach(() => {
    net = simulate({ nodes, latencyMs });
    chat = net.openChannels({ id: 0x10, codec: json<string>() });
    for (const node of others) {
      const echo = chat(node);
      echo.in$
        .pipe(map(({ from, message }) => ({ to: from, message: `echo of ${message}` })))
        .subscribe(echo.out);
    }
    net.start();
  });

  afterEach(() => {
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('R-01 each peer echoes a message, and the reply carries its ID as the sender', () => {
    const texts = heard(net, chat(0));
    for (const node of others) {
      chat(0).out.next({ to: net.node(node).id, message: `m${node}` });
      net.advance(2 * latencyMs);
      expect(texts.splice(0)).toEqual([`${node}: echo of m${node}`]);
    }
    net.advance(1_000);
    expect(texts).toEqual([]);
  });

  it('R-02 a broadcast gets one reply from every peer and nothing more', () => {
    const texts = heard(net, chat(0));
    chat(0).out.next({ broadcast: true, message: 'all' });
    net.advance(1_000);
    expect(texts.sort()).toEqual(others.map((node) => `${node}: echo of all`));
  });

  it('R-03 a reported peer goes down and comes up again, in that order', () => {
    const seen = updates(net, 0);
    chat(0).reports.next({ peer: net.node(3).id, severity: 'disconnect', reason: 'it misbehaved' });
    net.advance(1_000);
    expect(seen).toEqual(['down 3']);
    net.advance(9_000);
    expect(seen).toEqual(['down 3', 'up 3']);
  });
});
