import { filter, firstValueFrom, map, throwError, timeout } from 'rxjs';
import { exchangeCodec } from '../../exchange/messages.ts';
import { printable } from '../../model/quote.ts';
import type { Command } from '../command.node.ts';
import { dialed, dialOptions, warnings, whileUp, withNode } from '../node.node.ts';
import { channelId } from '../parse.node.ts';
import { note, printLine } from '../terminal.node.ts';

/** How long a node may take to answer, in milliseconds. */
const answerMs = 5_000;

/** `rxmesh peers`: the addresses that a node knows. */
export const peers: Command = {
  name: 'peers',
  summary: 'asks a node for addresses of other nodes, by peer exchange',
  positionals: ['<address>'],
  options: {
    channel: { value: 'id', text: 'the channel of peer exchange; default 0' },
    ...dialOptions,
    json: { text: 'prints one JSON object per line' },
  },
  notes: ['A node tells each peer only the addresses that the peer may be able to dial.'],
  examples: ['rxmesh peers ws://…@seed.example.com:4000 --network demo'],
  async run({ positionals: [address = ''], values }, terminal) {
    const id = channelId('--channel', values.text('channel') ?? '0');
    await withNode(values, {}, async (router) => {
      const exchange = router.openChannel({ id, codec: exchangeCodec });
      await router.start();
      const { id: peer, channels } = await dialed(router, address, { values, terminal });
      warnings(router, terminal, ['peer-down']);
      if (!channels.includes(id)) {
        const hint = id === 0 ? ': if it is rxmesh listen, start it with --exchange' : '';
        throw new Error(`the node does not take part in peer exchange on channel ${id}${hint}`);
      }
      const answer = exchange.in$.pipe(
        map(({ message }) => (message.kind === 'answer' ? message.addresses : undefined)),
        filter((addresses) => addresses !== undefined),
        timeout({
          first: answerMs,
          with: () => throwError(() => new Error(`no answer within ${answerMs / 1_000} s`)),
        }),
      );
      const addresses = await whileUp({ router, peer, terminal }, async () => {
        const message = { kind: 'ask' } as const;
        const all = [firstValueFrom(answer), exchange.sendOnce({ to: peer, message })] as const;
        const [answered] = await Promise.all(all);
        return answered;
      });
      for (const each of addresses) {
        const line = values.has('json') ? JSON.stringify({ address: each }) : printable(each);
        await printLine(terminal, line);
      }
      if (addresses.length === 0) note(terminal, 'rxmesh: the node has no addresses for us');
    });
  },
};
