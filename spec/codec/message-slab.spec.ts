import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobufjs from 'protobufjs';
import { toHex } from '../../lib/model/hex.ts';
import { MessageSlab } from '../../lib/codec/message-slab.ts';

const Blob = new protobufjs.Type('Blob')
  .add(new protobufjs.Field('body', 1, 'bytes'))
  .add(new protobufjs.Field('floats', 2, 'double', 'repeated'));
new protobufjs.Root().add(Blob);

const filled = (length: number, value: number): { body: Uint8Array } => ({
  body: new Uint8Array(length).fill(value),
});

describe('MessageSlab', () => {
  it('gives what a writer of its own would, and never writes to it again', () => {
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
        const slab = new MessageSlab(Blob);
        const encoded = sent.map((message) => slab.encode(message));
        const expected = sent.map((message) => Blob.encode(message).finish());
        expect(encoded.map(toHex)).toEqual(expected.map(toHex));
      }),
    );
  });

  it('keeps short messages in slabs of 8 KiB, many in each', () => {
    const slab = new MessageSlab(Blob);
    // The writer comes with a small buffer of its own.
    for (let i = 0; i < 5; i += 1) slab.encode(filled(60, i));
    const encoded = Array.from({ length: 200 }, (_, i) => slab.encode(filled(60, i)));
    const memories = new Set(encoded.map(({ buffer }) => buffer));
    expect([...memories].map(({ byteLength }) => byteLength)).toEqual([8_192, 8_192]);
  });

  it('lets no short message keep a buffer that a long one needed', () => {
    const slab = new MessageSlab(Blob);
    for (const length of [60, 100_000, 60, 100_000, 3_000, 60, 2_000_000, 60]) {
      for (const bytes of [slab.encode(filled(length, 1)), slab.encode(filled(length, 2))]) {
        expect(bytes.buffer.byteLength).toBeLessThanOrEqual(Math.max(8_192, 2 * bytes.length));
      }
    }
  });

  it('makes one buffer for each long message of the length of the one before', () => {
    const slab = new MessageSlab(Blob);
    slab.encode(filled(65_000, 0));
    slab.encode(filled(65_000, 0));
    const bytes = slab.encode(filled(65_000, 1));
    expect(bytes.buffer.byteLength - bytes.length).toBeLessThanOrEqual(64);
  });

  it('is whole after a message that throws in the middle, and within one that encodes another', () => {
    const slab = new MessageSlab(Blob);
    const before = slab.encode(filled(10, 1));
    const throwing = {
      body: new Uint8Array(5).fill(9),
      get floats(): number[] {
        throw new Error('no');
      },
    };
    expect(() => slab.encode(throwing)).toThrow('no');
    let inner: Uint8Array | undefined;
    const nesting = {
      body: new Uint8Array(5).fill(3),
      get floats(): number[] {
        inner ??= slab.encode(filled(6, 4));
        return [];
      },
    };
    const outer = slab.encode(nesting);
    const after = slab.encode(filled(10, 2));
    expect([before, outer, inner, after]).toEqual(
      [filled(10, 1), filled(5, 3), filled(6, 4), filled(10, 2)].map((message) =>
        Uint8Array.from(Blob.encode(message).finish()),
      ),
    );
  });

  it('takes writers that have no place to be set, as those of protobufjs 7', () => {
    let finished = 0;
    const writer = {
      reset: () => undefined,
      finish: () => Uint8Array.of((finished += 1)),
    };
    const used: unknown[] = [];
    const slab = new MessageSlab({
      encode: (_message, given) => {
        used.push(given);
        return writer;
      },
      decode: () => ({}),
    });
    expect([slab.encode({}), slab.encode({})]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(used).toEqual([undefined, writer]);
  });
});
