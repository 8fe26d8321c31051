import { describe, expect, it } from '@jest/globals';
import { filter, type Observable, takeUntil } from 'rxjs';
import type { SendReport } from '../../lib/channel/channel.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { credit } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const to = (peer: number, value: number): OutboundEnvelope<Uint8Array> => ({
  to: idOf(peer),
  message: Uint8Array.of(value),
});

const dataOf = (link: { take(): string[] }): string[] =>
  link.take().filter((text) => text.startsWith('data'));

/** The outcome of a send: `<accepted>/<dropped>`, or its error's code. */
function follow(sending: Observable<SendReport>): string[] {
  const log: string[] = [];
  sending.subscribe({
    next: ({ accepted, dropped }) => log.push(`${accepted}/${dropped}`),
    error: (error: unknown) => log.push((error as RxmeshError).code),
  });
  return log;
}

describe('sends that wait while their channel closes', () => {
  it.each([false, true])(
    'have been taken when the first one closes it as it is sent (reopens it: %j)',
    (reopens) => {
      const node = new LinkedNode();
      const channel = open(node);
      channel.send(to(1, 1), { absent: 'wait' }).subscribe(() => {
        channel.close();
        if (reopens) open(node);
      });
      const second = follow(channel.send(to(1, 2), { absent: 'wait' }));
      const { link } = node.peer(1);
      link.arrive(credit(7, 9));
      node.turn();
      expect(dataOf(link)).toEqual(['data 7 01 last', 'data 7 02 last']);
      expect([second, node.takeDrops()]).toEqual([['1/0'], []]);
      expectIdle(node.clock.scheduler);
    },
  );

  it('fail if a sender that gets room in the meantime ends the session', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link, session } = node.peer(1, { 7: 0 });
    follow(channel.send(to(1, 1)));
    channel.send(to(1, 2)).subscribe(() => session.close('done'));
    const third = follow(channel.send(to(1, 3), { absent: 'wait' }));
    link.arrive(credit(7, 1));
    channel.close();
    expect([third, node.switchboard.snapshot().awaited]).toEqual([['RXMESH_CHANNEL_CLOSED'], []]);
  });

  it.each(['room', 'its recipient'])('may open it again, if they waited for %s', (what) => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    if (what === 'room') node.peer(1, { 7: 0 });
    if (what === 'room') channel.out.next(to(1, 1));
    let opened = 0;
    channel.send(to(1, 2), { absent: 'wait' }).subscribe({
      error: () => {
        open(node);
        opened += 1;
      },
    });
    channel.close();
    expect([opened, node.channels.ids]).toEqual([1, [7]]);
  });
});

describe('a handler of recipient-awaited', () => {
  it('may withdraw the message', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const awaited$ = node.switchboard.events$.pipe(
      filter(({ type }) => type === 'recipient-awaited'),
    );
    pipeTo(channel)([to(1, 1), to(1, 2)])
      .pipe(takeUntil(awaited$))
      .subscribe();
    const { link } = node.peer(1);
    link.arrive(credit(7, 9));
    node.turn();
    expect([dataOf(link), node.switchboard.snapshot().awaited]).toEqual([[], []]);
  });

  it.each(['at first', 'after it has waited for room'])(
    'may close the channel, if the message waits for its recipient %s',
    (when) => {
      const node = new LinkedNode();
      const channel = open(node, { outbound: block(1) });
      const link = when === 'at first' ? undefined : node.peer(1, { 7: 0 }).link;
      if (link !== undefined) channel.out.next(to(1, 0));
      node.switchboard.events$.subscribe((event) => {
        if (event.type === 'recipient-awaited' && event.awaited) channel.close();
      });
      const log = follow(channel.send(to(1, 1), { absent: { waitMs: 1000 } }));
      link?.end();
      expect(log).toEqual(['RXMESH_CHANNEL_CLOSED']);
      node.takeDrops();
      node.clock.advance(5000);
      expect(node.takeDrops()).toEqual([]);
      expectIdle(node.clock.scheduler);
    },
  );
});
