import { describe, expect, it } from '@jest/globals';
import { filter, from, map, of, type Observable } from 'rxjs';
import { json, oneof, oneofWrapper, parseNodeId, protobuf } from 'rxmesh';
import type {
  BroadcastEnvelope,
  Channel,
  DirectEnvelope,
  Flow,
  InboundEnvelope,
  NodeId,
  OutboundEnvelope,
  Wrapper,
} from 'rxmesh';
import {
  broadcast,
  decode,
  dedupe,
  encode,
  ofKind,
  pipeTo,
  rateLimit,
  relay,
  reply,
  sendTo,
  unwrap,
  wrap,
} from 'rxmesh/operators';
import { Packet, Ping, Pong, type Same } from '../codec/messages.ts';

// The code below is for the compiler only and is never called: users need no casts, no `as const`
// and no type arguments.

interface Point {
  x: number;
  y: number;
}
type Message =
  | { readonly kind: 'move'; readonly x: number }
  | { readonly kind: 'resign'; readonly reason?: string }
  | {
      readonly kind: 'path';
      readonly points: Point[];
      readonly style: { line: 'solid' | 'dashed' };
    }
  | { readonly kind: 'tags'; tags: ('red' | 'blue')[]; readonly range?: [number, number] };

/** The variables that the pipelines use; `In` is the type of the streams, Observables or flows. */
interface Scope {
  readonly id: NodeId;
  readonly ids: Readonly<Record<Message['kind'], NodeId>>;
  readonly channel: Channel<Message>;
  readonly texts: Channel<string>;
  readonly colors: Channel<'red' | 'blue'>;
  readonly wire: Channel<Uint8Array>;
  readonly onFailure: () => void;
}

const addressing = (
  { id, ids, channel, texts, colors }: Scope,
  texts$: Observable<string>,
  textsFlow: Flow<string>,
  messages$: Observable<Message>,
  messagesFlow: Flow<Message>,
): unknown[] => [
  texts$.pipe(broadcast()).subscribe(texts.out),
  textsFlow.pipe(broadcast()).subscribe(texts.out),
  texts$.pipe(broadcast({ except: id }), pipeTo(texts)).subscribe(),
  textsFlow.pipe(broadcast({ except: [id] }), pipeTo(texts)).subscribe(),
  from(['a']).pipe(sendTo(id), pipeTo(texts)).subscribe(),
  textsFlow.pipe(sendTo(id)).subscribe(texts.out),
  texts$.pipe(sendTo((text, index) => (text.length > index ? id : ids.move))).subscribe(texts.out),
  textsFlow.pipe(sendTo((text) => parseNodeId(text))).subscribe(texts.out),

  // A union is not distributed.
  messages$.pipe(broadcast(), pipeTo(channel)).subscribe(),
  messagesFlow.pipe(broadcast()).subscribe(channel.out),
  messages$.pipe(sendTo(({ kind }) => ids[kind])).subscribe(channel.out),
  messagesFlow.pipe(sendTo(id), pipeTo(channel)).subscribe(),
  from<('red' | 'blue')[]>(['red', 'blue']).pipe(broadcast(), pipeTo(colors)).subscribe(),

  // @ts-expect-error a string is not a message of this channel
  texts$.pipe(broadcast()).subscribe(channel.out),
  // @ts-expect-error the same, from a flow
  textsFlow.pipe(sendTo(id), pipeTo(channel)),
  // @ts-expect-error unknown option
  texts$.pipe(broadcast({ exept: id })),
  // @ts-expect-error a number is not a peer
  texts$.pipe(sendTo(4)),
  // @ts-expect-error a function may not return one either
  texts$.pipe(sendTo((text) => text.length)),
  // @ts-expect-error an unchecked string is not a peer
  texts$.pipe(sendTo('bob')),
  // @ts-expect-error nor is one that a function returns
  texts$.pipe(sendTo((text) => text)),
  // @ts-expect-error the same, from a flow
  textsFlow.pipe(sendTo((text) => text)),
  // @ts-expect-error it may not be excepted either
  texts$.pipe(broadcast({ except: 'bob' })),
  // @ts-expect-error nor may it be one of several
  texts$.pipe(broadcast({ except: [id, 'bob'] })),
];

