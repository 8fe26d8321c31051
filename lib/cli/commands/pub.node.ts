import { lastValueFrom } from 'rxjs';
import { broadcast, pipeTo } from '../../../operators/index.ts';
import { flowFrom } from '../../index.ts';
import type { Command } from '../command.node.ts';
import { formatOf, formatOptions } from '../messages.node.ts';
import {
  dialed,
  dialOptions,
  drained,
  listenPlace,
  stopped,
  warnings,
  withNode,
} from '../node.node.ts';
import { channelId } from '../parse.node.ts';
import { note } from '../terminal.node.ts';
import { Stopped, UsageError } from '../usage-error.ts';

/** `rxmesh pub`: sends messages from a pipe. */
export const pub: Command = {
  name: 'pub',
  summary: 'sends messages from stdin, or one from --message, on a channel',
  positionals: ['<channel>', '[address]...'],
  options: {
    message: { value: 'text', short: 'm', text: 'sends this instead of reading stdin' },
    ...formatOptions,
    listen: { value: '[host:]port', short: 'l', text: 'waits for nodes that dial this one' },
    ...dialOptions,
  },
  notes: [
    'Every node that is connected and has the channel open gets every message. While there is none,',
    'pub waits. A node that reads slowly slows the pipe down; nothing is dropped.',
  ],
  examples: [
    'tail -f app.log | rxmesh pub 7 ws://…@127.0.0.1:4000',
    `rxmesh pub 7 ws://…@127.0.0.1:4000 --proto note.proto --type Note --message '{"text":"hi"}'`,
  ],
  async run({ positionals: [channel = '', ...addresses], values }, terminal) {
    const id = channelId('<channel>', channel);
    const format = await formatOf(values);
    const place = values.text('listen');
    if (addresses.length === 0 && place === undefined) {
      throw new UsageError('[address] or --listen is missing: where should it send?');
    }
    const text = values.text('message');
    const messages = text === undefined ? format.read(terminal.input) : [format.fromText(text)];
    const listen = place === undefined ? undefined : listenPlace('--listen', place);
    await withNode(values, { listen }, async (router) => {
      const out = router.openChannel({ id, codec: format.codec });
      await router.start();
      if (listen !== undefined) for (const each of router.addresses) note(terminal, each);
      for (const address of addresses) {
        const { id: peer, channels } = await dialed(router, address, { values, terminal });
        if (channels.includes(id)) continue;
        note(terminal, `rxmesh: ${peer} has not opened channel ${id} yet; waiting`);
      }
      warnings(router, terminal);
      const sent = lastValueFrom(flowFrom(messages).pipe(broadcast(), pipeTo(out)));
      await Promise.race([sent.then(() => drained(router, terminal)), stopped(terminal)]);
      if (terminal.signal.aborted) {
        terminal.input.destroy();
        // It fails when the channel closes.
        sent.catch(() => undefined);
        throw new Stopped();
      }
    });
  },
};
