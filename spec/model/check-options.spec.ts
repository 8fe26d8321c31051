import { describe, expect, it } from '@jest/globals';
import {
  aFunction,
  anInteger,
  anObject,
  aNumber,
  checkArgument,
  checkOptions,
  oneOf,
  optionFaults,
  required,
  valueFaults,
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

describe('optionFaults', () => {
  const faults = (given: unknown, group?: string) =>
    optionFaults(given, { max: required(aNumber), size: anInteger(1, 9), inner: anObject }, group, {
      inner: ['depth'],
    });

  it('names all of them', () => {
    expect(faults({ max: '4', size: 10, inner: [], depth: 4, sise: 4 })).toEqual([
      'there is no option depth (did you mean inner.depth?)',
      'there is no option sise (did you mean size?)',
      'max must be a number, got "4"',
      'size must be an integer from 1 to 9, got 10',
      'inner must be an object, got an array',
    ]);
    expect(faults({ sise: 4 }, 'outer')).toEqual([
      'there is no option outer.sise (did you mean outer.size?)',
      'outer.max must be a number, got undefined',
    ]);
    expect(faults({ max: 4, size: 9, inner: {} })).toEqual([]);
    expect(faults({ max: 4, size: undefined })).toEqual([]);
  });

  it.each([[undefined], [null], [[4]], ['4']])('takes %p for no options', (given) => {
    expect(faults(given)).toEqual([expect.stringMatching(/^options must be an object, got /)]);
    expect(faults(given, 'outer')).toEqual([
      expect.stringMatching(/^outer must be an object, got /),
    ]);
  });

  it('leaves other options alone if asked for the values only', () => {
    expect(valueFaults({ sise: 4, size: 0 }, { size: anInteger(1, 9, '1 to nine') })).toEqual([
      'size must be an integer from 1 to nine, got 0',
    ]);
  });
});
