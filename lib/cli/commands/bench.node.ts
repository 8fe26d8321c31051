import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { pipeTo, sendTo } from '../../../operators/index.ts';
import { type Channel, flowFrom, type NodeId, systemClock } from '../../index.ts';
import { echoChannel, openBench, sinkChannel } from '../bench-service.node.ts';
import type { Command } from '../command.node.ts';
import { medianOf } from '../median.ts';
import { dialed, dialOptions, warnings, whileUp, withNode } from '../node.node.ts';
import { secondsAsMs, wholeNumber } from '../parse.node.ts';
import { note, printLine, type Terminal } from '../terminal.node.ts';
import { Stopped } from '../usage-error.ts';

/** The most bytes in a message: the default limit of a channel. */
const sizeMax = 4_194_304;

/** `rxmesh bench`: how much, and how fast, to a node that runs `rxmesh listen --bench`. */
export const bench: Command = {
  name: 'bench',
  summary: 'measures throughput and round trips to a node that runs rxmesh listen --bench',
  positionals: ['<address>'],
  options: {
    size: { value: 'bytes', short: 's', text: 'of a message; default 64' },
    seconds: { value: 'n', text: 'how long to send, and then to measure round trips; default 5' },
    ...dialOptions,
    json: { text: 'prints a JSON object' },
  },
  notes: [
    'First it sends as many messages as the node takes, then one at a time, to measure round trips.',
    'Both machines affect the figures: run it between the ones that you will use.',
  ],
  examples: ['rxmesh bench ws://…@10.0.0.7:4000 --size 1024 --seconds 10'],
  async run({ positionals: [address = ''], values }, terminal) {
    const size = wholeNumber('--size', values.text('size') ?? '64', 1, sizeMax);
    const forMs = secondsAsMs('--seconds', values.text('seconds') ?? '5');
    await withNode(values, {}, async (router) => {
      const { echo, sink } = openBench(router);
      await router.start();
      const { id, channels } = await dialed(router, address, { values, terminal });
      warnings(router, terminal, ['peer-down']);
      if (!channels.includes(echoChannel) || !channels.includes(sinkChannel)) {
        throw new Error('the node serves no bench: start it with rxmesh listen --bench');
      }
      const load = { to: id, size, forMs, terminal };
      const result = await whileUp({ router, peer: id, terminal }, async () => {
        note(terminal, `rxmesh: sending messages of ${size} bytes for ${forMs / 1_000} s`);
        const rate = await throughput(sink, load);
        if (terminal.signal.aborted) throw new Stopped();
        note(terminal, `rxmesh: measuring round trips for ${forMs / 1_000} s`);
        return { size, ...rate, ...(await roundTrips(echo, load)) };
      });
      if (values.has('json')) await printLine(terminal, JSON.stringify(result));
      else await showText(terminal, result);
    });
  },
};

interface Load {
  readonly to: NodeId;
  readonly size: number;
  readonly forMs: number;
  readonly terminal: Terminal;
}

interface Rate {
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** From the first message sent until the node says that it has taken the last one. */
async function throughput(sink: Channel<Uint8Array>, load: Load): Promise<Rate> {
  const { to, size, forMs, terminal } = load;
  const fromMs = systemClock.now();
  const message = new Uint8Array(size);
  function* messages(): Generator<Uint8Array> {
    const untilMs = fromMs + forMs;
    while (systemClock.now() < untilMs && !terminal.signal.aborted) yield message;
  }
  const { accepted } = await lastValueFrom(flowFrom(messages()).pipe(sendTo(to), pipeTo(sink)));
  await answered(sink, { to, message: new Uint8Array() });
  const seconds = (systemClock.now() - fromMs) / 1_000;
  const messagesPerSecond = Math.round(accepted / seconds);
  return { messages: accepted, messagesPerSecond, bytesPerSecond: messagesPerSecond * size };
}

interface RoundTrips {
  readonly roundTrips: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Of single messages, one after the other. */
async function roundTrips(echo: Channel<Uint8Array>, load: Load): Promise<RoundTrips> {
  const { to, size, forMs } = load;
  const message = new Uint8Array(size);
  const times: number[] = [];
  const untilMs = systemClock.now() + forMs;
  while (systemClock.now() < untilMs) {
    const fromMs = systemClock.now();
    await answered(echo, { to, message });
    times.push(systemClock.now() - fromMs);
  }
  times.sort((a, b) => a - b);
  const rounded = (ms = NaN): number => Number(ms.toFixed(3));
  return {
    roundTrips: times.length,
    medianMs: rounded(medianOf(times)),
    p99Ms: rounded(times[Math.floor(times.length * 0.99)]),
    maxMs: rounded(times.at(-1)),
  };
}

/** Sends a message, and resolves when the node has sent one back. */
async function answered(
  channel: Channel<Uint8Array>,
  { to, message }: { readonly to: NodeId; readonly message: Uint8Array },
): Promise<void> {
  const back = firstValueFrom(channel.in$.pipe(filter(({ from }) => from === to)));
  await Promise.all([back, channel.sendOnce({ to, message })]);
}

async function showText(terminal: Terminal, result: Rate & RoundTrips): Promise<void> {
  const { messages, messagesPerSecond, bytesPerSecond, medianMs, p99Ms, maxMs } = result;
  const megabytes = (bytesPerSecond / 1_000_000).toFixed(1);
  const rate = `${messagesPerSecond.toLocaleString('en')} messages/s, ${megabytes} MB/s`;
  await printLine(terminal, `throughput: ${rate} (${messages.toLocaleString('en')} messages)`);
  const times = `median ${medianMs}, 99th percentile ${p99Ms}, max ${maxMs} ms`;
  const count = result.roundTrips.toLocaleString('en');
  await printLine(terminal, `round trips: ${times} (${count} of them)`);
}
