import { describe, expect, it } from '@jest/globals';
import { config, filter, map, Observable, range, Subject, takeUntil, throwError } from 'rxjs';
import type { Channel, SendReport } from '../../lib/channel/channel.ts';
import { raw } from '../../lib/codec/raw.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { block, dropNewest, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { pipeTo, type PipeToOptions } from '../../operators/pipe-to.ts';
import type { FakeLink } from '../support/fake-link.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

type Envelope = OutboundEnvelope<Uint8Array>;

const to = idOf(1);
const envelope = (value: number): Envelope => ({ to, message: Uint8Array.of(value) });

/** A node with one peer that accepts a given number of messages. */
function linked(credit: number, outbound = block(2)): [LinkedNode, Channel<Uint8Array>, FakeLink] {
  const node = new LinkedNode();
  const channel = open(node, { outbound });
  return [node, channel, node.peer(1, { 7: credit }).link];
}

/** The bytes of the messages written to a link. */
const written = (link: FakeLink): number[] =>
  link.take().map((text) => parseInt(text.split(' ')[2] ?? '', 16));

function give(node: LinkedNode, link: FakeLink, messages: number): number[] {
  link.arrive({ type: 'credit', channel: 7, messages, bytes: 2 ** 30 });
  node.turn();
  return written(link);
}

/** The outcome: `3/0` (accepted, dropped), `end`, or the code or text of its error. */
function follow(reports$: Observable<SendReport>): { log: string[]; stop: () => void } {
  const log: string[] = [];
  const subscription = reports$.subscribe({
    next: ({ accepted, dropped }) => log.push(`${accepted}/${dropped}`),
    error: (error: unknown) => log.push(error instanceof RxmeshError ? error.code : String(error)),
    complete: () => log.push('end'),
  });
  return { log, stop: () => subscription.unsubscribe() };
}

/** Counts, and records how it ended. */
class Source implements Iterable<Envelope> {
  made = 0;
  left = 0;
  readonly #end: number;
  readonly #failure: Error | undefined;

  constructor(end: number, failure?: Error) {
    this.#end = end;
    this.#failure = failure;
  }

