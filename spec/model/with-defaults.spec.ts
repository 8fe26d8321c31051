import { describe, expect, it } from '@jest/globals';
import { withDefaults } from '../../lib/model/with-defaults.ts';

describe('withDefaults', () => {
  const defaults: { readonly max: number; readonly name: string } = { max: 4, name: 'a' };

  it('fills in what is left out or undefined', () => {
    expect(withDefaults(defaults)).toEqual({ max: 4, name: 'a' });
    expect(withDefaults(defaults, { max: undefined, name: 'b' })).toEqual({ max: 4, name: 'b' });
    expect(withDefaults(defaults, { max: 0, name: '' })).toEqual({ max: 0, name: '' });
  });

  it('takes no other properties', () => {
    const given: object = { max: 5, other: 6 };
    expect(withDefaults(defaults, given)).toEqual({ max: 5, name: 'a' });
  });
});
