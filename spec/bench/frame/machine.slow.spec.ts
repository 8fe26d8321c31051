import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  bestMsOf,
  createYardstick,
  MachineWatch,
  processorTimes,
  type ProcessorTimes,
} from '../../../bench/frame/machine.ts';

/** Gives these, one after the other. */
function reading(...all: readonly (ProcessorTimes | undefined)[]) {
  const rest = [...all];
  return () => rest.shift();
}

describe('MachineWatch', () => {
  it('has what the yardstick took each time', () => {
    const took = [3, 5, 4];
    const watch = new MachineWatch(() => took.shift() ?? NaN, reading());
    watch.sample();
    watch.sample();
    expect(watch.state().yardstickMs).toEqual([3, 5]);
  });

  it.each([
    {
      name: 'of the time that was wanted, what others got',
      times: [
        { worked: 1000, taken: 50 },
        { worked: 1060, taken: 70 },
      ],
      share: 0.25,
    },
    {
      name: 'nothing, when nothing was wanted',
      times: [
        { worked: 1000, taken: 50 },
        { worked: 1000, taken: 50 },
      ],
      share: 0,
    },
    {
      name: 'nothing is known where the system does not tell',
      times: [undefined, undefined],
      share: undefined,
    },
  ])('$name', ({ times, share }) => {
    expect(new MachineWatch(() => 0, reading(...times)).state().takenShare).toBe(share);
  });
});

describe('bestMsOf', () => {
  it('is the least of all, if there is any', () => {
    const state = (...yardstickMs: number[]) => ({ yardstickMs, takenShare: undefined });
    expect(bestMsOf([state(5, 3), state(), state(4)])).toBe(3);
    expect(bestMsOf([state(), state()])).toBeUndefined();
  });
});

describe('createYardstick', () => {
  it('tells how long its work took, by the clock that it is given', () => {
    let now = 0;
    const measure = createYardstick(() => (now += 7));
    const before = now;
    expect(measure()).toBe(7);
    expect(now - before).toBe(14);
  });
});

describe('processorTimes', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rxmesh-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('adds up what all processors worked, and has what others took', () => {
    const file = join(directory, 'stat');
    writeFileSync(file, 'cpu  100 20 3 9999 8888 400 5000 7 66 55\ncpu0 1 1 1 1 1 1 1 1 1 1\n');
    expect(processorTimes(file)).toEqual({ worked: 5523, taken: 7 });
  });

  it.each(['cpu  1 2 3 4', 'intr 5 6', ''])('has none where the file says %j', (text) => {
    const file = join(directory, 'stat');
    writeFileSync(file, text);
    expect(processorTimes(file)).toBeUndefined();
  });

  it('has none where there is no file', () => {
    expect(processorTimes(join(directory, 'nowhere'))).toBeUndefined();
  });
});
