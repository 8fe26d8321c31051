import { describe, expect, it } from '@jest/globals';
import { checkOptionNames } from '../../lib/model/check-option-names.ts';

const check = (options: unknown) => () => checkOptionNames('batch', options, ['max', 'ms']);

describe('checkOptionNames', () => {
  it.each([[{}], [{ max: 1 }], [{ max: 1, ms: undefined }], [Object.create({ size: 1 })]])(
    'takes %p',
    (options) => {
      expect(check(options)).not.toThrow();
    },
  );

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [4, '4'],
    ['max', '"max"'],
    [[4], 'an array'],
    [() => 4, 'a function'],
  ])('refuses %p, which is not an object', (options, got) => {
    const text = `batch: options must be an object, got ${got}`;
    expect(check(options)).toThrow(new TypeError(text));
    expect(check(options)).toThrow(TypeError);
  });

  it('refuses a name that there is not, though its value is undefined, and says which there are', () => {
    const text = 'batch: there is no option Max (did you mean max?); it takes max, ms';
    for (const options of [{ Max: 4 }, { max: 1, Max: undefined }]) {
      expect(check(options)).toThrow(new TypeError(text));
      expect(check(options)).toThrow(TypeError);
    }
  });

  it('names all that there are not', () => {
    const text = 'batch: there is no option size, there is no option time; it takes max, ms';
    expect(check({ size: 4, ms: 1, time: 2 })).toThrow(new TypeError(text));
  });
});
