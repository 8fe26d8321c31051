import fc from 'fast-check';

/**
 * Any character of Unicode, as the unit of a string. The one of fast-check, `binary`, is the same,
 * and takes a second to make.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7_ff }),
    fc.integer({ min: 0xe0_00, max: 0x10_ff_ff }),
  )
  .map((code) => String.fromCodePoint(code));
