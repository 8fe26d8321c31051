import type { Codec } from '../../lib/codec/codec.ts';
import { Frame as CallFrame } from '../../lib/calls/frame.ts';
import { frameCodec as callCodec } from '../../lib/calls/frame-codec.ts';
import { Frame as DeliveryFrame } from '../../lib/deliveries/frame.ts';
import { frameCodec as deliveryCodec } from '../../lib/deliveries/frame-codec.ts';
import { exchangeCodec } from '../../lib/exchange/messages.ts';
import { digestOf, signatureOf } from '../../lib/gossip/signing.ts';
import { Frame as GossipFrame, idBytes, kinds as gossipKinds } from '../../lib/gossip/frame.ts';
import { frameCodec as gossipCodec } from '../../lib/gossip/frame-codec.ts';
import { Identity } from '../../lib/model/identity.ts';
import { bytesOf } from './bytes.ts';
import type { Random } from './random.ts';

/** The channel of the services under test. */
export const serviceChannel = 9;

/** A protocol that others speak on a channel: what it reads, and what they may send. */
export interface Protocol {
  readonly name: string;
  readonly codec: Codec<object>;
  /** A frame with values that occur, not necessarily in an order that makes sense. */
  readonly frame: (random: Random) => Uint8Array;
}

/** The payloads that an application's `json` codec reads, and some that it does not. */
const payload = (random: Random): Uint8Array =>
  bytesOf(random.pick(['1', '2', '"a"', '{', '', '\u00fc']));
const few = (random: Random): number => (random.once(12) ? random.number() : random.below(4));
const uint32 = (random: Random): number => few(random) >>> 0;
const text = (random: Random): string =>
  random.pick(['', 'add', 'news', 'x'.repeat(200), '\u00fc']);
const maybe = <T>(random: Random, value: T): T | undefined => (random.once(3) ? value : undefined);

/** Sets the fields that have a value. */
function filled<T extends object>(
  frame: T,
  fields: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.assign(frame, Object.fromEntries(given));
}

function callFrame(random: Random): Uint8Array {
  const frame = new CallFrame(random.once(20) ? uint32(random) : 1 + random.below(11), few(random));
  const isStart = frame.kind <= 3;
  return callCodec.encode(
    filled(frame, {
      call: uint32(random),
      credit: isStart ? 1 + random.below(9) : uint32(random),
      payload: payload(random),
      more: maybe(
        random,
        random.list(0, random.once(20) ? 300 : 5, () => payload(random)),
      ),
      isLast: maybe(random, true),
      method: maybe(random, text(random)),
      timeoutMs: maybe(random, uint32(random)),
      status: maybe(random, random.below(9)),
      reason: maybe(random, text(random)),
      text: maybe(random, text(random)),
      version: isStart && !random.once(9) ? 1 : uint32(random),
    }),
  );
}

function deliveryFrame(random: Random): Uint8Array {
  const frame = new DeliveryFrame(random.once(20) ? uint32(random) : 1 + random.below(7));
  const long = (): number => few(random) % 2 ** 53;
  return deliveryCodec.encode(
    filled(frame, {
      seq: long(),
      skip: maybe(random, long()),
      payload: payload(random),
      epoch: new Uint8Array(random.once(9) ? random.below(40) : 16).fill(random.below(2)),
      opening: random.once(4) ? uint32(random) : 1,
      window: maybe(random, uint32(random)),
      windowBytes: maybe(random, uint32(random)),
      status: maybe(random, random.below(9)),
      reason: maybe(random, text(random)),
      text: maybe(random, text(random)),
      version: random.once(9) ? uint32(random) : 1,
      dueDateMs: maybe(random, long()),
    }),
  );
}

const origins = [1, 2].map((byte) => Identity.fromSeed(new Uint8Array(32).fill(byte)));

function gossipFrame(random: Random): Uint8Array {
  const frame = new GossipFrame(random.once(20) ? uint32(random) : 1 + random.below(6));
  const [one, two] = origins;
  const ids = new Uint8Array(random.once(9) ? random.below(90) : idBytes * random.below(4));
  filled(frame, {
    topic: maybe(random, text(random)),
    version: random.once(9) ? uint32(random) : 1,
    isAll: maybe(random, true),
    topics: maybe(
      random,
      random.list(0, 3, () => text(random)),
    ),
    ids: ids.fill(random.below(3)),
    hops: new Uint8Array(random.once(9) ? random.below(9) : ids.length / idBytes),
    isPull: maybe(random, true),
    isGraft: maybe(random, true),
    hop: maybe(random, uint32(random)),
    dateMs: maybe(random, few(random) % 2 ** 53),
    seq: few(random) % 2 ** 53,
    place: maybe(random, few(random) % 2 ** 53),
    payload: payload(random),
    origin: maybe(random, one?.id ?? ''),
  });
  const origin = random.once(2) ? one : two;
  if (frame.kind === gossipKinds.message && origin !== undefined && !random.once(6)) {
    frame.key = origin.publicKey;
    frame.signature = signatureOf(origin, digestOf(frame, serviceChannel));
  }
  return gossipCodec.encode(frame);
}

const addressTexts = ['', 'memory:', `ws://${'a'.repeat(40)}@h:1`, 'x', '\u00fc'] as const;

function exchangeMessage(random: Random): Uint8Array {
  if (random.once(3)) return exchangeCodec.encode({ kind: 'ask' });
  const most = random.once(12) ? 101 : 4;
  const addresses = random.list(0, most, () => random.pick(addressTexts));
  return exchangeCodec.encode({ kind: 'answer', addresses });
}

const asObjects = <T extends object>(codec: Codec<T>): Codec<object> => codec;

export const callProtocol: Protocol = {
  name: 'calls',
  codec: asObjects(callCodec),
  frame: callFrame,
};
export const deliveryProtocol: Protocol = {
  name: 'deliveries',
  codec: asObjects(deliveryCodec),
  frame: deliveryFrame,
};
export const gossipProtocol: Protocol = {
  name: 'gossip',
  codec: asObjects(gossipCodec),
  frame: gossipFrame,
};
export const exchangeProtocol: Protocol = {
  name: 'exchange',
  codec: asObjects(exchangeCodec),
  frame: exchangeMessage,
};
