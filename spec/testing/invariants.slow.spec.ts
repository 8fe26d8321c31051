import { describe, expect, it } from '@jest/globals';
import { trackLeaks } from '../support/leaks.ts';
import { world } from './world.ts';

describe('the invariants of a simulation', () => {
  it('hold for a network with crashes, restarts, partitions, silences and frozen nodes', () => {
    const { net, invariants, ledger } = world({
      nodes: 8,
      seed: 3,
      latencyMs: [5, 30],
      bytesPerSecond: 50_000,
      options: () => ({
        keepAlive: { intervalMs: 1_000, timeoutMs: 2_000 },
        peers: { maxConnected: 4, disconnectCooldownMs: 100 },
      }),
    });
    net.launch();
    let n = 0;
    const talk = (ms: number): void => {
      for (let passedMs = 0; passedMs < ms; passedMs += 100) {
        n += 1;
        ledger.send(n % 8, 'all', { n });
        ledger.send((n + 3) % 8, n % 5, { n });
        net.advance(100);
      }
      invariants.check();
    };
    talk(3_000);
    net.crash(2);
    talk(500);
    net.restart(2);
    net.partition([0, 1, 2], [3, 4]);
    talk(3_000);
    net.heal();
    net.freeze(5, 4_000);
    net.crash(6, { silently: true });
    talk(5_000);
    net.silence([0, 1, 2, 3], [4, 5, 7]);
    net.restart(6);
    talk(4_000);
    net.heal();
    net.add();
    void net.node(1).router.stop();
    talk(2_000);
    invariants.finish();
    const { sent, delivered, told, lost } = ledger.totals();
    expect(delivered).toBeGreaterThan(200);
    expect([told > 0, lost > 0, sent - delivered - told - lost]).toEqual([true, true, 0]);
    expect(invariants.broken).toEqual([]);
  });
});

trackLeaks();
