import { calls } from '../../calls/index.ts';
import { type FlowIterator, RxmeshError, systemClock } from '../../index.ts';
import { Picture } from '../../inspect/picture.ts';
import { callsChannel, inspectMethods, inspectNetwork, type Update } from '../../inspect/view.ts';
import type { Command, Given } from '../command.node.ts';
import { InspectedLines } from '../inspected.node.ts';
import { inspectorAt, inspectorUrl } from '../inspector.node.ts';
import { connectOptions, connectSignal, dialed, warnings, withNode } from '../node.node.ts';
import { secondsAsMs } from '../parse.node.ts';
import { Screen } from '../screen.node.ts';
import { printLine, screenOf, type Terminal } from '../terminal.node.ts';
import { tokenVariable, withToken } from '../token.node.ts';
import { Stopped } from '../usage-error.ts';

/** How long a snapshot looks: long enough to tell what stands still, in seconds. */
const snapshotSeconds = '3';

/** `rxmesh inspect`: what a node does, for a node that serves an inspector. */
export const inspect: Command = {
  name: 'inspect',
  summary: 'shows what a node does: peers, channels, lanes, drops, and what stands still and why',
  positionals: ['<url>'],
  options: {
    once: { text: 'prints the state once, and ends; the default if stdout is not a terminal' },
    interval: { value: 'seconds', short: 'i', text: 'the time between two updates; default 1' },
    seconds: { value: 'n', text: 'how long to watch; default: until Ctrl-C, and 3 with --once' },
    'token-stdin': { text: 'reads the token of the URL from the first line of stdin' },
    ...connectOptions,
    json: { text: 'prints one JSON object per line, at each interval; with --once, a single one' },
  },
  notes: [
    'The URL is the one that inspect() returns and rxmesh listen --inspect prints. Other users can read',
    'its token in the list of processes. To keep it secret, leave it out of <url>, and pass it in',
    `${tokenVariable}, or on stdin with --token-stdin, or type it when asked.`,
    'A lane that holds messages and does not move for 2 s has stalled, so --once takes 3 s.',
  ],
  examples: [
    "rxmesh inspect 'http://127.0.0.1:8080/?token=…'",
    "rxmesh inspect 'http://127.0.0.1:8080/?token=…' --once --json | jq .stalls",
  ],
  async run(given, terminal) {
    const { positionals, values } = given;
    const place = inspectorUrl(positionals[0] ?? '');
    const how = howToLook(given, terminal);
    const url = await withToken(place, values, terminal);
    const { address, token } = await found(url, given, terminal);
    const options = { network: inspectNetwork, moniker: 'rxmesh inspect', version: token };
    await withNode(values, options, async (router) => {
      const service = calls(router, { id: callsChannel, methods: inspectMethods });
      await router.start();
      const { id } = await dialed(router, address, { values, terminal });
      warnings(router, terminal, ['peer-down']);
      const updates = service.methods.watch.call(id, null)[Symbol.asyncIterator]();
      await look(updates, how, terminal);
    });
  },
};

interface How {
  readonly isOnce: boolean;
  readonly everyMs: number;
  /** Undefined: until Ctrl-C. */
  readonly forMs: number | undefined;
  readonly show: (picture: Picture) => Promise<void>;
  /** Called before the first picture is shown. */
  readonly begin: (picture: Picture) => void;
}

function howToLook({ values }: Given, terminal: Terminal): How {
  const isJson = values.has('json');
  const isScreen = screenOf(terminal.output) !== undefined;
  const isOnce = values.has('once') || (!isJson && !isScreen);
  const seconds = values.text('seconds') ?? (isOnce ? snapshotSeconds : undefined);
  const everyMs = secondsAsMs('--interval', values.text('interval') ?? '1');
  const forMs = seconds === undefined ? undefined : secondsAsMs('--seconds', seconds);
  const common = { isOnce, everyMs, forMs };
  if (isJson) {
    return { ...common, begin: () => undefined, show: (all) => printLine(terminal, asJson(all)) };
  }
  const lines = new InspectedLines(terminal);
  const screen = new Screen(terminal);
  return {
    ...common,
    begin: (picture) => lines.measure(picture),
    async show(picture) {
      lines.measure(picture);
      const drawn = lines.of(picture);
      if (isOnce) await printLine(terminal, drawn.join('\n'));
      else await screen.draw(drawn);
    },
  };
}

/** Where the inspector is. */
async function found(url: URL, { values }: Given, terminal: Terminal) {
  const { ms, late, signal } = connectSignal(values, terminal);
  try {
    return await inspectorAt(url, signal);
  } catch (error) {
    if (terminal.signal.aborted) throw new Stopped();
    if (!late.aborted) throw error;
    throw new Error(`${url.origin} has not answered after ${ms / 1_000} s`, { cause: error });
  }
}

/** Follows the updates, and shows what they make. */
async function look(updates: FlowIterator<Update>, how: How, { signal }: Terminal): Promise<void> {
  const { isOnce, forMs } = how;
  const ends = forMs === undefined ? [signal] : [signal, AbortSignal.timeout(forMs)];
  const end = AbortSignal.any(ends);
  end.addEventListener('abort', () => void updates.return?.(), { once: true });
  const picture = new Picture();
  await follow(updates, picture, how).catch((error: unknown) => {
    if (!(error instanceof RxmeshError) || error.code !== 'RXMESH_PEER_DOWN') throw error;
  });
  if (!end.aborted) throw new Error('the inspector is gone: the node has probably stopped');
  if (!isOnce) return;
  if (signal.aborted) throw new Stopped();
  if (picture.node === undefined) throw new Error('the inspector has sent nothing in that time');
  await how.show(picture);
}

async function follow(updates: FlowIterator<Update>, picture: Picture, how: How): Promise<void> {
  const { isOnce, everyMs } = how;
  let nextMs = -Infinity;
  for await (const update of updates) {
    const isFirst = picture.node === undefined;
    picture.change(update);
    if (isFirst) how.begin(picture);
    const nowMs = systemClock.now();
    if (isOnce || nowMs < nextMs) continue;
    nextMs = nowMs + everyMs;
    await how.show(picture);
  }
}

/** Everything in one line. */
function asJson(picture: Picture): string {
  const { atMs, node } = picture;
  return JSON.stringify({
    atMs,
    node,
    peers: picture.peers(),
    channels: picture.channels(),
    lanes: picture.lanes(),
    stalls: picture.stalls(),
    drops: picture.drops(),
  });
}
