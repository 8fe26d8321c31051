import { filter } from 'rxjs';
import { type Channel, json } from '../../lib/index.ts';
import {
  type AccountedChannel,
  type Invariants,
  type Ledger,
  simulate,
  type Simulation,
  type SimulationOptions,
  watchInvariants,
} from '../../lib/testing/index.ts';

interface Numbered {
  readonly n: number;
}

interface World {
  readonly net: Simulation;
  readonly invariants: Invariants;
  readonly chat: (node: number) => Channel<Numbered>;
  readonly ledger: Ledger<Numbered>;
}

const numbered = { id: 1, codec: json<Numbered>() };

/**
 * A network with its invariants, a channel and a ledger.
 * @param swallowed the numbers of messages that are lost between the channel and the ledger
 */
export function world(
  options: Partial<SimulationOptions> = {},
  swallowed: readonly number[] = [],
): World {
  const net = simulate({ nodes: 3, latencyMs: 5, ...options });
  const invariants = watchInvariants(net, { agreeWithinMs: 10_000 });
  const chat = net.openChannels(numbered);
  const lossy = (node: number): AccountedChannel<Numbered> => {
    const { id, out, in$ } = chat(node);
    return { id, out, in$: in$.pipe(filter(({ message }) => !swallowed.includes(message.n))) };
  };
  return { net, invariants, chat, ledger: invariants.ledger(lossy, ({ n }) => n) };
}
