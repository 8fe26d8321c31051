/**
 * A chat in the terminal, without a server. Everyone runs this program and passes it the addresses
 * of some other users.
 *
 *     node --conditions=source --import tsx examples/chat.ts --name ann --listen 4000
 *     node --conditions=source --import tsx examples/chat.ts --name bob --listen 4001 \
 *         --peer ws://ID@localhost:4000
 */
import { clearLine, createInterface, cursorTo } from 'node:readline';
import { parseArgs } from 'node:util';
import { parse } from 'rxmesh/protobufjs';
import { distinct, filter, map, merge } from 'rxjs';
import {
  createRouter,
  dropOldest,
  formatNodeAddress,
  Identity,
  protobuf,
  RxmeshError,
  type NodeId,
} from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';

const usage = `usage: chat.ts --name name --listen port [--peer address]... [--key file]
  --name    what the others see: 1 to 32 ASCII characters
  --listen  the port to listen on; 0 takes any that is free
  --peer    the address of somebody to talk to, which their chat.ts prints as it starts; repeat
            the option for more. You talk to those that you are connected with
  --key     a file for your identity, which is created if it does not exist. Without it you are
            somebody new each time, with another address`;

interface ChatMessage {
  readonly text: string;
}

const ChatMessage = parse(`
  syntax = "proto3";
  message ChatMessage { string text = 1; }
`).root.lookupType('ChatMessage');

await chat(options()).catch((error: unknown) => {
  if (!(error instanceof RxmeshError)) throw error;
  exit(error.code === 'RXMESH_OPTIONS_INVALID' ? 2 : 1, `chat: ${error.message}`);
});

async function chat({ name, port, peers, key }: Options): Promise<void> {
  const router = createRouter({
    identity: key === undefined ? await Identity.generate() : await Identity.loadOrCreate(key),
    network: 'chat',
    moniker: name,
    transports: [webSocket({ listen: { port } })],
    peers: { persistent: peers },
  });
  const channel = router.openChannel({
    id: 0x10,
    codec: protobuf<ChatMessage>(ChatMessage),
    // A slow reader misses the oldest lines and holds nobody up.
    outbound: dropOldest(256),
  });
  await router.start();

  const names = new Map<NodeId, string>();
  const nameOf = (id: NodeId): string => {
    for (const peer of router.snapshot().peers) names.set(peer.id, printable(peer.moniker));
    return names.get(id) ?? id;
  };
  const upAndDown$ = router.peers$.pipe(map(({ id, status }) => `* ${nameOf(id)} is ${status}`));
  const messages$ = channel.in$.pipe(
    map(({ from, message }) => `${nameOf(from)}: ${printable(message.text)}`),
  );
  const failures$ = router.events$.pipe(
    filter((event) => event.type === 'dial-failed'),
    distinct(({ address }) => formatNodeAddress(address)),
    map(({ error }) => `* ${error.message}; trying again`),
  );

  const { isTTY } = process.stdout;
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });
  const show = (text: string): void => {
    if (isTTY) {
      cursorTo(process.stdout, 0);
      clearLine(process.stdout, 0);
    }
    console.log(text);
    if (isTTY) terminal.prompt(true);
  };
  show(`* you are ${name}, at ws://${router.id}@localhost:${router.snapshot().endpoints[0]?.port}`);
  const shown = merge(upAndDown$, messages$, failures$).subscribe(show);
  terminal.once('SIGINT', () => terminal.close());
  process.once('SIGINT', () => terminal.close());

  for await (const line of terminal) {
    const text = line.trim();
    if (text !== '') {
      const { accepted } = await channel.sendOnce({ broadcast: true, message: { text } });
      if (accepted === 0) show('* nobody is here to read that');
    }
    if (isTTY) terminal.prompt();
  }
  shown.unsubscribe();
  if (isTTY) console.log();
  await router.stop();
}

/** Replaces control characters in text from other users, because terminals would obey them. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}

interface Options {
  readonly name: string;
  readonly port: number;
  readonly peers: readonly string[];
  readonly key: string | undefined;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        name: { type: 'string' },
        listen: { type: 'string' },
        peer: { type: 'string', multiple: true, default: [] },
        key: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    const { name = '', listen = '', peer, key, help } = values;
    if (help === true) {
      console.log(usage);
      process.exit(0);
    }
    if (!/^[!-~]([ -~]{0,30}[!-~])?$/.test(name)) {
      throw new RangeError('--name is 1 to 32 ASCII characters');
    }
    if (!/^\d{1,5}$/.test(listen) || Number(listen) > 65_535) {
      throw new RangeError('--listen is a port, 0 to 65535');
    }
    return { name, port: Number(listen), peers: peer, key };
  } catch (error) {
    exit(2, error instanceof Error ? error.message : String(error));
  }
}

function exit(code: 1 | 2, text: string): never {
  console.error(code === 1 ? text : `${text}\n${usage}`);
  process.exit(code);
}
