import { describe, expect, it } from '@jest/globals';
import { oneofWrapper } from '../../lib/codec/oneof-wrapper.ts';
import { Packet, Ping, Pong, thrownBy, typeOf, type Move, type Resign } from './messages.ts';

// What it takes and refuses is in oneof.spec.ts: `oneof` is made of it.

describe('oneofWrapper', () => {
  const sum = oneofWrapper<{ move: Move; resign: Resign }, { move?: Move; resign?: Resign }>(
    typeOf('Game'),
    { move: typeOf('Move'), resign: typeOf('Resign') },
  );

  it('wraps without a copy', () => {
    const message = Object.freeze({ kind: 'move', x: 1, y: 2 });
    const wrapper = sum.wrap(message);
    expect(wrapper).toEqual({ move: message });
    expect(wrapper.move).toBe(message);
  });

  it('unwraps without a copy, and sets the kind, as often as it likes', () => {
    const wrapper = { resign: { reason: 'lost' } };
    for (let times = 0; times < 2; times += 1) {
      const message = sum.unwrap(wrapper);
      expect(message).toBe(wrapper.resign);
      expect(message).toEqual({ kind: 'resign', reason: 'lost' });
    }
  });

  it('wraps again what it has unwrapped', () => {
    const wrapper = { move: { x: 1, y: 2 } };
    expect(sum.wrap(sum.unwrap(wrapper))).toEqual({ move: { kind: 'move', x: 1, y: 2 } });
  });

  it('knows the types of generated classes', () => {
    const packets = oneofWrapper(Packet, { ping: Ping, pong: Pong });
    const wrapper: { readonly ping?: unknown; readonly pong?: unknown } = packets.wrap({
      kind: 'ping',
      nonce: 5,
      note: '',
    });
    expect(wrapper).toEqual({ ping: { kind: 'ping', nonce: 5, note: '' } });
    const message = packets.unwrap({ ping: { nonce: 6 } });
    expect(message.kind === 'ping' ? message.nonce : undefined).toBe(6);
  });

  it('names what it carries when there is none of it', () => {
    expect(thrownBy(() => sum.unwrap({}))).toEqual(
      new TypeError('the wrapper carries none of move, resign'),
    );
  });

  it('throws a TypeError at once for kinds that the wrapper does not have', () => {
    expect(() => oneofWrapper(typeOf('Game'), {})).toThrow(TypeError);
    expect(() => oneofWrapper(typeOf('Game'), { castle: typeOf('Move') })).toThrow(TypeError);
  });
});
