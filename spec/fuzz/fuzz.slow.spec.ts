import { describe, expect, it } from '@jest/globals';
import { throwError } from 'rxjs';
import { Random } from '../../scripts/fuzz/random.ts';
import { check, fuzz } from '../../scripts/fuzz/run.ts';
import { attempt, type Target } from '../../scripts/fuzz/target.ts';
import { targets, targetsNamed } from '../../scripts/fuzz/targets/index.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { toHex } from '../codec/messages.ts';

/** A target that finds the bytes `dead` in its inputs, and does `fault` then. */
function planted(fault: (input: Uint8Array) => string | Promise<string>): Target {
  return {
    name: 'planted',
    share: 1,
    generate: (random) => {
      const bytes = random.bytes(40);
      return random.once(100) ? Uint8Array.of(...bytes, 0xde, 0xad, ...bytes) : bytes;
    },
    check: (input) =>
      toHex(input).match(/../g)?.join(' ').includes('de ad') ? fault(input) : 'ok',
  };
}

const inputs = { seed: 6, from: 0, count: 3_000 };
const limits = { inputMs: 250, grownBytes: 2 ** 23 };

describe('the fuzzer', () => {
  it('finds targets by name and by the beginning of their names', () => {
    const namesOf = (name: string): readonly string[] => targetsNamed(name).map((t) => t.name);
    const comet = ['comet-streams', 'comet-handshakes', 'comet-connections', 'comet-messages'];
    expect(namesOf('comet')).toEqual(comet);
    expect(namesOf('comet-streams')).toEqual(['comet-streams']);
    expect(namesOf('come')).toEqual([]);
  });

  it('S-08 finds a fault, says where, and makes its input as short as it can be', async () => {
    const target = planted(() => {
      throw new TypeError('planted');
    });
    const { finding } = await fuzz(target, inputs);
    expect(finding).toMatchObject({
      target: 'planted',
      seed: 6,
      text: expect.stringContaining('TypeError: planted'),
    });
    expect(toHex(finding?.input ?? new Uint8Array(0))).toBe('dead');
    // The command that it prints brings the fault again.
    const { index = 0 } = finding ?? {};
    const again = await fuzz(target, { seed: 6, from: index, count: 1 });
    expect(again.finding?.index).toBe(index);
    expect(index).toBeGreaterThan(0);
    const before = await fuzz(target, { seed: 6, from: 0, count: index });
    expect([before.finding, before.outcomes]).toEqual([undefined, new Map([['ok', index]])]);
    expect((await check(target, Uint8Array.of(0xde, 0xad)))?.text).toContain('planted');
    expect(await check(target, Uint8Array.of(0xde))).toBeUndefined();
  });

  it.each<[string, () => string | Promise<string>, string]>([
    [
      'an error that is not of rxmesh',
      () => {
        attempt(() => JSON.parse('{') as unknown, ['RXMESH_DECODE_FAILED']);
        return '';
      },
      'no RxmeshError',
    ],
    [
      'a code that does not belong there',
      () => {
        attempt(() => {
          throw new RxmeshError('RXMESH_STOPPED', '');
        }, ['RXMESH_DECODE_FAILED']);
        return '';
      },
      'the code RXMESH_STOPPED',
    ],
    ['a promise that is rejected', () => Promise.reject(new Error('later')), 'later'],
  ])('S-08 finds %s', async (_, fault, text) => {
    const { finding } = await fuzz(planted(fault), inputs);
    expect(finding?.text).toContain(text);
    expect(toHex(finding?.input ?? new Uint8Array(0))).toBe('dead');
  });

  it('S-08 finds an error that nobody handles, among the inputs of its turn', async () => {
    const target = planted(() => {
      throwError(() => new Error('stray')).subscribe();
      return 'ok';
    });
    const { finding } = await fuzz(target, inputs);
    expect(finding?.text).toContain('nobody handles Error: stray');
    expect(toHex(finding?.input ?? new Uint8Array(0))).toBe('dead');
  });

  it('S-08 finds an input that takes too long, whatever else the machine does', async () => {
    const target = planted(() => {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user < 12_000) continue;
      return 'ok';
    });
    const { finding } = await fuzz(target, inputs, { limits: { ...limits, inputMs: 8 } });
    expect(finding?.text).toBe('it takes more than 8 ms');
    expect(toHex(finding?.input ?? new Uint8Array(0))).toBe('dead');
  });

  it('S-08 finds memory that grows with the inputs', async () => {
    const kept: Uint8Array[] = [];
    const target: Target = {
      ...planted(() => 'ok'),
      check: () => {
        kept.push(new Uint8Array(2_000));
        return 'ok';
      },
    };
    const { finding } = await fuzz(target, inputs, { limits: { ...limits, grownBytes: 2 ** 21 } });
    expect(finding?.text).toMatch(/^memory grew by \d+ bytes in \d+ inputs$/);
    expect(kept.length).toBe(3_000);
  });

  it('makes the same input of the same seed and index, and another of another', () => {
    const bytesOf = (seed: number, index: number): string =>
      toHex(Random.of(seed, index).bytes(20));
    expect(bytesOf(1, 7)).toBe(bytesOf(1, 7));
    const all = [0, 1, 2, 3].flatMap((seed) => [0, 1, 2, 3].map((index) => bytesOf(seed, index)));
    expect(new Set(all).size).toBe(16);
  });
});

describe.each(targets.map((target): [string, Target] => [target.name, target]))(
  'the target %s',
  (_, target) => {
    it('S-08 has inputs that are taken and inputs that are refused, and nothing else', async () => {
      const {
        finding,
        outcomes,
        inputs: count,
      } = await fuzz(target, { seed: 1, from: 0, count: 60 });
      expect([finding, count]).toEqual([undefined, 60]);
      expect(outcomes.size).toBeGreaterThan(1);
    });
  },
);
