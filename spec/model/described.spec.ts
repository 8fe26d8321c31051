import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { described } from '../../lib/model/described.ts';

class Empty {
  readonly size = 0;
}

describe('described', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [4, '4'],
    [NaN, 'NaN'],
    [4n, '4'],
    [true, 'true'],
    ['4', '"4"'],
    ['', '""'],
    ['\u202Ea\n', String.raw`"\u202ea\n"`],
    ['x'.repeat(100), `"${'x'.repeat(80)}…"`],
    [Symbol('a'), 'a symbol'],
    [() => 4, 'a function'],
    [Subject, 'a function'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [{ constructor: 4 }, 'an object'],
    [[], 'an array'],
    [new Subject(), 'a Subject'],
    [new Empty(), 'an Empty'],
    [Promise.resolve(), 'a Promise (missing `await`?)'],
  ])('%p is %s', (value, text) => {
    expect(described(value)).toBe(text);
  });
});