const answering = (
  { channel, texts, colors }: Scope,
  inbound$: Observable<InboundEnvelope<Message>>,
) => [
  channel.in$.pipe(relay(), pipeTo(channel)).subscribe(),
  channel.in$.pipe(relay()).subscribe(channel.out),
  inbound$.pipe(relay(), pipeTo(channel)).subscribe(),
  texts.in$
    .pipe(
      relay(),
      filter(({ message }) => message !== ''),
      pipeTo(texts),
    )
    .subscribe(),

  // Literals keep their type, at any depth, in lists and in each branch.
  channel.in$.pipe(
    ofKind('move'),
    reply(({ x }) => ({ kind: 'move', x })),
    pipeTo(channel),
  ),
  inbound$.pipe(
    ofKind('move'),
    reply(() => ({ kind: 'resign' })),
    pipeTo(channel),
  ),
  inbound$.pipe(
    reply(() => ({ kind: 'resign', reason: `none` })),
    pipeTo(channel),
  ),
  channel.in$.pipe(
    reply(() => ({ kind: 'path', points: [{ x: 1, y: 2 }], style: { line: 'solid' } })),
    pipeTo(channel),
  ),
  channel.in$.pipe(
    reply(() => ({ kind: 'path', points: [], style: { line: 'dashed' } })),
    pipeTo(channel),
  ),
  channel.in$.pipe(
    reply(() => ({ kind: 'tags', tags: ['red', 'blue'], range: [1, 2] })),
    pipeTo(channel),
  ),
  channel.in$.pipe(
    reply((message) => (message.kind === 'move' ? { kind: 'resign' } : { kind: 'move', x: 1 })),
    pipeTo(channel),
  ),
  channel.in$.pipe(
    reply((message) => {
      if (message.kind === 'resign') return message;
      return { kind: 'tags', tags: [message.kind === 'move' ? 'red' : 'blue'] };
    }),
    pipeTo(channel),
  ),
  channel.in$.pipe(
    reply(({ kind }) => (kind === 'move' ? 'red' : 'blue')),
    pipeTo(colors),
  ),
  channel.in$.pipe(
    reply(({ kind }, { from }) => `${from}: ${kind}`),
    pipeTo(texts),
  ),

  channel.in$.pipe(
    // @ts-expect-error unknown kind
    reply(() => ({ kind: 'resgn' })),
    pipeTo(channel),
  ),
  inbound$.pipe(
    // @ts-expect-error a move has an x
    reply(() => ({ kind: 'move' })),
    pipeTo(channel),
  ),
  // @ts-expect-error an inbound message is not a string
  channel.in$.pipe(reply((text: string) => text)),
  texts.in$.pipe(
    // @ts-expect-error an outbound envelope names a recipient, not a sender
    relay(),
    reply((text) => text),
  ),
];

/** Replies even to a message of unknown type. */
const echo = <T>(channel: Channel<T>): unknown =>
  channel.in$.pipe(
    reply((message) => message),
    pipeTo(channel),
  );

const narrowing = (
  { channel }: Scope,
  inbound$: Observable<InboundEnvelope<Message>>,
  loose$: Observable<InboundEnvelope<{ kind: string; x: number }>>,
  texts$: Observable<InboundEnvelope<string>>,
) => ({
  one: channel.in$.pipe(ofKind('move')),
  two: channel.in$.pipe(
    map((envelope) => envelope),
    ofKind('move', 'resign'),
  ),
  ofObservable: inbound$.pipe(ofKind('move')),
  loose: loose$.pipe(ofKind('move')),
  wrong: [
    // @ts-expect-error unknown kind
    channel.in$.pipe(ofKind('resgn')),
    // @ts-expect-error without a kind, nothing would pass
    channel.in$.pipe(ofKind()),
    // @ts-expect-error strings have no kind
    texts$.pipe(ofKind('move')),
  ],
});

interface Versioned {
  readonly version: 1;
  readonly text: string;
}

