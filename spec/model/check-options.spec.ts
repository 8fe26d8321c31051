import { describe, expect, it } from '@jest/globals';
import {
  aFunction,
  aNumber,
  checkArgument,
  checkOptions,
  oneOf,
  required,
} from '../../lib/model/check-options.ts';

interface Options {
  readonly max: number;
  readonly excess?: 'drop' | 'wait';
  readonly onDrop?: (value: unknown) => void;
}

const check = (options: unknown) => () =>
  checkOptions('op', options as Options, {
    max: required(aNumber),
    excess: oneOf('drop', 'wait'),
    onDrop: aFunction,
  });

describe('checkOptions', () => {
  it.each([
    [{ max: 4 }],
    [{ max: NaN, excess: undefined, onDrop: undefined }],
    [{ max: Infinity, excess: 'wait', onDrop: () => 4 }],
    [Object.create({ max: 4 })],
  ])('takes %p', (options) => {
    expect(check(options)).not.toThrow();
  });

  it.each([
    [4, 'op: options must be an object, got 4'],
    [
      { max: 4, onDrops: 4 },
      'op: there is no option onDrops (did you mean onDrop?); it takes max, excess, onDrop',
    ],
    [{}, 'op: max must be a number, got undefined'],
    [{ max: '4' }, 'op: max must be a number, got "4"'],
    [{ max: null }, 'op: max must be a number, got null'],
    [{ max: 4, excess: 'block' }, `op: excess must be 'drop' or 'wait', got "block"`],
    [{ max: 4, excess: ['drop'] }, `op: excess must be 'drop' or 'wait', got an array`],
    [{ max: 4, onDrop: null }, 'op: onDrop must be a function, got null'],
    [{ max: 4, onDrop: {} }, 'op: onDrop must be a function, got an object'],
  ])('refuses %p', (options, text) => {
    expect(check(options)).toThrow(new TypeError(text));
    expect(check(options)).toThrow(TypeError);
  });
});

describe('checkArgument', () => {
  it('refuses an argument of another kind', () => {
    expect(() => checkArgument('op', 'project', Math.max, aFunction)).not.toThrow();
    const text = 'op: project must be a function, got undefined';
    expect(() => checkArgument('op', 'project', undefined, aFunction)).toThrow(new TypeError(text));
  });
});
