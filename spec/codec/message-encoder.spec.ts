import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobufjs from 'protobufjs';
import { toHex } from '../../lib/model/hex.ts';
import { MessageEncoder } from '../../lib/codec/message-encoder.ts';

const Blob = new protobufjs.Type('Blob')
  .add(new protobufjs.Field('body', 1, 'bytes'))
  .add(new protobufjs.Field('floats', 2, 'double', 'repeated'));
const Name = new protobufjs.Type('Name').add(new protobufjs.Field('name', 1, 'string'));
const Other = new protobufjs.Type('Other').add(new protobufjs.Field('body', 2, 'bytes'));
const values = new protobufjs.Field('values', 1, 'double', 'repeated', undefined, { packed: true });
const Series = new protobufjs.Type('Series').add(values);
new protobufjs.Root().add(Blob).add(Name).add(Other).add(Series);

/** What `expect` compares fastest. */
const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

const filled = (length: number, value: number): { body: Uint8Array } => ({
  body: new Uint8Array(length).fill(value),
});

describe('MessageEncoder', () => {
  it('returns the bytes that a new writer would, and never writes to them again', () => {
    const messages = fc.array(
      fc.record({
        body: fc
          .oneof(fc.nat({ max: 100 }), fc.nat({ max: 20_000 }))
          .map((length) => new Uint8Array(length).fill(length)),
        floats: fc.array(fc.double(), { maxLength: 40 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(messages, (sent) => {
        const encoder = new MessageEncoder(Blob);
        const encoded = sent.map((message) => encoder.encode(message));
        const expected = sent.map((message) => Blob.encode(message).finish());
        expect(encoded.map(toBuffer)).toEqual(expected.map(toBuffer));
      }),
    );
  });

  it('puts short messages of all types side by side into slabs of 8 KiB', () => {
    const encoders = [new MessageEncoder(Blob), new MessageEncoder(Other)];
    const encodeAll = (): Uint8Array[] => encoders.map((encoder) => encoder.encode(filled(60, 1)));
    // Writers come with a small buffer of their own.
    for (let i = 0; i < 5; i += 1) encodeAll();
    const encoded = Array.from({ length: 100 }, encodeAll).flat();
    const memories = new Set(encoded.map(({ buffer }) => buffer));
    // 124 bytes a round, from anywhere in a slab on.
    expect([2, 3]).toContain(memories.size);
    for (const memory of memories) expect(memory.byteLength).toBe(8_192);
  });

  it('starts a new slab for each message that reserves more room than it needs', () => {
    const encoder = new MessageEncoder(Name);
    // protobufjs makes room for three bytes a character.
    const name = 'n'.repeat(60);
    for (let i = 0; i < 150; i += 1) encoder.encode({ name });
    const encoded = Array.from({ length: 1_000 }, () => encoder.encode({ name }));
    // 130 of 62 bytes in each, and at its end one in a buffer of its own.
    expect(new Set(encoded.map(({ buffer }) => buffer)).size).toBeLessThanOrEqual(18);
  });

  it('writes packed numbers into the current slab', () => {
    const encoder = new MessageEncoder(Series);
    // From 16 numbers on protobufjs writes by a view of the buffer, which it keeps.
    const sent = Array.from({ length: 200 }, (_, i) => ({ values: new Array(20).fill(i) }));
    const encoded = sent.map((message) => encoder.encode(message));
    const expected = sent.map((message) => Series.encode(message).finish());
    expect(encoded.map(toHex)).toEqual(expected.map(toHex));
  });

  it('continues with the same slab after a long message, which gets its own buffer', () => {
    const encoder = new MessageEncoder(Blob);
    for (let i = 0; i < 5; i += 1) encoder.encode(filled(60, i));
    const lengths = [60, 10_000, 10_000, 60, 60];
    const encoded = lengths.map((length) => encoder.encode(filled(length, 1)));
    const [before, long, , , after] = encoded;
    expect(long?.buffer).not.toBe(before?.buffer);
    expect(after?.buffer).toBe(before?.buffer);
  });

  it('does not let a short message keep the buffer of a long one alive', () => {
    const encoder = new MessageEncoder(Blob);
    for (const length of [60, 100_000, 60, 100_000, 3_000, 60, 2_000_000, 60]) {
      for (const bytes of [encoder.encode(filled(length, 1)), encoder.encode(filled(length, 2))]) {
        expect(bytes.buffer.byteLength).toBeLessThanOrEqual(Math.max(8_192, 2 * bytes.length));
      }
    }
  });

  it('allocates one buffer for a long message that is as long as the previous one', () => {
    const encoder = new MessageEncoder(Blob);
    encoder.encode(filled(65_000, 0));
    encoder.encode(filled(65_000, 0));
    const bytes = encoder.encode(filled(65_000, 1));
    expect(bytes.buffer.byteLength - bytes.length).toBeLessThanOrEqual(64);
  });

  it('works after a message that throws halfway, and inside one that encodes another', () => {
    const encoder = new MessageEncoder(Blob);
    const before = encoder.encode(filled(10, 1));
    const throwing = {
      body: new Uint8Array(5).fill(9),
      get floats(): number[] {
        throw new Error('no');
      },
    };
    expect(() => encoder.encode(throwing)).toThrow('no');
    let inner: Uint8Array | undefined;
    const nesting = {
      body: new Uint8Array(5).fill(3),
      get floats(): number[] {
        inner ??= encoder.encode(filled(6, 4));
        return [];
      },
    };
    const outer = encoder.encode(nesting);
    const after = encoder.encode(filled(10, 2));
    expect([before, outer, inner, after]).toEqual(
      [filled(10, 1), filled(5, 3), filled(6, 4), filled(10, 2)].map((message) =>
        Uint8Array.from(Blob.encode(message).finish()),
      ),
    );
  });

  it('does not overwrite a half-encoded message of another type', () => {
    const [outer, inner] = [new MessageEncoder(Blob), new MessageEncoder(Name)];
    outer.encode(filled(10, 1));
    inner.encode({ name: 'first' });
    const parts: Uint8Array[] = [];
    const nesting = {
      body: new Uint8Array(5).fill(3),
      get floats(): number[] {
        for (const name of ['a', 'b', 'c']) parts.push(inner.encode({ name }));
        return [1];
      },
    };
    const whole = outer.encode(nesting);
    const after = inner.encode({ name: 'after' });
    const names = ['a', 'b', 'c'];
    expect(parts.slice(-3).map((bytes) => Name.decode(bytes))).toMatchObject(
      names.map((name) => ({ name })),
    );
    expect(toHex(whole)).toBe(toHex(Blob.encode({ body: nesting.body, floats: [1] }).finish()));
    expect(Name.decode(after)).toMatchObject({ name: 'after' });
  });

  it('works after another type has thrown halfway', () => {
    const [throws, encoder] = [new MessageEncoder(Blob), new MessageEncoder(Name)];
    throws.encode(filled(10, 1));
    const before = encoder.encode({ name: 'before' });
    const throwing = {
      body: new Uint8Array(5).fill(9),
      get floats(): number[] {
        throw new Error('no');
      },
    };
    expect(() => throws.encode(throwing)).toThrow('no');
    const after = [encoder.encode({ name: 'after' }), encoder.encode({ name: 'later' })];
    const names = [before, ...after].map((bytes) => Name.decode(bytes));
    expect(names).toMatchObject([{ name: 'before' }, { name: 'after' }, { name: 'later' }]);
  });

  it('accepts bytes that a type has written with its own writer', () => {
    const own = new MessageEncoder({
      encode: (message) => Blob.encode(message),
      decode: () => ({}),
    });
    const other = new MessageEncoder(Other);
    const lengths = [10, 20, 5_000, 5_000, 5_000, 30];
    const encoded = lengths.map((length) => [
      own.encode(filled(length, 1)),
      other.encode(filled(length, 2)),
    ]);
    const expected = lengths.map((length) => [
      Blob.encode(filled(length, 1)).finish(),
      Other.encode(filled(length, 2)).finish(),
    ]);
    expect(encoded.flat().map(toHex)).toEqual(expected.flat().map(toHex));
  });

  it('does not keep the buffer of a long message', () => {
    const encoder = new MessageEncoder(Blob);
    let written: object = {};
    const spying = new MessageEncoder({
      encode: (message, given) => {
        const writer = Blob.encode(message, given as protobufjs.Writer);
        written = writer;
        return writer;
      },
      decode: () => ({}),
    });
    encoder.encode(filled(10, 1));
    for (const length of [10, 10, 100_000, 100_000, 3_000_000, 3_000_000]) {
      spying.encode(filled(length, 1));
      const { buf } = written as { buf?: Uint8Array };
      expect(buf?.length).toBeLessThanOrEqual(8_192);
    }
  });

  it('accepts writers without a position that can be set, such as those of protobufjs 7', () => {
    let finished = 0;
    const writer = {
      reset: () => undefined,
      finish: () => Uint8Array.of((finished += 1)),
    };
    const used: unknown[] = [];
    const encoder = new MessageEncoder({
      encode: (_message, given) => {
        used.push(given);
        return writer;
      },
      decode: () => ({}),
    });
    expect([encoder.encode({}), encoder.encode({})]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(used).toEqual([undefined, writer]);
  });
});
