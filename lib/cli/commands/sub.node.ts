import type { Command } from '../command.node.ts';
import { formatOf, formatOptions } from '../messages.node.ts';
import { dialed, dialOptions, listenPlace, stopped, warnings, withNode } from '../node.node.ts';
import { channelId, wholeNumber } from '../parse.node.ts';
import { note, print } from '../terminal.node.ts';
import { UsageError } from '../usage-error.ts';

/** `rxmesh sub`: prints the messages of a channel. */
export const sub: Command = {
  name: 'sub',
  summary: 'prints the messages that arrive on a channel',
  positionals: ['<channel>', '[address]...'],
  options: {
    ...formatOptions,
    count: { value: 'n', short: 'c', text: 'stop after this many messages; default: at Ctrl-C' },
    listen: { value: '[host:]port', short: 'l', text: 'waits for nodes that dial this one' },
    ...dialOptions,
  },
  notes: [
    'A slow reader slows the senders down; nothing is dropped. A node that goes away is dialed again.',
  ],
  examples: [
    'rxmesh sub 7 ws://…@127.0.0.1:4000',
    'rxmesh sub 7 --listen 4000 --json | jq .level',
    'rxmesh sub 7 --listen 4000 --proto note.proto --type Note --count 1',
  ],
  async run({ positionals: [channel = '', ...addresses], values }, terminal) {
    const id = channelId('<channel>', channel);
    const format = await formatOf(values);
    const place = values.text('listen');
    if (addresses.length === 0 && place === undefined) {
      throw new UsageError('[address] or --listen is missing: who should send?');
    }
    const given = values.text('count');
    const count = given === undefined ? Infinity : wholeNumber('--count', given, 1, 2 ** 31);
    const listen = place === undefined ? undefined : listenPlace('--listen', place);
    await withNode(values, { listen }, async (router) => {
      const opened = router.openChannel({ id, codec: format.codec });
      await router.start();
      if (listen !== undefined) for (const each of router.addresses) note(terminal, each);
      for (const address of addresses) await dialed(router, address, { values, terminal });
      warnings(router, terminal);
      const messages = opened[Symbol.asyncIterator]();
      void stopped(terminal).then(() => messages.return?.());
      let left = count;
      // One at a time, so that a slow reader of the output slows the senders down.
      for await (const { message } of messages) {
        await print(terminal, format.toOutput(message));
        left -= 1;
        if (left === 0) break;
      }
    });
  },
};
