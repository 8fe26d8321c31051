/**
 * Plays a fixed scene in a simulated network and returns its log as text. Run as a program, with a
 * seed, it prints the text.
 */
import { pathToFileURL } from 'node:url';
import { json } from '../../lib/index.ts';
import { simulate } from '../../lib/testing/index.ts';

export function playNetwork(seed: number): string {
  const net = simulate({
    nodes: 6,
    seed,
    protection: 'encrypted',
    latencyMs: (from, to, random) => 5 + Math.abs(from - to) + random() * 20,
    bytesPerSecond: (from) => (from === 0 ? 20_000 : 1_000_000),
    options: () => ({
      keepAlive: { intervalMs: 1_000, timeoutMs: 3_000 },
      peers: { maxConnected: 3, disconnectCooldownMs: 100 },
    }),
  });
  const chat = net.openChannels({ id: 1, codec: json<string>() });
  for (const { index } of net.nodes) chat(index).in$.subscribe();
  net.launch();
  net.advance(2_000);
  for (let round = 0; round < 5; round += 1) {
    chat(round).out.next({ broadcast: true, message: 'x'.repeat(1 + 1_000 * round) });
    net.advance(50);
  }
  chat(1).reports.next({ peer: net.node(2).id, severity: 'disconnect', reason: 'a test' });
  net.freeze(4, 4_000);
  net.crash(5, { silently: true });
  net.advance(5_000);
  net.restart(5);
  net.silence([0, 1, 2], [3, 4, 5]);
  net.advance(5_000);
  net.partition([0, 1], [2, 3]);
  net.mute(4, 5);
  net.advance(5_000);
  net.heal();
  net.advance(30_000);
  net.stop();
  return `${net.log.join('\n')}\n`;
}

const [, program, seed] = process.argv;
if (program !== undefined && import.meta.url === pathToFileURL(program).href) {
  process.stdout.write(playNetwork(Number(seed)));
}
