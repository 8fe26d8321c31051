import fc from 'fast-check';

/**
 * Texts of any code points. The unit `binary` is the same, but takes a second to make a table of
 * all code points.
 */
export function anyTexts(): fc.Arbitrary<string> {
  const surrogates = [0xd800, 0xe000] as const;
  const unit = fc
    .nat(0x10ffff - (surrogates[1] - surrogates[0]))
    .map((n) => String.fromCodePoint(n < surrogates[0] ? n : n + surrogates[1] - surrogates[0]));
  return fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit }));
}