  *[Symbol.iterator](): Generator<Envelope> {
    let whole = false;
    try {
      while (this.made < this.#end) yield envelope((this.made += 1) & 0xff);
      whole = true;
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      if (!whole) this.left += 1;
    }
  }

  /** The same as a flow that makes values on request. */
  get flow(): Flow<Envelope> {
    return new Flow((consumer) => {
      const values = this[Symbol.iterator]();
      return {
        request: (count) => {
          for (let rest = count; rest > 0; rest -= 1) {
            const result = values.next();
            if (result.done === true) {
              consumer.complete();
              return;
            }
            consumer.next(result.value);
          }
        },
        unsubscribe: () => void values.return(undefined),
      };
    });
  }
}

const heldBack: [string, (source: Source) => Iterable<Envelope> | Observable<Envelope>][] = [
  ['an iterable', (source) => source],
  ['a flow', (source) => source.flow],
];

describe.each(heldBack)('pipeTo, from %s', (_, from) => {
  it('pulls as fast as the lanes accept, with one message waiting, and reports once', () => {
    const [node, channel, link] = linked(0, block(2));
    const source = new Source(6);
    const { log } = follow(pipeTo(channel)(from(source)));
    node.turn();
    expect([source.made, log]).toEqual([3, []]);
    expect(give(node, link, 2)).toEqual([1, 2]);
    expect([source.made, log]).toEqual([5, []]);
    expect(give(node, link, 1)).toEqual([3]);
    expect([source.made, log]).toEqual([6, []]);
    expect(give(node, link, 9)).toEqual([4, 5, 6]);
    expect(log).toEqual(['6/0', 'end']);
    expect([source.left, node.takeDrops()]).toEqual([0, []]);
  });

  it('pulls nothing before it is subscribed, and again for each subscriber', () => {
    const [node, channel, link] = linked(9);
    const source = new Source(1);
    const reports$ = pipeTo(channel)(from(source));
    expect(source.made).toBe(0);
    expect(follow(reports$).log).toEqual(['1/0', 'end']);
    source.made = 0;
    expect(follow(reports$).log).toEqual(['1/0', 'end']);
    node.turn();
    expect(written(link)).toEqual([1, 1]);
  });

  it('reports nothing sent for an empty source', () => {
    expect(follow(pipeTo(linked(0)[1])(from(new Source(0)))).log).toEqual(['0/0', 'end']);
  });

  it('withdraws the waiting message on unsubscribe and returns the iterator', () => {
    const [node, channel, link] = linked(0, block(1));
    const source = new Source(9);
    const { log, stop } = follow(pipeTo(channel)(from(source)));
    expect(source.made).toBe(2);
    stop();
    expect(give(node, link, 9)).toEqual([1]);
    expect([source.made, source.left, log]).toEqual([2, 1, []]);
    expect(node.takeDrops()).toEqual([]);
  });

  it('errors with the source, and does not return an iterator that has failed', () => {
    const source = new Source(2, new Error('broken'));
    const [node, channel, link] = linked(9);
    expect(follow(pipeTo(channel)(from(source))).log).toEqual(['Error: broken']);
    node.turn();
    expect([written(link), source.left]).toEqual([[1, 2], 0]);
  });

  it('errors when the channel closes while a message waits, or is already closed', () => {
    const [node, channel] = linked(0, block(1));
    const source = new Source(9);
    const { log } = follow(pipeTo(channel)(from(source)));
    channel.close();
    expect([log, source.left]).toEqual([['RXMESH_CHANNEL_CLOSED'], 1]);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 2']);
    const other = new Source(9);
    expect(follow(pipeTo(channel)(from(other))).log).toEqual(['RXMESH_CHANNEL_CLOSED']);
    expect([other.made, other.left]).toEqual([1, 1]);
  });

  it('L-02 absent: drop counts a recipient that is absent or leaves as a drop', () => {
    const [node, channel, link] = linked(0, block(1));
    const { log } = follow(pipeTo(channel, { absent: 'drop' })(from(new Source(4))));
    link.end();
    expect(log).toEqual(['1/3', 'end']);
    expect(node.dropped()).toEqual({ 'out 7 channel-not-open': 2, 'out 7 peer-down': 2 });
  });

  it('an endless source with lanes that never wait leaves time for other work', () => {
    const [node, channel] = linked(0, dropOldest(2));
    const source = new Source(Infinity);
    const { stop } = follow(pipeTo(channel, { clock: node.clock })(from(source)));
    expect(source.made).toBe(4096);
    node.clock.scheduler.schedule(() => stop(), 0);
    node.turn();
    expect(source.made).toBe(2 * 4096);
    expect(source.left).toBe(1);
    expect(node.clock.dueTimesMs).toEqual([]);
  });
});

describe('pipeTo', () => {
  it.each<[string, Envelope, string]>([
    ['a message that is too large', { to, message: new Uint8Array(9) }, 'RXMESH_MESSAGE_TOO_LARGE'],
    ['a message that its codec refuses', { to, message: 'x' as never }, 'RXMESH_ENCODE_FAILED'],
    [
      'an envelope without recipient',
      { message: Uint8Array.of(1) } as never,
      'RXMESH_UNDELIVERABLE',
    ],
  ])('errors on %s, and returns the iterator', (_, wrong, code) => {
    const node = new LinkedNode();
    const channel = open(node, { messageBytesMax: 8 });
    let left = false;
    function* source(): Generator<Envelope> {
      try {
        yield wrong;
        yield envelope(1);
      } finally {
        left = true;
      }
    }
    expect(follow(pipeTo(channel)(source())).log).toEqual([code]);
    expect(left).toBe(true);
  });

  it('an iterator that ends its own pipe is returned once it has answered', () => {
    const [, channel] = linked(9, block(8));
    const stop$ = new Subject<void>();
    const seen: string[] = [];
    function* source(): Generator<Envelope> {
      try {
        yield envelope(1);
        stop$.next();
        seen.push('stopped');
        yield envelope(2);
      } finally {
        seen.push('left');
      }
    }
    const { log } = follow(pipeTo(channel)(source()).pipe(takeUntil(stop$)));
    expect([seen, log]).toEqual([['stopped', 'left'], ['end']]);
  });

  it('an error that an iterator throws on return reaches the handler of unhandled errors', async () => {
    const [, channel] = linked(0, block(1));
    const thrown = new Error('cannot be left');
    const source: Iterable<Envelope> = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: envelope(1) }),
        return: () => {
          throw thrown;
        },
      }),
    };
    const before = config.onUnhandledError;
    const heard = new Promise((resolve) => (config.onUnhandledError = resolve));
    follow(pipeTo(channel)(source)).stop();
    expect(await heard).toBe(thrown);
    config.onUnhandledError = before;
  });

  it('a source that is not iterable is an error', () => {
    const [, channel] = linked(0);
    expect(follow(pipeTo(channel)(5 as never)).log).toEqual([expect.stringContaining('TypeError')]);
  });

  it('follows operators on a flow and holds the flow back', () => {
    const node = new LinkedNode();
    const [from, into] = [open(node), open(node, { id: 8, outbound: block(1) })];
    const [near, far] = [node.peer(1, { 7: 9 }), node.peer(2, { 8: 0 })];
    const reports$: Observable<SendReport> = from.in$.pipe(
      filter(({ message }) => (message[0] ?? 0) % 2 === 0),
      map(({ message }) => ({ to: idOf(2), message })),
      pipeTo(into),
    );
    const { log } = follow(reports$);
    for (let value = 1; value <= 12; value += 1) {
      near.link.arrive({ type: 'data', channel: 7, bytes: Uint8Array.of(value), last: true });
    }
    const depth = (): unknown => near.session.snapshot()[0]?.inbound.depth;
    expect(depth()).toBe(8);
    far.link.arrive({ type: 'credit', channel: 8, messages: 9, bytes: 2 ** 30 });
    node.turn();
    expect(written(far.link)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(depth()).toBe(0);
    from.close();
    expect(log).toEqual(['6/0', 'end']);
  });
});

