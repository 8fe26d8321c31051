import { calls } from '../../calls/index.ts';
import { quote } from '../../model/quote.ts';
import type { Command, Given } from '../command.node.ts';
import {
  bytesFormat,
  type Format,
  jsonFormat,
  only,
  protobufFormat,
  protoFile,
  textFormat,
} from '../messages.node.ts';
import { dialed, dialOptions, stopped, warnings, withNode } from '../node.node.ts';
import { channelId, secondsAsMs } from '../parse.node.ts';
import { print } from '../terminal.node.ts';
import { Stopped, UsageError } from '../usage-error.ts';

/** The channel of services whose command line names none. */
const defaultChannel = '1';

/** `rxmesh call`: asks a node, and prints its answers. */
export const call: Command = {
  name: 'call',
  summary: 'calls a method of a node (rxmesh/calls), and prints the answers, one per line',
  positionals: ['<address>', '<method>', '[request]'],
  options: {
    channel: { value: 'id', text: `the channel of the service; default ${defaultChannel}` },
    text: { text: 'the request and the answers are text, not JSON' },
    bytes: { text: 'the request and the answers are bytes' },
    proto: { value: 'file', text: 'takes the types from this .proto file' },
    type: {
      value: 'name',
      text: 'with --proto: the type of the request, if no service has the method',
    },
    'response-type': { value: 'name', text: 'with --proto: the type of the answers' },
    deadline: { value: 'seconds', text: 'how long the call may take; default: no limit' },
    ...dialOptions,
  },
  notes: [
    'Without [request], the request is read from stdin. A service with a single method has the',
    `method ''.`,
  ],
  examples: [
    `rxmesh call ws://…@127.0.0.1:4000 add '{"a":1,"b":2}' --channel 0x20`,
    `rxmesh call ws://…@127.0.0.1:4000 Add '{"a":1,"b":2}' --proto adder.proto`,
  ],
  async run(given, terminal) {
    const { positionals, values } = given;
    const [address = '', method = '', text] = positionals;
    const id = channelId('--channel', values.text('channel') ?? defaultChannel);
    const { request, response } = await formatsOf(given);
    const deadline = values.text('deadline');
    const timeoutMs = deadline === undefined ? undefined : secondsAsMs('--deadline', deadline);
    const message = text === undefined ? await only(request, terminal) : request.fromText(text);
    await withNode(values, {}, async (router) => {
      const service = calls(router, {
        id,
        methods: { [method]: { request: request.codec, response: response.codec } },
      });
      await router.start();
      const { id: peer } = await dialed(router, address, { values, terminal });
      warnings(router, terminal);
      const answers = service.methods[method]?.call(peer, message, { timeoutMs });
      if (answers === undefined) return;
      const iterator = answers[Symbol.asyncIterator]();
      void stopped(terminal).then(() => iterator.return?.());
      for await (const answer of iterator) await print(terminal, response.toOutput(answer));
      if (terminal.signal.aborted) throw new Stopped();
    });
  },
};

interface Formats {
  readonly request: Format;
  readonly response: Format;
}

async function formatsOf({ positionals, values }: Given): Promise<Formats> {
  const given = ['text', 'bytes', 'proto'].filter((name) => values.has(name));
  if (given.length > 1) {
    throw new UsageError(`${given.map((name) => `--${name}`).join(' and ')} exclude each other`);
  }
  const file = values.text('proto');
  if (file === undefined) {
    const typed = ['type', 'response-type'].find((name) => values.has(name));
    if (typed !== undefined) throw new UsageError(`--${typed} needs --proto`);
    const plain = values.has('text') ? textFormat : jsonFormat;
    const format = values.has('bytes') ? bytesFormat : plain;
    return { request: format, response: format };
  }
  const proto = await protoFile(file);
  const [, method = ''] = positionals;
  const types = proto.method(method);
  const requestName = values.text('type');
  const responseName = values.text('response-type') ?? requestName;
  if (requestName !== undefined && responseName !== undefined) {
    return {
      request: protobufFormat(proto.message(requestName)),
      response: protobufFormat(proto.message(responseName)),
    };
  }
  if (types === undefined) {
    const what = `no service of ${file} has the method ${quote(method)}`;
    throw new UsageError(`${what}: pass --type and --response-type`);
  }
  return { request: protobufFormat(types.request), response: protobufFormat(types.response) };
}
