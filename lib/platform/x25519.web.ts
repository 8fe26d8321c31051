import { pow } from '@noble/curves/abstract/modular.js';
import { montgomery, type MontgomeryECDH } from '@noble/curves/abstract/montgomery.js';
import { FIELD_PRIME } from './crypto-input.ts';

/**
 * X25519 from noble's own ladder. `@noble/curves/ed25519.js` offers it ready-made, but includes a
 * second implementation of ed25519, which would add 7 kB (compressed) to a page. It derives public
 * keys from a table, three times as fast, but a connection needs only one.
 */
export const x25519: MontgomeryECDH = montgomery({
  P: FIELD_PRIME,
  type: 'x25519',
  adjustScalarBytes: clamp,
  // The exponent that inverts z: x^(p - 2).
  powPminus2: (x) => pow(x, FIELD_PRIME - 2n, FIELD_PRIME),
});

/** RFC 7748 §5, `decodeScalar25519`. */
function clamp(scalar: Uint8Array): Uint8Array {
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  return scalar;
}
