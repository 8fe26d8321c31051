import { describe, expect, it } from '@jest/globals';
import { checkFaults, FaultyStream, type TcpFaults } from '../../../lib/testing/tcp/faults.ts';

const sent = Uint8Array.from({ length: 1_000 }, (_, at) => at & 0xff);

/** What comes out of a stream whose bytes arrive in reads of this size, and what it told. */
function through(faults: TcpFaults, readBytes: number, seed = 1) {
  const told: string[] = [];
  const stream = new FaultyStream(faults, seed, (type, atBytes) => told.push(`${type} ${atBytes}`));
  const pieces: Uint8Array[] = [];
  let ending: string | undefined;
  for (let at = 0; at < sent.length && ending === undefined; at += readBytes) {
    const passed = stream.pass(sent.subarray(at, at + readBytes));
    pieces.push(...passed.pieces);
    ({ ending } = passed);
  }
  return {
    bytes: [...Buffer.concat(pieces)],
    sizes: pieces.map(({ length }) => length),
    told,
    ending,
  };
}

describe('the faults of a stream', () => {
  it('passes everything as it is, without any', () => {
    const { bytes, sizes, told, ending } = through({}, 300);
    expect(bytes).toEqual([...sent]);
    expect([sizes, told, ending]).toEqual([[300, 300, 300, 100], [], undefined]);
  });

  it.each(['cut', 'truncate'] as const)('ends after a number of bytes: %s', (type) => {
    const { bytes, told, ending } = through({ [`${type}AfterBytes`]: 450 }, 300);
    expect(bytes).toEqual([...sent.subarray(0, 450)]);
    expect([told, ending]).toEqual([[`${type} 450`], type]);
  });

  it('ends at the first of two ends, and at the last byte of a read', () => {
    const first = through({ cutAfterBytes: 600, truncateAfterBytes: 300 }, 300);
    expect([first.bytes.length, first.ending]).toEqual([300, 'truncate']);
  });

  it('draws from a range: the same for the same seed, another for another', () => {
    const ends = [1, 1, 2, 3].map(
      (seed) => through({ cutAfterBytes: [100, 900] }, 7, seed).bytes.length,
    );
    expect(ends[0]).toBe(ends[1]);
    expect(new Set(ends).size).toBe(3);
    for (const end of ends) {
      expect(end).toBeGreaterThanOrEqual(100);
      expect(end).toBeLessThanOrEqual(900);
    }
  });

  it('flips single bits, about as often as asked, and leaves the sender its bytes', () => {
    const before = [...sent];
    const { bytes, told } = through({ flipEveryBytes: 50 }, 128);
    const wrong = bytes.flatMap((byte, at) => (byte === sent[at] ? [] : [`flip ${at}`]));
    expect(wrong).toEqual(told);
    expect(told.length).toBeGreaterThan(10);
    expect(told.length).toBeLessThan(40);
    for (const [at, byte] of bytes.entries()) {
      const bits = byte ^ (sent[at] ?? 0);
      expect(bits & (bits - 1)).toBe(0);
    }
    expect([...sent]).toEqual(before);
  });

  it('puts the same faults at the same bytes, however they are read', () => {
    const faults = { flipEveryBytes: 40, flood: { afterBytes: [100, 800], bytes: 30 } } as const;
    const whole = through(faults, 1_000);
    for (const readBytes of [1, 7, 999]) {
      const { bytes, told } = through(faults, readBytes);
      expect(bytes).toEqual(whole.bytes);
      expect([...told].sort()).toEqual([...whole.told].sort());
    }
  });

  it('inserts a flood of any length once, between two bytes', () => {
    const { bytes, sizes, told } = through({ flood: { afterBytes: 450, bytes: 200_000 } }, 300);
    expect(bytes.length).toBe(201_000);
    expect(bytes.slice(0, 450)).toEqual([...sent.subarray(0, 450)]);
    expect(bytes.slice(200_450)).toEqual([...sent.subarray(450)]);
    expect(new Set(bytes.slice(450, 2_450)).size).toBeGreaterThan(200);
    expect(Math.max(...sizes)).toBe(65_536);
    expect(told).toEqual(['flood 450']);
  });

  it('does not flood a stream that has ended before', () => {
    const faults = { cutAfterBytes: 100, flood: { afterBytes: 200, bytes: 10 } };
    expect(through(faults, 300)).toMatchObject({ told: ['cut 100'] });
  });

  it('cuts what passes into fragments of a largest size', () => {
    const { bytes, sizes } = through({ fragmentBytesMax: 9 }, 300);
    expect(bytes).toEqual([...sent]);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 9]);
  });

  it.each([
    [{ cutAfterBytes: -1 }, 'cutAfterBytes'],
    [{ cutAfterBytes: [9, 1] }, 'cutAfterBytes'],
    [{ truncateAfterBytes: 'soon' }, 'truncateAfterBytes'],
    [{ flipEveryBytes: 0 }, 'flipEveryBytes'],
    [{ flood: { bytes: 1 } }, 'flood'],
    [{ fragmentBytesMax: 1.5 }, 'fragmentBytesMax'],
    [{ fliped: 1 }, 'fliped'],
  ])('refuses %j, by name', (faults, name) => {
    expect(() => {
      checkFaults(faults as TcpFaults);
    }).toThrow(name);
  });
});