const translating = (
  { texts, wire, onFailure, id }: Scope,
  versions: Channel<Versioned>,
  packets: Channel<Packet>,
  bytes$: Observable<InboundEnvelope<Uint8Array>>,
): unknown[] => {
  const versioned: Wrapper<Versioned, string> = {
    wrap: (text) => ({ version: 1, text }),
    unwrap: ({ text }) => text,
  };
  const sum = oneofWrapper(Packet, { ping: Ping, pong: Pong });
  return [
    from(['a']).pipe(broadcast(), wrap(versioned), pipeTo(versions)).subscribe(),
    from(['a']).pipe(sendTo(id), wrap(versioned)).subscribe(versions.out),
    texts.in$.pipe(relay(), wrap(versioned, { onFailure }), pipeTo(versions)).subscribe(),
    versions.in$.pipe(unwrap(versioned, { onFailure }), relay(), pipeTo(texts)).subscribe(),
    texts.in$.pipe(relay(), encode(json<string>()), pipeTo(wire)).subscribe(),
    wire.in$.pipe(decode(json<string>(), { onFailure }), relay(), pipeTo(texts)).subscribe(),
    bytes$
      .pipe(
        decode(oneof(Packet, { ping: Ping, pong: Pong }), { onFailure }),
        ofKind('ping'),
        dedupe({ key: ({ message }) => message.nonce, max: 10 }),
        rateLimit({ perSecond: 10 }),
        reply(() => ({ kind: 'pong' })),
        encode(oneof(Packet, { ping: Ping, pong: Pong })),
        pipeTo(wire),
      )
      .subscribe(),
    packets.in$.pipe(
      unwrap(sum, { onFailure }),
      ofKind('ping'),
      reply(({ nonce }) => ({ kind: 'ping', nonce: nonce + 1, note: '' })),
      wrap(sum),
      encode(protobuf(Packet)),
      pipeTo(wire),
    ),

    // @ts-expect-error failures on a peer's bad message must go somewhere
    wire.in$.pipe(decode(json<string>())),
    // @ts-expect-error the same, from a wrapper
    versions.in$.pipe(unwrap(versioned)),
    // @ts-expect-error strings are not bytes
    texts.in$.pipe(decode(json<string>(), { onFailure })),
    // @ts-expect-error numbers are not what it wraps
    of(1).pipe(broadcast(), wrap(versioned)),
    // @ts-expect-error it does not produce a string
    from(['a']).pipe(broadcast(), wrap(versioned), pipeTo(texts)),
    // @ts-expect-error an object is not a codec
    from(['a']).pipe(broadcast(), encode({})),
  ];
};

describe('types of operators over envelopes', () => {
  it('need no casts, as the compiler has checked', () => {
    const seen = [addressing, answering, echo, narrowing, translating];
    expect(seen).toHaveLength(5);
  });

  it('narrow to what ofKind lets through', () => {
    type Made = ReturnType<typeof narrowing>;
    type Move = Extract<Message, { kind: 'move' }>;
    type Two = Extract<Message, { kind: 'move' | 'resign' }>;
    const one: Same<Made['one'], Flow<InboundEnvelope<Move>>> = true;
    const two: Same<Made['two'], Flow<InboundEnvelope<Two>>> = true;
    const ofObservable: Same<Made['ofObservable'], Observable<InboundEnvelope<Move>>> = true;
    // A wider kind is narrowed too.
    type Loose = InboundEnvelope<{ kind: 'move'; x: number }>;
    const loose: Same<Made['loose'], Observable<Loose>> = true;
    expect([one, two, ofObservable, loose]).toEqual([true, true, true, true]);
  });

  it('know the recipients of an envelope', () => {
    const id = parseNodeId('b'.repeat(40));
    const toOne$: Observable<DirectEnvelope<string>> = of('a').pipe(sendTo(id));
    const toAll$: Observable<BroadcastEnvelope<string>> = of('a').pipe(broadcast());
    const heard: OutboundEnvelope<string>[] = [];
    toOne$.subscribe((envelope) => heard.push(envelope));
    toAll$.subscribe((envelope) => heard.push(envelope));
    expect(heard).toEqual([
      { to: id, message: 'a' },
      { broadcast: true, message: 'a' },
    ]);
  });
});
