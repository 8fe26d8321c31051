import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Codec } from '../../lib/codec/codec.ts';
import { oneof } from '../../lib/codec/oneof.ts';
import {
  hex,
  Packet,
  Ping,
  Pong,
  thrownBy,
  toHex,
  typeOf,
  type Move,
  type Resign,
  type Same,
} from './messages.ts';

const encodeFailed: unknown = expect.objectContaining({ code: 'RXMESH_ENCODE_FAILED' });
const decodeFailed: unknown = expect.objectContaining({ code: 'RXMESH_DECODE_FAILED' });

type GameMessage = ({ readonly kind: 'move' } & Move) | ({ readonly kind: 'resign' } & Resign);

const gameCodec = (wrapper = 'Game'): Codec<GameMessage> =>
  oneof<{ move: Move; resign: Resign }>(typeOf(wrapper), {
    move: typeOf('Move'),
    resign: typeOf('Resign'),
  });

const encodeAny = (codec: { encode(message: never): Uint8Array }, message: unknown): Uint8Array =>
  codec.encode(message as never);

describe('oneof: reflection types', () => {
  const codec = gameCodec();

  it('has a union of messages that are told apart by kind', () => {
    const message = codec.decode(hex('0a0408011002'));
    if (message.kind === 'move') {
      const x: number = message.x;
      expect(x).toBe(1);
    } else {
      const reason: string = message.reason;
      expect(reason).toBe('unreached');
    }
    expect.assertions(1);
  });

  it('R-21 wraps once and unwraps once', () => {
    expect(toHex(codec.encode({ kind: 'move', x: 1, y: 2 }))).toBe('0a0408011002');
    expect(toHex(codec.encode({ kind: 'resign', reason: 'a' }))).toBe('12030a0161');
    expect({ ...codec.decode(hex('0a0408011002')) }).toEqual({ kind: 'move', x: 1, y: 2 });
    expect({ ...codec.decode(hex('12030a0161')) }).toEqual({ kind: 'resign', reason: 'a' });
  });

  it('R-21 forwards what it has received', () => {
    expect(toHex(codec.encode(codec.decode(hex('0a0408011002'))))).toBe('0a0408011002');
  });

  it('R-21 leaves the sent message as it was', () => {
    const message = Object.freeze({ kind: 'move' as const, x: 1, y: 2 });
    expect(toHex(codec.encode(message))).toBe('0a0408011002');
  });

  it.each([
    ['a kind it does not carry', { kind: 'castle', x: 1 }],
    ['a kind that is a property of all objects', { kind: 'constructor' }],
    ['a kind that is not a string', { kind: 1 }],
    ['a message without a kind', { x: 1, y: 2 }],
    ['a message whose values are wrong', { kind: 'move', x: 'one' }],
    ['an empty message', {}],
    ['the wrapper with nothing set', typeOf('Game').create()],
    ['the wrapper with two set', { move: { x: 1 }, resign: { reason: 'a' } }],
    ['nothing', undefined],
    ['null', null],
    ['a string', 'move'],
  ])('R-22 refuses %s', (_, message) => {
    expect(thrownBy(() => encodeAny(codec, message))).toEqual(encodeFailed);
  });

  it.each([
    ['a plain one', { move: { x: 1, y: 2 } }],
    ['an instance', typeOf('Game').create({ move: { x: 1, y: 2 } })],
    ['one that names the member that is not set', { move: { x: 1, y: 2 }, resign: null }],
  ])('R-23 sends the wrapper itself as it is: %s', (_, wrapper) => {
    const bytes = encodeAny(codec, wrapper);
    expect(toHex(bytes)).toBe('0a0408011002');
    expect({ ...codec.decode(bytes) }).toEqual({ kind: 'move', x: 1, y: 2 });
  });

  it('R-23 sends an instance of a wrapper whose oneof is itself named kind', () => {
    const named = gameCodec('KindNamed');
    const wrapper = typeOf('KindNamed').create({ move: { x: 1, y: 2 } });
    expect(toHex(encodeAny(named, wrapper))).toBe('0a0408011002');
    expect({ ...named.decode(hex('0a0408011002')) }).toEqual({ kind: 'move', x: 1, y: 2 });
  });

  it('decodes the last of several members', () => {
    expect(codec.decode(hex('0a02080112030a0161')).kind).toBe('resign');
    expect(codec.decode(hex('12030a01610a020801')).kind).toBe('move');
  });

  it.each([
    ['no member set', ''],
    ['a member it does not know', '1a020801'],
    ['malformed bytes', '0a0408'],
  ])('refuses to decode %s', (_, bytes) => {
    expect(thrownBy(() => codec.decode(hex(bytes)))).toEqual(decodeFailed);
  });

  it('encodes only the kinds that it is given', () => {
    const moves = oneof<{ move: Move }>(typeOf('Game'), { move: typeOf('Move') });
    expect(thrownBy(() => moves.decode(hex('12030a0161')))).toEqual(decodeFailed);
    expect(thrownBy(() => encodeAny(moves, { kind: 'resign', reason: 'a' }))).toEqual(encodeFailed);
  });

  it('passes the options on', () => {
    const types = { move: typeOf('Move') };
    const strict = oneof<{ move: Move }>(typeOf('Game'), types, { unknownFields: 'refuse' });
    expect(thrownBy(() => strict.decode(hex('0a0208011a00')))).toEqual(decodeFailed);
  });

  it.each([
    ['no kinds', () => oneof(typeOf('Game'), {})],
    ['a kind that is not a field', () => oneof(typeOf('Game'), { castle: typeOf('Move') })],
    ['the oneof for a kind', () => oneof(typeOf('Game'), { sum: typeOf('Move') })],
    ['a kind with a field kind', () => oneof(typeOf('KindedGame'), { kinded: typeOf('Kinded') })],
    ['a kind with a oneof kind', () => oneof(typeOf('ValueGame'), { value: typeOf('Value') })],
    ['a wrapper with a field kind', () => oneof(typeOf('Kinded'), { kind: typeOf('Move') })],
  ])('throws a TypeError at once for %s', (_, make) => {
    expect(make).toThrow(TypeError);
  });

  it('decodes any message as it was sent', () => {
    const uint32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    const message = fc.oneof(
      fc.record({ kind: fc.constant('move' as const), x: uint32, y: uint32 }),
      fc.record({
        kind: fc.constant('resign' as const),
        reason: fc.string({ unit: 'grapheme', minLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(message, (sent) => {
        expect({ ...codec.decode(Uint8Array.from(codec.encode(sent))) }).toEqual({ ...sent });
      }),
    );
  });
});

describe('oneof: generated classes', () => {
  const codec = oneof(Packet, { ping: Ping, pong: Pong });

  it('has the fields of the classes as its message types', () => {
    interface PingFields {
      nonce: number;
      note: string;
      $unknowns?: Uint8Array[];
    }
    interface PongFields {
      $unknowns?: Uint8Array[];
    }
    type Expected =
      ({ readonly kind: 'ping' } & PingFields) | ({ readonly kind: 'pong' } & PongFields);
    const same: Same<typeof codec, Codec<Expected>> = true;
    expect(same).toBe(true);
  });

  it('R-21 wraps once and unwraps once', () => {
    expect(toHex(codec.encode({ kind: 'ping', nonce: 5, note: '' }))).toBe('0a020805');
    expect(toHex(codec.encode({ kind: 'pong' }))).toBe('1200');
    expect(codec.decode(hex('0a020805'))).toMatchObject({ kind: 'ping', nonce: 5 });
    expect(codec.decode(hex('1200'))).toBeInstanceOf(Pong);
    expect(codec.decode(hex('1200')).kind).toBe('pong');
  });

  it('R-22 refuses a wrapper with two members, even without verify', () => {
    const two = new Packet({ ping: { nonce: 5 }, pong: {} });
    expect(thrownBy(() => encodeAny(codec, two))).toEqual(encodeFailed);
  });

  it('R-22 refuses a kind that it was not given', () => {
    // @ts-expect-error pang is not a kind
    expect(thrownBy(() => codec.encode({ kind: 'pang' }))).toEqual(encodeFailed);
  });

  it('R-23 sends the wrapper itself as it is', () => {
    expect(toHex(encodeAny(codec, new Packet({ ping: { nonce: 5 } })))).toBe('0a020805');
  });

  it('refuses to decode a wrapper that carries nothing', () => {
    expect(thrownBy(() => codec.decode(hex('')))).toEqual(decodeFailed);
  });
});
