import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import {
  block,
  type Channel,
  json,
  type RouterOptions,
  type RxmeshError,
} from '../../lib/index.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { pipeTo, sendTo } from '../../operators/index.ts';

const lanes = { outbound: block(4), inbound: block(4) };

/** Two nodes, 20 ms apart, and a pipe of 100 numbers from node 0 to node 1. */
function piped(options: Partial<RouterOptions> = {}) {
  const net = simulate({ nodes: 2, latencyMs: 20, options: () => options });
  const chat = net.openChannels({ id: 1, codec: json<number>(), ...lanes });
  net.start();
  const [log, dropped]: [string[], number[]] = [[], []];
  const source = new Subject<number>();
  source
    .pipe(
      sendTo(net.node(1).id),
      pipeTo(chat(0), { onDrop: ({ message }) => dropped.push(message) }),
    )
    .subscribe({
      next: (report) => log.push(`${report.accepted}/${report.dropped}`),
      complete: () => log.push('end'),
    });
  for (let n = 0; n < 100; n += 1) source.next(n);
  return { net, chat, source, log, dropped };
}

/** The drops that node 0 has reported: direction, reason, count. */
const dropsOf = (net: Simulation): readonly string[] =>
  net.log.flatMap(({ node, event }) =>
    node === 0 && event.type === 'message-dropped'
      ? [`${event.direction} ${event.reason} ${event.count} ${event.peer === undefined}`]
      : [],
  );

describe('the buffer of a pipe', () => {
  it.each(['goes on', 'has ended'])('is sent when the node stops; the source %s', (source$) => {
    const { net, chat, source, log, dropped } = piped();
    const heard: number[] = [];
    chat(1).in$.subscribe(({ message }) => heard.push(message));
    if (source$ === 'has ended') source.complete();
    void net.node(0).router.stop();
    expect(source.observed).toBe(false);
    net.advance(10_000);
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect([log, dropped, dropsOf(net)]).toEqual([['100/0', 'end'], [], []]);
    net.stop();
  });

  it('is dropped and counted when the node stops and nobody takes it', () => {
    const { net, log, dropped } = piped({ timeouts: { drainMs: 500 } });
    net.advance(100);
    void net.node(0).router.stop();
    net.advance(10_000);
    net.stop();
    // Four are in the lane here, four wait there, and one more waits for room.
    expect([log, dropped.length, dropped[0]]).toEqual([['8/92', 'end'], 91, 9]);
    expect(dropsOf(net)).toContain('outbound node-stopped 91 true');
  });
});

describe('a message that is too long for its recipient', () => {
  it.each([20, 100_000])('is dropped, and the pipe to others goes on: %d characters', (length) => {
    const net = simulate({ nodes: 3, latencyMs: 20 });
    const heard: string[] = [];
    const [chat] = net.nodes.map(({ router, index }) => {
      const messageBytesMax = index === 1 ? 10 : 1_000_000;
      const channel = router.openChannel({ id: 1, codec: json<string>(), messageBytesMax });
      channel.in$.subscribe(({ message }) => heard.push(`${index}: ${message}`));
      return channel;
    });
    net.start();
    const log: string[] = [];
    const [one, two] = [net.node(1).id, net.node(2).id];
    const envelopes = [
      { to: one, message: 'x'.repeat(length) },
      { to: two, message: 'to two' },
      { to: one, message: 'to one' },
    ];
    pipeTo(chat as Channel<string>)(envelopes).subscribe({
      next: (report) => log.push(`${report.accepted}/${report.dropped}`),
      error: () => log.push('error'),
    });
    net.advance(1_000);
    expect([log, heard]).toEqual([['2/1'], ['2: to two', '1: to one']]);
    expect(dropsOf(net)).toEqual(['outbound too-large 1 false']);
    net.stop();
  });

  it("is an error with tooLarge: 'fail'", () => {
    const net = simulate({ nodes: 2, latencyMs: 20 });
    const [chat] = net.nodes.map(({ router, index }) => {
      const messageBytesMax = index === 1 ? 10 : 1_000;
      return router.openChannel({ id: 1, codec: json<string>(), messageBytesMax });
    });
    net.start();
    const codes: string[] = [];
    const envelopes = [{ to: net.node(1).id, message: 'x'.repeat(20) }];
    pipeTo(chat as Channel<string>, { tooLarge: 'fail' })(envelopes).subscribe({
      error: (error: unknown) => codes.push((error as RxmeshError).code),
    });
    net.advance(100);
    expect(codes).toEqual(['RXMESH_MESSAGE_TOO_LARGE']);
    net.stop();
  });
});
