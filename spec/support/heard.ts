import type { Channel } from '../../lib/index.ts';
import type { Simulation } from '../../lib/testing/index.ts';

/** What arrives on a channel from now on, as `<number of the sender>: <message>`. */
export function heard(net: Simulation, channel: Pick<Channel<unknown>, 'in$'>): string[] {
  const texts: string[] = [];
  channel.in$.subscribe(({ from, message }) => {
    const sender = net.nodes.find(({ id }) => id === from)?.index ?? from;
    texts.push(`${sender}: ${String(message)}`);
  });
  return texts;
}

/** The drops in a simulation's log, as `<node> <direction> <channel> <reason>`, one per message. */
export function drops(net: Simulation): string[] {
  // Drops are reported at the end of a turn.
  net.advance(0);
  return net.log.flatMap(({ node, event }) =>
    event.type === 'message-dropped'
      ? Array<string>(event.count).fill(
          `${node} ${event.direction} ${event.channel} ${event.reason}`,
        )
      : [],
  );
}

/**
 * The peers that come up and go down at a node from now on, as `up <number>` and `down <number>`.
 */
export function updates(net: Simulation, node: number): string[] {
  const texts: string[] = [];
  const already = new Set(net.node(node).up);
  net.node(node).router.peers$.subscribe(({ id, status }) => {
    if (already.delete(id)) return;
    texts.push(`${status} ${net.nodes.findIndex((other) => other.id === id)}`);
  });
  return texts;
}