describe('pipeTo, from an Observable that is not a flow', () => {
  const values = (last: number): Observable<Envelope> => range(1, last).pipe(map(envelope));

  it.each<[string, PipeToOptions<Uint8Array>, number[], number[], string]>([
    ['keeps 1,024 by default', {}, [1, 2, 3, 4, 5], [], '5/0'],
    ['dropOldest', { buffer: dropOldest(2) }, [1, 2, 4, 5], [3], '4/1'],
    ['dropNewest', { buffer: dropNewest(2) }, [1, 2, 3, 4], [5], '4/1'],
    ['latest', { buffer: latest() }, [1, 2, 5], [3, 4], '3/2'],
  ])('buffers what the lanes do not accept: %s', (_, options, sent, dropped, report) => {
    const [node, channel, link] = linked(0, block(1));
    const drops: (number | undefined)[] = [];
    const onDrop = ({ message }: Envelope): void => void drops.push(message[0]);
    const { log } = follow(values(5).pipe(pipeTo(channel, { ...options, onDrop })));
    expect(log).toEqual([]);
    expect(give(node, link, 9)).toEqual(sent);
    expect([drops, log]).toEqual([dropped, [report, 'end']]);
    // They never had a recipient's lane.
    const told = dropped.length === 0 ? [] : [`out 7 lane-full ${dropped.length}`];
    expect(node.takeDrops()).toEqual(told);
  });

  it.each([
    ['1,024 by default', {}, 1 + 1 + 1024],
    ['a given number', { buffer: fail(2) }, 1 + 1 + 2],
  ])('fails when more than %s wait', (_, options, most) => {
    const [, channel] = linked(0, block(1));
    expect(follow(values(most).pipe(pipeTo(channel, options))).log).toEqual([]);
    const one = linked(0, block(1))[1];
    const { log } = follow(values(most + 1).pipe(pipeTo(one, options)));
    expect(log).toEqual(['RXMESH_OVERFLOW']);
  });

  it('immediately sends more than fits the buffer if the lanes do not wait', () => {
    const [, channel] = linked(0, dropOldest(1));
    expect(follow(values(10_000).pipe(pipeTo(channel))).log).toEqual(['10000/0', 'end']);
  });

  it('treats a flow the same way if it has a buffer', () => {
    const [node, channel, link] = linked(0, block(1));
    const source = new Source(5);
    const flow = source.flow.pipe(pipeTo(channel, { buffer: dropNewest(1) }));
    // Unbounded demand: this flow answers Infinity until it completes.
    const { log } = follow(flow);
    expect(source.made).toBe(5);
    expect(give(node, link, 9)).toEqual([1, 2, 3]);
    expect(log).toEqual(['3/2', 'end']);
  });

  it('unsubscribes from its source on an invalid envelope and when unsubscribed', () => {
    const [, channel] = linked(0, block(1));
    const source = new Subject<Envelope>();
    const { log } = follow(source.pipe(pipeTo(channel)));
    source.next({ message: Uint8Array.of(1) } as never);
    expect([log, source.observed]).toEqual([['RXMESH_UNDELIVERABLE'], false]);
    const { stop } = follow(source.pipe(pipeTo(channel)));
    expect(source.observed).toBe(true);
    stop();
    expect(source.observed).toBe(false);
  });

  it('errors immediately with its source', () => {
    const [node, channel, link] = linked(0, block(1));
    const source = new Subject<Envelope>();
    const { log } = follow(source.pipe(pipeTo(channel)));
    for (const value of [1, 2, 3]) source.next(envelope(value));
    source.error(new Error('over'));
    expect(log).toEqual(['Error: over']);
    expect(give(node, link, 9)).toEqual([1]);
    expect(follow(throwError(() => new Error('at once')).pipe(pipeTo(channel))).log).toEqual([
      'Error: at once',
    ]);
  });

  it('keeps the order when sending a message makes the source emit', () => {
    const node = new LinkedNode();
    const source = new Subject<Envelope>();
    const encode = (message: Uint8Array): Uint8Array => {
      if (message[0] === 1) for (const value of [2, 3]) source.next(envelope(value));
      return message;
    };
    const channel = open(node, { codec: { ...raw(), encode } });
    const { link } = node.peer(1, { 7: 0 });
    follow(source.pipe(pipeTo(channel)));
    for (const value of [1, 4]) source.next(envelope(value));
    expect(give(node, link, 9)).toEqual([1, 2, 3, 4]);
  });

  it('rejects a buffer that blocks', () => {
    expect(() => pipeTo(linked(0)[1], { buffer: block(1) })).toThrow(RangeError);
  });
});

trackLeaks();
